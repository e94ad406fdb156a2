//! Whole pages.

mod fit;
mod pairs;
mod trust;

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::{Boundary, PairReport, SettleBasis, Stats};
use aiperf_plugin_sdk::run::Terminal;
use aiperf_plugin_sdk::testing::{self, sample_report};
use serde_json::json;

use crate::{Config, Console, Rows, Show, render};

const SERVERS: Config = Config {
    server_metrics: Show::Yes,
    hide_zero: false,
    rows: Rows::All,
};

fn run(width: u16, color: bool) -> RunInfo {
    RunInfo {
        terminal: Terminal {
            width,
            color,
            tty: false,
        },
        ..RunInfo::default()
    }
}

fn page(report: &Report, width: u16) -> String {
    render(report, &run(width, false), &SERVERS)
}

/// Cells of the line whose name is `name`.
fn cells(page: &str, name: &str) -> Vec<String> {
    let row = |line: &str| -> Vec<String> {
        line.split('│')
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    page.lines()
        .map(row)
        .find(|row| row.first().is_some_and(|first| first == name))
        .unwrap()
}

#[test]
fn conforms() {
    testing::exporter("console");
    testing::sample_is_the_defaults::<Console>();
}

#[test]
fn server_metrics_takes_three_values() {
    let check = |value, show| {
        let config: Config = serde_json::from_value(json!({ "server_metrics": value })).unwrap();
        assert_eq!(config.server_metrics, show);
        assert_eq!(
            serde_json::to_value(&config).unwrap()["server_metrics"],
            value
        );
    };
    check(json!(true), Show::Yes);
    check(json!(false), Show::No);
    check(json!("auto"), Show::Auto);
    let options = json!({ "server_metrics": "yes" });
    let problems = testing::exporter_option_problems("console", &options);
    assert!(
        problems[0].contains("true, false or \"auto\""),
        "{problems:?}"
    );
}

#[test]
fn the_page_goes_to_standard_output() {
    let options = json!({ "server_metrics": true, "rows": "all" });
    let host = testing::export("console", &options, &run(100, false), &sample_report()).unwrap();
    assert_eq!(host.files(), ["-"]);
    assert_eq!(host.file("-").unwrap(), page(&sample_report(), 100));
}

#[test]
fn server_tables_are_shown_on_request_only() {
    for show in [Show::Auto, Show::No] {
        let config = Config {
            server_metrics: show,
            ..Config::default()
        };
        let page = render(&sample_report(), &run(100, false), &config);
        assert!(page.contains("aiperf | LLM Metrics"));
        assert!(
            !page.contains("Server Metrics") && !page.contains("VLLM | Gen"),
            "{page}"
        );
    }
}

#[test]
fn without_load_there_is_no_client_table() {
    let mut report = sample_report();
    report.llm_metrics.clear();
    report.requests = None;
    let page = page(&report, 100);
    assert!(
        !page.contains("LLM Metrics") && !page.contains("Requests  "),
        "{page}"
    );
    assert_eq!(
        render(&Report::default(), &run(100, false), &Config::default()),
        ""
    );
}

#[test]
fn the_summary_says_which_endpoints_answered() {
    let page = page(&sample_report(), 100);
    let trimmed: Vec<_> = page.lines().map(str::trim).collect();
    let start = trimmed
        .iter()
        .position(|line| line.contains("Server Metrics Summary"))
        .unwrap();
    assert_eq!(
        trimmed[start..start + 5],
        [
            "aiperf | Server Metrics Summary",
            "2/3 Server endpoints reachable",
            "• 127.0.0.1:8000 ✔",
            "• 127.0.0.1:39827/server1 ✔",
            "looked for, and not there: localhost:8081 connect_refused",
        ]
    );
}

#[test]
fn what_was_only_looked_for_is_no_failure_where_others_answer() {
    let mut report = sample_report();
    assert!(report.endpoints[2].automatic && !page(&report, 100).contains('✘'));
    report.endpoints[2].automatic = false;
    let named = "• localhost:8081 ✘ connect_refused";
    assert!(page(&report, 100).contains(named), "somebody wants it");
    report.endpoints[2].automatic = true;
    for endpoint in &mut report.endpoints {
        endpoint.reachable = false;
    }
    let text = page(&report, 100);
    assert!(
        text.contains("• localhost:8081 ✘ connect_refused"),
        "{text}"
    );
}

#[test]
fn a_server_table_is_the_documented_one() {
    let mut report = sample_report();
    let mut server = report.servers.remove(1);
    server.metrics.truncate(3);
    let report = Report {
        servers: vec![server],
        ..Report::default()
    };
    let expected = "
            127.0.0.1:39827/server1 | ai-server | server-0:8080
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━━━┳━━━━━┓
┃ Metric                   ┃   avg ┃   min ┃   max ┃   p99 ┃   p90 ┃   p50 ┃ std ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━━━╇━━━━━┩
│ CPU System Seconds (sec) │  15.4 │  10.3 │  20.5 │  20.4 │  19.5 │  15.4 │ 4.2 │
├──────────────────────────┼───────┼───────┼───────┼───────┼───────┼───────┼─────┤
│ Fan Rpm (count)          │       │       │       │       │       │       │     │
│   fan=a                  │ 1,200 │ 1,200 │ 1,200 │ 1,200 │ 1,200 │ 1,200 │   0 │
│   fan=b                  │ 1,200 │ 1,200 │ 1,200 │ 1,200 │ 1,200 │ 1,200 │   0 │
└──────────────────────────┴───────┴───────┴───────┴───────┴───────┴───────┴─────┘
";
    has_lines(&page(&report, 100), expected);
}

/// Asserts that the lines of `expected` stand one below the other in `page`, wherever they begin.
fn has_lines(page: &str, expected: &str) {
    let squeeze = |text: &str| -> Vec<String> {
        text.trim_start_matches('\n')
            .lines()
            .map(|line| line.trim().to_owned())
            .collect()
    };
    let (expected, actual) = (squeeze(expected), squeeze(page));
    let mut windows = actual.windows(expected.len());
    assert!(windows.any(|lines| lines == expected), "{page}");
}

#[test]
fn counters_have_a_second_row_whose_average_is_the_exact_rate() {
    let page = page(&sample_report(), 120);
    let tokens = page
        .lines()
        .position(|line| line.contains("Generation Tokens"))
        .unwrap();
    let rate = page.lines().nth(tokens + 1).unwrap();
    assert!(
        rate.contains("↳ per second") && rate.contains(" 217 │"),
        "{rate}"
    );
}

#[test]
fn estimates_and_unknown_values_are_marked() {
    let page = page(&sample_report(), 120);
    let ttft = cells(&page, "VLLM | Time To First Token (ms)");
    assert_eq!(
        ttft[1..],
        ["25.6", "–", "–", "~49.5", "~39.1", "~24.5", "~8.0"]
    );
    assert!(page.contains("\n~ estimated"), "{page}");
}

#[test]
fn rows_of_zeros_can_be_left_out() {
    let config = Config {
        hide_zero: true,
        ..SERVERS
    };
    let page = render(&sample_report(), &run(100, false), &config);
    assert!(!page.contains("finished_reason=abort"), "{page}");
    assert!(page.contains("finished_reason=length"), "{page}");
}

#[test]
fn the_name_of_a_scaled_unit_is_not_contradicted() {
    let mut report = sample_report();
    report.servers[1].metrics[0].stats = Stats::single(Some(0.5));
    let page = page(&report, 160);
    assert!(page.contains("│ CPU System (ms) "), "{page}");
    assert!(page.contains("│ Benchmark Duration (sec) "), "{page}");
}

#[test]
fn what_people_look_at_first_is_shown_and_the_rest_counted() {
    let config = Config {
        server_metrics: Show::Yes,
        ..Config::default()
    };
    let page = render(&sample_report(), &run(120, false), &config);
    let at = |name: &str| page.find(&format!("│ {name}"));
    let order = [
        "VLLM | Num Requests Running",
        "VLLM | Generation Tokens",
        "VLLM | Time To First Token",
        "VLLM | GPU Cache Usage",
        "Process Resident Memory",
    ]
    .map(at);
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{order:?}\n{page}"
    );
    for idle in ["Process Open FDS", "finished_reason=abort", "Fan Rpm"] {
        assert!(!page.contains(idle), "{idle}\n{page}");
    }
    assert!(
        page.contains("\n2 more in the files (runtime, constants"),
        "{page}"
    );
}

//! Whole pages.

mod sample;

use aiperf_plugin_sdk::hosting::builtin_factories;
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::{Boundary, SettleBasis};
use aiperf_plugin_sdk::run::Terminal;
use aiperf_plugin_sdk::testing::{self, FakeHost};
use serde_json::json;

use crate::{Config, Console, Show, render};

const SERVERS: Config = Config {
    server_metrics: Show::Yes,
    hide_zero: false,
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
}

#[test]
fn the_sample_is_the_defaults() {
    let sample: Config = toml::from_str(Console::SAMPLE).unwrap();
    assert_eq!(sample, Config::default());
    assert_eq!(
        serde_json::from_str::<Config>("{}").unwrap(),
        Config::default()
    );
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
    let errors = builtin_factories()
        .remove(0)
        .validate(&json!({ "server_metrics": "yes" }));
    assert!(
        errors[0].message.contains("true, false or \"auto\""),
        "{}",
        errors[0]
    );
}

#[test]
fn the_page_goes_to_standard_output() {
    let host = FakeHost::new();
    let options = json!({ "server_metrics": true });
    let factory = builtin_factories().remove(0);
    let mut exporter = factory.open_exporter(&options, host.services()).unwrap();
    exporter.begin(&run(100, false)).unwrap();
    exporter.finish(&sample::report()).unwrap();
    assert_eq!(host.files(), ["-"]);
    assert_eq!(host.file("-").unwrap(), page(&sample::report(), 100));
}

#[test]
fn server_tables_are_shown_on_request_only() {
    for show in [Show::Auto, Show::No] {
        let config = Config {
            server_metrics: show,
            hide_zero: false,
        };
        let page = render(&sample::report(), &run(100, false), &config);
        assert!(page.contains("aiperf | LLM Metrics"));
        assert!(
            !page.contains("Server Metrics") && !page.contains("VLLM"),
            "{page}"
        );
    }
}

#[test]
fn without_load_there_is_no_client_table() {
    let mut report = sample::report();
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
    let page = page(&sample::report(), 100);
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
            "• localhost:8081 ✘ connect_refused",
        ]
    );
}

#[test]
fn a_server_table_is_the_documented_one() {
    let mut report = sample::report();
    report.servers.remove(0);
    report.llm_metrics.clear();
    let page = page(&report, 100);
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
    let squeeze =
        |text: &str| -> Vec<String> { text.lines().map(|line| line.trim().to_owned()).collect() };
    let expected = squeeze(expected.trim_start_matches('\n'));
    let actual = squeeze(&page);
    assert!(
        actual
            .windows(expected.len())
            .any(|lines| lines == expected),
        "{page}"
    );
}

#[test]
fn counters_have_a_second_row_whose_average_is_the_exact_rate() {
    let page = page(&sample::report(), 120);
    let tokens = page
        .lines()
        .position(|line| line.contains("Generation Tokens"))
        .unwrap();
    let rate = page.lines().nth(tokens + 1).unwrap();
    assert!(
        rate.contains("↳ per second") && rate.contains(" 586 │"),
        "{rate}"
    );
}

#[test]
fn estimates_and_unknown_values_are_marked() {
    let page = page(&sample::report(), 120);
    let ttft = cells(&page, "VLLM | Time To First Token Seconds (ms)");
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
    let page = render(&sample::report(), &run(100, false), &config);
    assert!(!page.contains("finished_reason=abort"), "{page}");
    assert!(page.contains("finished_reason=length"), "{page}");
}

#[test]
fn no_width_breaks_a_line_or_a_number() {
    let report = sample::report();
    for width in 40..200 {
        let page = page(&report, width);
        for line in page.lines() {
            assert!(
                console::measure_text_width(line) <= usize::from(width),
                "{width}: {line}"
            );
        }
        let memory = page
            .lines()
            .find(|line| line.contains("│ Process Resident"));
        assert!(memory.unwrap().contains(" 157 │"), "{width}: {page}");
    }
}

#[test]
fn usual_terminals_show_all_seven_and_narrow_ones_say_what_they_do_not() {
    let has = |width: u16, text: &str| page(&sample::report(), width).contains(text);
    assert!(has(80, " std ┃") && !has(80, "no room"));
    assert!(has(60, "no room for min, p90, std: see the files"));
    assert!(has(40, " avg ┃") && has(40, " p50 ┃"));
}

#[test]
fn colour_is_the_hosts_decision_and_changes_no_text() {
    let config = SERVERS;
    let plain = render(&sample::report(), &run(100, false), &config);
    let colored = render(&sample::report(), &run(100, true), &config);
    assert!(!plain.contains('\x1b') && colored.contains('\x1b'));
    assert_eq!(console::strip_ansi_codes(&colored), plain);
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_a_command() {
    let hostile = "\x1b]0;owned\x07\r\n\u{202e}\u{9b}31m";
    let mut report = sample::report();
    report.warnings[0].message = hostile.to_owned();
    report.warnings[0].remedy = hostile.to_owned();
    report.endpoints[0].display = hostile.to_owned();
    report.endpoints[2].disabled = Some(hostile.to_owned());
    report.phases[0].name = hostile.to_owned();
    report.requests.as_mut().unwrap().errors[0].example = hostile.to_owned();
    report.llm_metrics[0].display_name = hostile.to_owned();
    report.llm_metrics[0].unit = hostile.to_owned();
    let server = &mut report.servers[0];
    server.endpoint_display = hostile.to_owned();
    server.metadata.instance = hostile.to_owned();
    server.metrics[0].key = hostile.to_owned();
    server.metrics[0].unit = hostile.to_owned();
    for metric in &mut server.metrics[6..8] {
        metric
            .labels
            .insert(hostile.to_owned(), format!("{hostile}{}", metric.key));
    }
    let info = RunInfo {
        artifact_dir: hostile.to_owned(),
        ..run(100, false)
    };
    let page = render(&report, &info, &SERVERS);
    let bad = |c: &char| *c != '\n' && (c.is_control() || *c == '\u{202e}');
    assert_eq!(page.chars().find(bad), None);
    assert_eq!(
        page.matches("owned").count() - page.matches("u{1b}]0;owned").count(),
        0
    );
}

#[test]
fn counters_that_are_not_final_are_named() {
    let mut report = sample::report();
    let settle = &mut report.phases[1].settle[0];
    (settle.settled, settle.basis) = (false, SettleBasis::Unequal);
    let page = page(&report, 160);
    let expected =
        "✘ server counters not final: 127.0.0.1:8000 (differs from what the clients saw)";
    let unwrapped = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains(expected), "{page}");
}

#[test]
fn a_seamless_phase_claims_no_exactness() {
    let mut report = sample::report();
    report.phases[1].boundary = Boundary::Seamless;
    report.phases[1].in_flight_at_start = 10;
    let page = page(&report, 160);
    assert!(
        page.contains("took over 10 in flight, so server totals are not exact"),
        "{page}"
    );
}

#[test]
fn warnings_come_with_their_remedy_and_files_with_their_folder() {
    let info = RunInfo {
        artifact_dir: "artifacts/run".to_owned(),
        ..run(100, false)
    };
    let page = render(&sample::report(), &info, &SERVERS);
    assert!(
        page.contains("\n⚠ http://localhost:8081/metrics: none of 17 scrapes"),
        "{page}"
    );
    assert!(
        page.contains("\n  → check that the server listens there"),
        "{page}"
    );
    assert!(page.ends_with("\nFiles     artifacts/run\n"), "{page}");
}

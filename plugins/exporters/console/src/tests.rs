//! Whole pages.

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
            "• localhost:8081 ✘ connect_refused",
        ]
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
fn no_width_breaks_a_line_or_a_number() {
    let report = sample_report();
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
    let has = |width: u16, text: &str| page(&sample_report(), width).contains(text);
    assert!(has(80, " std ┃") && !has(80, "no room"));
    assert!(has(60, "no room for min, p90, std"));
    assert!(has(40, " avg ┃") && has(40, " p50 ┃"));
}

#[test]
fn colour_is_the_hosts_decision_and_changes_no_text() {
    let config = SERVERS;
    let plain = render(&sample_report(), &run(100, false), &config);
    let colored = render(&sample_report(), &run(100, true), &config);
    assert!(!plain.contains('\x1b') && colored.contains('\x1b'));
    assert_eq!(console::strip_ansi_codes(&colored), plain);
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_a_command() {
    let hostile = "\x1b]0;owned\x07\r\n\u{202e}\u{9b}31m";
    let mut report = sample_report();
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
    server.metrics[1].note = hostile.to_owned();
    for metric in &mut server.metrics[6..8] {
        metric
            .labels
            .insert(hostile.to_owned(), format!("{hostile}{}", metric.key));
    }
    report.pairs[0].display_name = hostile.to_owned();
    report.pairs[0].causes[0].message = hostile.to_owned();
    report.aggregates[0].key = hostile.to_owned();
    report.endpoints[0].last_error.as_mut().unwrap().message = hostile.to_owned();
    let page = page(&report, 100);
    let bad = |c: &char| *c != '\n' && (c.is_control() || *c == '\u{202e}');
    assert_eq!(page.chars().find(bad), None);
    assert_eq!(
        page.matches("owned").count() - page.matches("u{1b}]0;owned").count(),
        0
    );
}

#[test]
fn counters_that_are_not_final_are_named() {
    let mut report = sample_report();
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
    let mut report = sample_report();
    report.phases[1].boundary = Boundary::Seamless;
    report.phases[1].in_flight_at_start = 10;
    let page = page(&report, 160);
    assert!(
        page.contains("took over 10 in flight, so server totals are not exact"),
        "{page}"
    );
}

#[test]
fn warnings_come_with_their_remedy() {
    let page = page(&sample_report(), 100);
    assert!(
        page.contains("\n⚠ http://localhost:8081/metrics: none of 17 scrapes"),
        "{page}"
    );
    assert!(
        page.contains("\n  → check that the server listens there"),
        "{page}"
    );
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

#[test]
fn scrapes_are_accounted_for() {
    let page = page(&sample_report(), 120);
    let row = cells(&page, "127.0.0.1:8000");
    assert_eq!(row[1..], ["32", "30", "1", "1", "2", "2.50", "9.75"]);
    assert!(
        page.contains("│   ↳ error: timeout: no answer within"),
        "{page}"
    );
}

/// The page from the table of pairs on.
fn pairs_of(report: &Report) -> String {
    let page = page(report, 100);
    let pairs = page.split("Client Beside Server").nth(1).unwrap();
    pairs.to_owned()
}

#[test]
fn pairs_show_difference_and_cause() {
    let pairs = pairs_of(&sample_report());
    assert!(pairs.contains("│ vllm engine: 127.0.0.1:8000 "), "{pairs}");
    assert_eq!(
        cells(&pairs, "Time to First Token (ms)")[1..],
        ["3.83", "3.38", "+0.450", "+13"]
    );
    assert_eq!(cells(&pairs, "p50")[1..], ["2.68", "~2.40"]);
    assert_eq!(cells(&pairs, "p99")[1..], ["11.26", "11.00"]);
    assert_eq!(
        cells(&pairs, "Output Tokens (tokens)")[1..],
        ["3,136", "3,136", "equal"]
    );
    assert_eq!(cells(&pairs, "↳ network and client")[1..], ["+0.450"]);
    assert!(
        pairs.contains("\n↳ network and client: time between the server's clock and ours"),
        "{pairs}"
    );
}

#[test]
fn parts_counts_and_errors_stand_below_what_they_are_about() {
    let mut report = sample_report();
    let whole = report.pairs[0].clone();
    report.pairs[0].client_n = Some(10.0);
    report.pairs[0].server_n = Some(250.0);
    report.pairs[0].server_sampling_error = Some(0.25);
    report.pairs.push(PairReport {
        display_name: "Queue Time".to_owned(),
        part_of: Some(whole.name.clone()),
        client: Stats::default(),
        server: Stats::single(Some(1.5)),
        difference: None,
        causes: Vec::new(),
        ..whole
    });
    let pairs = pairs_of(&report);
    let below = pairs.split("Output Tokens").next().unwrap();
    assert_eq!(cells(below, "n")[1..], ["10", "250"]);
    assert_eq!(cells(below, "± (95 %)")[1..], ["0.250"]);
    assert_eq!(cells(below, "of it Queue Time")[1..], ["1.50"]);
}

#[test]
fn servers_that_saw_nothing_take_one_line() {
    let mut report = sample_report();
    let mut idle = report.pairs.clone();
    for pair in &mut idle {
        pair.software = "other".to_owned();
        (pair.server, pair.server_n) = (Stats::single(None), Some(0.0));
    }
    (idle[1].server, idle[1].server_n) = (Stats::single(Some(0.0)), Some(25.0));
    report.pairs.append(&mut idle);
    let pairs = pairs_of(&report);
    let other = pairs.split("other engine: ").nth(1).unwrap();
    let row = other.lines().nth(1).unwrap();
    assert!(row.contains("saw none of these requests"), "{pairs}");
    assert_eq!(
        pairs.matches("Output Tokens (tokens)").count(),
        1,
        "{pairs}"
    );
}

#[test]
fn nobody_is_told_why_a_thousandth_is_missing() {
    let mut report = sample_report();
    report.pairs[0].difference = Some(0.001);
    report.pairs[0].causes[0].amount = Some(0.001);
    let pairs = pairs_of(&report);
    assert!(!pairs.contains("network and client"), "{pairs}");
}

#[test]
fn servers_stand_together_with_how_they_were_combined() {
    let page = page(&sample_report(), 120);
    assert!(page.contains("All Servers Together"), "{page}");
    let row = cells(&page, "HTTP Requests (count), sum of 2");
    assert_eq!(row[1], "157");
}

#[test]
fn wide_bounds_stand_below_estimates() {
    let page = page(&sample_report(), 120);
    let ttft = page.split("VLLM | Time To First Token").nth(1).unwrap();
    assert_eq!(cells(ttft, "↳ between")[1..], ["≥ 50", "25–50", "0–25"]);
}

#[test]
fn what_is_unknown_says_why() {
    let page = page(&sample_report(), 100);
    assert!(page.contains("│   ↳ bucket layout changed"), "{page}");
}

#[test]
fn the_run_over_time_is_one_curve_per_metric() {
    let page = page(&sample_report(), 100);
    assert!(
        page.contains("aiperf | 3 Time Slices of 5 s, the last one cut short"),
        "{page}"
    );
    let curves = page.split("Time Slices").nth(1).unwrap();
    assert_eq!(
        cells(curves, "Time to First Token (ms)")[1..],
        ["▅▇█", "3.10", "4.70"]
    );
    for width in [40, 60, 80] {
        assert!(
            self::page(&sample_report(), width).contains("▅▇█"),
            "{width}"
        );
    }
}

#[test]
fn long_runs_have_short_curves() {
    let mut report = sample_report();
    report.slices = (0..1000)
        .flat_map(|_| report.slices[..1].to_vec())
        .collect();
    let page = page(&report, 80);
    let curve = page.lines().find(|line| line.contains('█')).unwrap();
    assert!(curve.matches('█').count() <= 32, "{curve}");
}

#[test]
fn a_tool_that_fell_behind_says_so_aloud() {
    let mut report = sample_report();
    let calm = page(&report, 100);
    assert!(
        calm.contains("\nTool      send delay 0.08 ms (p99 1.10)"),
        "{calm}"
    );
    assert!(!calm.contains("FELL BEHIND"), "{calm}");
    report.client_health.as_mut().unwrap().degraded = true;
    assert!(page(&report, 100).contains("\n✘ THE TOOL ITSELF FELL BEHIND"));
}

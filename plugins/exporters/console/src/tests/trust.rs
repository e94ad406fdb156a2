//! What makes numbers less than they seem.

use super::*;

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
fn scrapes_are_accounted_for() {
    let page = page(&sample_report(), 120);
    let row = cells(&page, "127.0.0.1:8000");
    assert_eq!(row[1..], ["32", "30", "1", "1", "2", "2.50", "9.75"]);
    assert!(
        page.contains("│   ↳ error: timeout: no answer within"),
        "{page}"
    );
}

/// However narrow the terminal and however short the names.
#[test]
fn errors_of_scrapes_have_the_whole_width() {
    let mut endpoint = sample_report().endpoints.remove(0);
    endpoint.display = "gpu-1".to_owned();
    endpoint.reachable = false;
    endpoint.scrape_metrics.clear();
    let error = endpoint.last_error.as_mut().unwrap();
    error.message = "no answer within 500 ms; the server is up, and its page is slow".to_owned();
    endpoint.first_error = endpoint.last_error.clone();
    let report = Report {
        endpoints: vec![endpoint],
        ..Report::default()
    };
    let expected = "
        ┏━━━━━━━━━━┳━━━━━━┳━━━━━━━━┳━━━━━━━━━┳━━━━━━┳━━━━━━━━┓
        ┃ Scrapes  ┃ done ┃ failed ┃ skipped ┃ late ┃ max ms ┃
        ┡━━━━━━━━━━╇━━━━━━╇━━━━━━━━╇━━━━━━━━━╇━━━━━━╇━━━━━━━━┩
        │ gpu-1    │   30 │      1 │       1 │    2 │   9.75 │
        │   ↳ error: timeout: no answer within 500 ms; the   │
        │     server is up, and its page is slow             │
        └──────────┴──────┴────────┴─────────┴──────┴────────┘
";
    has_lines(&page(&report, 60), expected.trim_end());
}

/// A plugin may have nothing but what belongs to a runtime.
#[test]
fn where_every_metric_is_left_out_there_is_no_empty_table() {
    let mut report = sample_report();
    report.servers.truncate(1);
    let server = &mut report.servers[0];
    server.metrics.truncate(1);
    server.metrics[0].name = "python_gc_objects".to_owned();
    server.metrics[0].key = "python_gc_objects".to_owned();
    let page = |report: &Report| {
        let config = Config {
            rows: Rows::Main,
            ..SERVERS
        };
        let page = render(report, &run(100, false), &config);
        let (_, tables) = page.split_once("All Servers Together").unwrap();
        let mut blocks = tables.split("\n\n").skip(1);
        blocks.next().unwrap().trim_start().to_owned()
    };
    let expected = "127.0.0.1:8000\n\
        all 1 metrics are in the files (runtime, constants, what nothing happened to); `rows = \"all\"`\n  \
        in `[exporters.console.options]` shows them";
    assert_eq!(page(&report), expected);
    report.servers[0].metrics.clear();
    assert_eq!(page(&report), "127.0.0.1:8000\nno metrics");
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

//! Clients beside servers, servers together, the run over time.

use super::*;

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

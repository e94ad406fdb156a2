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

//! What stands after the metrics.

use super::*;

#[test]
fn the_run_stands_after_the_metrics() {
    let report = sample_report();
    let phase = &section(&report, "# Phases")[1];
    let names = [
        "phase",
        "kind",
        "sent",
        "done",
        "failed",
        "cancelled",
        "cached_tokens",
    ];
    assert_eq!(
        named(phase, names),
        ["profiling", "profiling", "100", "98", "2", "0", ""]
    );
    let error = &section(&report, "# Request Errors")[0];
    let example = "500 Internal Server Error: {\"error\":\"out of blocks\"}";
    let names = ["phase", "class", "count", "example"];
    assert_eq!(named(error, names), ["profiling", "http_500", "2", example]);
    let settle = &section(&report, "# Settling")[0];
    let names = ["phase", "settled", "basis", "wait_ms", "scrapes"];
    assert_eq!(
        named(settle, names),
        ["warmup", "true", "equal", "12.5", "2"]
    );
    let warning = &section(&report, "# Warnings")[0];
    assert_eq!(named(warning, ["code"]), ["endpoint_unreachable"]);
}

#[test]
fn scrapes_are_accounted_for_by_endpoint() {
    let report = sample_report();
    let endpoints = section(&report, "# Endpoints");
    let names = [
        "reachable",
        "due",
        "done",
        "failed",
        "skipped",
        "late",
        "latency_max_ms",
    ];
    assert_eq!(
        named(&endpoints[0], names),
        ["true", "32", "30", "1", "1", "2", "9.75"]
    );
    assert_eq!(named(&endpoints[1], ["labels"]), ["rack=\"r 1\""]);
    let names = [
        "url",
        "automatic",
        "latency_avg_ms",
        "first_error",
        "last_error",
        "labels",
    ];
    let refused = "connect_refused: connection refused";
    let expected = [
        "http://localhost:8081/metrics",
        "true",
        "",
        refused,
        refused,
        "",
    ];
    assert_eq!(named(&endpoints[2], names), expected);
}

#[test]
fn what_is_known_of_scrapes_has_the_columns_of_metrics() {
    let rows = section(&sample_report(), "# Scrape Metrics");
    assert_eq!(rows.len(), 4);
    let shown = named(
        &rows[1],
        ["url", "Metric", "avg", "min", "unit", "type", "n"],
    );
    let expected = [
        "http://127.0.0.1:8000/metrics",
        "up",
        "0.96",
        "0.0",
        "count",
        "gauge",
        "30",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn pairs_stand_with_difference_and_causes() {
    let report = sample_report();
    let pairs = section(&report, "# Client Beside Server");
    let names = [
        "pair",
        "unit",
        "client_avg",
        "server_avg",
        "difference",
        "server_p50_upper",
    ];
    let expected = ["time_to_first_token", "ms", "3.83", "3.38", "0.45", "5.0"];
    assert_eq!(named(&pairs[0], names), expected);
    let cause = &section(&report, "# Causes of Differences")[0];
    let names = ["pair", "code", "amount", "unit"];
    let expected = ["time_to_first_token", "network_and_client", "0.45", "ms"];
    assert_eq!(named(cause, names), expected);
}

#[test]
fn aggregates_have_the_columns_of_metrics() {
    let report = sample_report();
    let aggregate = &section(&report, "# Aggregates")[0];
    let names = ["Metric", "type", "total", "combine", "servers"];
    let expected = [
        "http_requests",
        "counter",
        "116.0",
        "sum",
        "server-0 server-1",
    ];
    assert_eq!(named(aggregate, names), expected);
}

#[test]
fn the_tool_says_how_far_it_can_be_trusted() {
    let report = sample_report();
    let health = section(&report, "# Tool Health");
    assert_eq!(
        named(&health[0], ["quantity", "avg", "p99"]),
        ["send_delay_ms", "0.12", "1.1"]
    );
    assert_eq!(
        row(&report, "busiest_thread_percent")[..3],
        ["busiest_thread_percent", "9.25", ""]
    );
    assert_eq!(row(&report, "degraded"), ["degraded", "false"]);
}

#[test]
fn sections_without_rows_are_left_out() {
    let text = text(&Report::default());
    assert_eq!(text.lines().count(), 1, "{text}");
}

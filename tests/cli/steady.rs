//! The steady state of a real run, against the lines of its requests.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

/// Begin and end of each request in wall nanoseconds.
fn spans(lines: &[Value]) -> Vec<(i64, i64)> {
    let span = |line: &Value| {
        let start = line["request_start_ns"].as_i64().expect("a start");
        let ms = line["request_duration_ms"].as_f64().expect("a duration");
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a test")]
        let ns = (ms * 1e6).round() as i64;
        (start, start + ns)
    };
    lines.iter().map(span).collect()
}

/// Mean number of requests in flight between two moments.
fn average(spans: &[(i64, i64)], from: i64, to: i64) -> f64 {
    let inside = |(start, end): &(i64, i64)| ((*end).min(to) - (*start).max(from)).max(0);
    spans.iter().map(inside).sum::<i64>() as f64 / (to - from) as f64
}

/// The most that are in flight at the beginning of any.
fn most(spans: &[(i64, i64)]) -> usize {
    let at = |moment: i64| {
        let inside = |(start, end): &&(i64, i64)| (*start..*end).contains(&moment);
        spans.iter().filter(inside).count()
    };
    spans.iter().map(|(start, _)| at(*start)).max().unwrap_or(0)
}

#[test]
fn the_plateau_is_what_the_lines_of_the_requests_say() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let line = format!(
        "profile --url {} --concurrency 4 --concurrency-ramp-duration 300ms --request-count 80 \
         --osl 8 --ui none --no-server-metrics --artifact-dir out",
        sim.url()
    );
    let ran = context.succeed(&line.split(' ').collect::<Vec<_>>());
    let report = context.json("out/aiperf.json");
    let lines = context.json_lines("out/profile_export.jsonl");
    let spans = spans(&lines);
    let steady = &report["steady_state"];
    assert!(steady.get("note").is_none(), "{steady}");
    let moment = |name: &str| steady[name].as_i64().expect(name);
    let (from, to) = (moment("start_ns"), moment("end_ns"));
    assert_eq!(Some(to), spans.iter().map(|(start, _)| *start).max());
    // Before it three slots are in flight at most; the fourth one begins it.
    assert!(spans.iter().any(|(start, _)| *start == from), "{steady}");
    let before: Vec<_> = spans
        .iter()
        .copied()
        .filter(|(start, _)| *start < from)
        .collect();
    assert!(most(&before) < 4);
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().expect("a number");
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    };
    close(&steady["concurrency"], average(&spans, from, to));
    let seconds = (to - from) as f64 / 1e9;
    close(&steady["duration_seconds"], seconds);
    let ended = spans
        .iter()
        .filter(|(_, end)| (from..=to).contains(end))
        .count();
    assert_eq!(steady["requests"]["done"], ended);
    let metrics = &steady["llm_metrics"];
    assert_eq!(metrics["request_latency"]["n"], ended);
    close(
        &metrics["request_throughput"]["avg"],
        ended as f64 / seconds,
    );
    assert!(metrics["request_latency"]["p95"].is_number());

    let concurrency = &report["concurrency"];
    assert_eq!(concurrency["max"], most(&spans));
    let phase = &report["phases"][0];
    let window = ["start_ns", "end_ns"].map(|name| phase[name].as_i64().expect(name));
    close(&concurrency["avg"], average(&spans, window[0], window[1]));
    let first = &concurrency["series"][0];
    assert_eq!(first["start_ns"], window[0]);
    close(
        &first["avg"],
        average(&spans, window[0], window[0] + 100_000_000),
    );

    assert!(
        ran.stdout.contains("In flight") && ran.stdout.contains("Steady"),
        "{}",
        ran.stdout
    );
    let csv = context.read("out/metrics.csv");
    for title in [
        "# Steady State\n",
        "# Steady State Metrics\n",
        "# Concurrency Over Time\n",
    ] {
        assert!(csv.contains(title), "{title}");
    }
    let again = context
        .succeed(&["report", "out", "--format", "json"])
        .stdout;
    assert_eq!(again, context.read("out/aiperf.json"));
}

#[test]
fn a_burst_has_no_steady_state_and_says_so() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let line = format!(
        "profile --url {} --concurrency 4 --request-count 4 --osl 8 --ui none --no-server-metrics \
         --artifact-dir out",
        sim.url()
    );
    let ran = context.succeed(&line.split(' ').collect::<Vec<_>>());
    let steady = &context.json("out/aiperf.json")["steady_state"];
    assert_eq!(steady["note"], "too_short");
    assert!(steady["start_ns"].is_null() && steady["requests"].is_null());
    let said = "at no time: load ended before";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
}

//! What the clients saw.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{named, stats};
use crate::report::{
    ClientMetric, ConcurrencyPoint, ConcurrencyReport, ErrorClass, FamilyCheck, GoodputLimit,
    GoodputReport, Percentiles, PhaseReport, RequestTotals, SettleBasis, SettleReport, Stats,
    SteadyReport, ValueBounds,
};
use crate::run::PhaseKind;

/// First send, wall nanoseconds.
pub(super) const START_NS: i64 = 1_736_240_731_234_000_000;
/// Requests that ended in each slice.
const DONE_BY_SLICE: [u64; 3] = [36, 34, 28];

fn metric(display_name: &str, unit: &str, n: u64, stats: Stats) -> ClientMetric {
    ClientMetric {
        stats,
        unit: unit.to_owned(),
        n,
        display_name: display_name.to_owned(),
        ..ClientMetric::default()
    }
}

pub(super) fn metrics() -> IndexMap<String, ClientMetric> {
    let first_token = stats([3.83, 2.05, 12.84, 11.26, 6.57, 2.68, 2.17]);
    let latency = stats([8.12, 4.27, 44.27, 34.73, 12.38, 5.95, 6.02]);
    let single = |value| Stats::single(Some(value));
    let tokens = stats([32.0, 32.0, 32.0, 32.0, 32.0, 32.0, 0.0]);
    let first_token = ClientMetric {
        percentiles: Percentiles {
            p1: Some(2.07),
            p5: Some(2.19),
            p10: Some(2.28),
            p25: Some(2.43),
            p75: Some(4.41),
            p95: Some(8.96),
            p99_9: Some(12.68),
        },
        confidence_intervals: intervals(),
        ..metric("Time to First Token", "ms", 98, first_token)
    };
    named([
        ("time_to_first_token", first_token),
        (
            "request_latency",
            metric("Request Latency", "ms", 98, latency),
        ),
        (
            "output_sequence_length",
            metric("Output Sequence Length", "tokens", 98, tokens),
        ),
        (
            "output_token_throughput",
            metric("Output Token Throughput", "tokens/sec", 1, single(217.11)),
        ),
        (
            "request_throughput",
            metric("Request Throughput", "requests/sec", 1, single(6.7848)),
        ),
        (
            "benchmark_duration",
            metric("Benchmark Duration", "sec", 1, single(14.444)),
        ),
    ])
}

/// Of 98 values: too few for the upper end of the 99th percentile.
fn intervals() -> BTreeMap<String, ValueBounds> {
    let bounds = |lower, upper| ValueBounds { lower, upper };
    let all = [
        ("p50", bounds(Some(2.57), Some(3.02))),
        ("p90", bounds(Some(5.18), Some(9.21))),
        ("p99", bounds(Some(9.87), None)),
    ];
    named(all).into_iter().collect()
}

pub(super) fn metrics_of_slice(index: usize) -> IndexMap<String, ClientMetric> {
    let n = DONE_BY_SLICE[index];
    let seconds = [5.0, 5.0, 4.444][index];
    let first_token = [3.1, 3.9, 4.7][index];
    let throughput = Stats::single(Some(n as f64 / seconds));
    named([
        (
            "time_to_first_token",
            metric(
                "Time to First Token",
                "ms",
                n,
                Stats::single(Some(first_token)),
            ),
        ),
        (
            "request_throughput",
            metric("Request Throughput", "requests/sec", 1, throughput),
        ),
    ])
}

pub(super) fn totals() -> RequestTotals {
    RequestTotals {
        sent: 100,
        done: 98,
        failed: 2,
        cancelled: 0,
        prompt_tokens: Some(14_292),
        completion_tokens: Some(3_136),
        cached_tokens: None,
        errors: vec![ErrorClass {
            class: "http_500".to_owned(),
            count: 2,
            example: "500 Internal Server Error: {\"error\":\"out of blocks\"}".to_owned(),
        }],
    }
}

pub(super) fn goodput() -> GoodputReport {
    let limit = |metric: &str, limit, missed| GoodputLimit {
        metric: metric.to_owned(),
        at_most: true,
        limit,
        missed,
    };
    GoodputReport {
        good: 89,
        judged: 100,
        limits: vec![
            limit("time_to_first_token", 7.5, 8),
            limit("request_latency", 30.0, 3),
        ],
    }
}

pub(super) fn concurrency() -> ConcurrencyReport {
    let point = |seconds: i64, avg, max| ConcurrencyPoint {
        start_ns: START_NS + seconds * 1_000_000_000,
        avg,
        max,
    };
    ConcurrencyReport {
        avg: Some(9.73),
        max: 10,
        interval_seconds: 5.0,
        series: vec![point(0, 9.86, 10), point(5, 9.98, 10), point(10, 9.3, 10)],
        ..ConcurrencyReport::default()
    }
}

pub(super) fn steady_state() -> SteadyReport {
    SteadyReport {
        start_ns: Some(START_NS + 100_000_000),
        end_ns: Some(START_NS + 14_400_000_000),
        duration_seconds: Some(14.3),
        concurrency: Some(9.94),
        requests: Some(RequestTotals {
            sent: 90,
            done: 88,
            failed: 2,
            ..RequestTotals::default()
        }),
        llm_metrics: metrics_of_slice(0),
        ..SteadyReport::default()
    }
}

pub(super) fn totals_of_slice(index: usize) -> RequestTotals {
    RequestTotals {
        sent: [46, 34, 20][index],
        done: DONE_BY_SLICE[index],
        failed: [2, 0, 0][index],
        completion_tokens: Some(DONE_BY_SLICE[index] * 32),
        ..RequestTotals::default()
    }
}

pub(super) fn phases() -> Vec<PhaseReport> {
    let warmup = RequestTotals {
        sent: 10,
        done: 10,
        ..RequestTotals::default()
    };
    let warmup = PhaseReport {
        kind: PhaseKind::Warmup,
        ..phase("warmup", 0.53, warmup)
    };
    vec![warmup, phase("profiling", 14.444, totals())]
}

fn phase(name: &str, seconds: f64, requests: RequestTotals) -> PhaseReport {
    let check = FamilyCheck {
        family: "vllm:request_success".to_owned(),
        expected: requests.done as f64,
        seen: requests.done as f64,
    };
    let settle = SettleReport {
        endpoint: "http://127.0.0.1:8000/metrics".to_owned(),
        settled: true,
        basis: SettleBasis::Equal,
        wait_ms: 12.5,
        scrapes: 2,
        families: vec![check],
    };
    PhaseReport {
        name: name.to_owned(),
        start_ns: START_NS,
        end_ns: START_NS + 14_444_000_000,
        duration_seconds: seconds,
        requests: Some(requests),
        settle: vec![settle],
        ..PhaseReport::default()
    }
}

//! A vLLM server.

use std::collections::BTreeMap;

use super::servers::{gauge, series};
use super::{bounds, stats};
use crate::MetricKind;
use crate::report::{
    BoundScope, Bucket, Estimator, MetricReport, MetricSlice, ServerReport, Stats, ValueBounds,
};

pub(super) fn server() -> ServerReport {
    let memory = [1.57e11, 1.54e11, 1.58e11, 1.58e11, 1.58e11, 1.57e11, 1.63e9];
    let fds = [331.0, 331.0, 331.0, 331.0, 331.0, 331.0, 0.0];
    let cache = [0.2656, 0.0008, 0.5089, 0.5, 0.48, 0.27, 0.2472];
    let mut metrics = vec![
        gauge("process_open_fds", "count", fds),
        gauge("process_resident_memory_bytes", "bytes", memory),
        tokens(),
        gauge("vllm:gpu_cache_usage_perc", "%", cache),
        running(),
    ];
    metrics.extend(successes());
    metrics.push(first_token());
    metrics.push(prefill());
    ServerReport {
        endpoint_url: "http://127.0.0.1:8000/metrics".to_owned(),
        endpoint_display: "127.0.0.1:8000".to_owned(),
        server_id: "server-0".to_owned(),
        metrics,
        ..ServerReport::default()
    }
}

fn counter(family: MetricReport, total: f64, rates: Stats) -> MetricReport {
    MetricReport {
        name: format!("{}_total", family.key),
        kind: MetricKind::Counter,
        total: Some(total),
        rate: rates.avg.map(|avg| avg - 0.25),
        rates: Some(rates),
        resets: Some(0),
        longest_gap: None,
        ..family
    }
}

fn slices(slice: impl Fn(u32) -> MetricSlice) -> Vec<MetricSlice> {
    (0..3)
        .map(|index| MetricSlice {
            slice: index,
            ..slice(index)
        })
        .collect()
}

fn running() -> MetricReport {
    let seven = [9.3, 1.0, 10.0, 10.0, 10.0, 10.0, 1.4];
    MetricReport {
        sampling_error: Some(0.21),
        missing: 1,
        slices: slices(|index| MetricSlice {
            stats: stats(seven.map(|value: f64| value - f64::from(index))),
            n: 10,
            ..MetricSlice::default()
        }),
        ..gauge("vllm:num_requests_running", "count", seven)
    }
}

fn tokens() -> MetricReport {
    let seven = [1842.0, 320.0, 3456.0, 3440.1, 3120.0, 1810.0, 1021.4];
    let rates = stats([217.36, 0.0, 402.0, 380.0, 301.0, 198.3, 112.7]);
    MetricReport {
        slices: slices(|index| MetricSlice {
            total: Some(1100.0 - 50.0 * f64::from(index)),
            rate: Some(220.0 - 10.0 * f64::from(index)),
            ..MetricSlice::default()
        }),
        ..counter(
            gauge("vllm:generation_tokens", "tokens", seven),
            3136.0,
            rates,
        )
    }
}

/// The sum and its two series, one of which nothing happened to.
fn successes() -> [MetricReport; 3] {
    let seven = [57.6, 10.0, 108.0, 107.5, 97.5, 56.6, 31.9];
    let rates = stats([18.58, 0.0, 40.0, 39.0, 36.0, 18.0, 9.5]);
    let sum = MetricReport {
        sum_over_series: true,
        ..counter(gauge("vllm:request_success", "count", seven), 98.0, rates)
    };
    let zero = MetricReport {
        stats: stats([0.0; 7]),
        rates: Some(stats([0.0; 7])),
        rate: Some(0.0),
        total: Some(0.0),
        ..sum.clone()
    };
    let abort = [("finished_reason", "abort"), ("model", "mock")];
    let length = [("finished_reason", "length"), ("model", "mock")];
    [
        sum.clone(),
        series(&zero, abort, "abort"),
        series(&sum, length, "length"),
    ]
}

fn first_token() -> MetricReport {
    let known = stats([0.0256, 0.0, 0.0, 0.0495, 0.0391, 0.0245, 0.008]);
    let bucket = |le: &str, count| Bucket {
        le: le.to_owned(),
        count,
    };
    let open = ValueBounds {
        lower: Some(0.05),
        upper: None,
    };
    MetricReport {
        stats: Stats {
            min: None,
            max: None,
            ..known
        },
        kind: MetricKind::Histogram,
        n: 98,
        rate: Some(6.7848),
        count: Some(98.0),
        sum: Some(2.5088),
        buckets: vec![
            bucket("0.025", 50.0),
            bucket("0.05", 97.0),
            bucket("+Inf", 98.0),
        ],
        bounds: BTreeMap::from([
            ("max".to_owned(), open),
            ("p50".to_owned(), bounds(0.0, 0.025)),
            ("p99".to_owned(), bounds(0.025, 0.05)),
        ]),
        bound_scope: Some(BoundScope::Interval),
        estimator: Estimator::Bounded,
        resets: Some(0),
        description: "Time to first token.".to_owned(),
        longest_gap: None,
        ..gauge("vllm:time_to_first_token_seconds", "sec", [0.0; 7])
    }
}

/// A histogram of which nothing can be said.
fn prefill() -> MetricReport {
    MetricReport {
        stats: Stats::default(),
        kind: MetricKind::Histogram,
        n: 0,
        note: "bucket_layout_changed".to_owned(),
        longest_gap: None,
        ..gauge("vllm:request_prefill_time_seconds", "sec", [0.0; 7])
    }
}

//! Histograms and summaries.

use aiperf_plugin_sdk::report::Estimator;

use super::*;

/// Two in the first bucket, one in the second, `above` beyond the last edge.
pub(super) fn histogram(b: &mut Batch, times: f64, above: f64) {
    let h = MetricKind::Histogram;
    push(b, "h_seconds", h, "h_seconds_bucket", "le=1", 2.0 * times);
    push(b, "h_seconds", h, "h_seconds_bucket", "le=2", 3.0 * times);
    push(
        b,
        "h_seconds",
        h,
        "h_seconds_bucket",
        "le=+Inf",
        3.0 * times + above,
    );
    push(
        b,
        "h_seconds",
        h,
        "h_seconds_sum",
        "",
        3.0 * times + 10.0 * above,
    );
    push(
        b,
        "h_seconds",
        h,
        "h_seconds_count",
        "",
        3.0 * times + above,
    );
}

#[test]
fn histograms_tell_what_happened_between_the_barriers() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| histogram(b, 1.0, 7.0));
    bench.page(12.0, Barrier::Tick, |b| histogram(b, 2.0, 7.0));
    bench.page(14.1, Barrier::End, |b| histogram(b, 5.0, 7.0));
    let server = bench.server();
    let h = metric(&server, "h_seconds");
    assert_eq!(
        (h.count, h.sum, h.stats.avg),
        (Some(12.0), Some(12.0), Some(1.0))
    );
    assert_eq!((h.n, h.rate, h.unit.as_str()), (12, Some(3.0), "sec"));
    assert_eq!(h.estimator, Estimator::Linear);
    assert_eq!(h.stats.p50, Some(0.75), "rank 6 of 8 in the bucket up to 1");
    assert_eq!((h.stats.min, h.stats.max), (None, None));
    assert_eq!(
        (h.bounds["min"].upper, h.bounds["max"].lower),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(h.bounds["max"].upper, Some(2.0));
    let std = h.stats.std.unwrap();
    assert!(h.bounds["std"].lower.unwrap() <= std && std <= h.bounds["std"].upper.unwrap());
    let buckets: Vec<_> = h.buckets.iter().map(|b| (b.le.as_str(), b.count)).collect();
    assert_eq!(buckets, [("1", 8.0), ("2", 12.0), ("+Inf", 12.0)]);
}

#[test]
fn nothing_is_invented_above_the_last_edge() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| histogram(b, 0.0, 0.0));
    bench.page(14.1, Barrier::End, |b| histogram(b, 1.0, 1.0));
    let server = bench.server();
    let h = metric(&server, "h_seconds");
    assert_eq!((h.stats.p99, h.stats.std), (None, None));
    assert_eq!(
        (h.bounds["p99"].lower, h.bounds["p99"].upper),
        (Some(1.0), None)
    );
}

#[test]
fn a_histogram_without_observations_has_no_statistics() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| histogram(b, 4.0, 1.0));
    bench.page(14.1, Barrier::End, |b| histogram(b, 4.0, 1.0));
    let server = bench.server();
    let h = metric(&server, "h_seconds");
    assert_eq!((h.n, h.count, h.stats.seven()), (0, Some(0.0), [None; 7]));
    assert!(h.bounds.is_empty());
}

#[test]
fn summaries_have_quantiles_beside_sum_and_count() {
    let mut bench = Bench::new();
    let fill = |value: f64, count: f64| {
        move |b: &mut Batch| {
            let s = MetricKind::Summary;
            push(b, "s", s, "s", "quantile=0.5", value);
            push(b, "s", s, "s_sum", "", 2.0 * count);
            push(b, "s", s, "s_count", "", count);
            push(b, "i", MetricKind::Info, "i_info", "version=7", 1.0);
        }
    };
    bench.page(9.0, Barrier::Start, fill(9.0, 1.0));
    bench.page(14.1, Barrier::End, fill(4.0, 6.0));
    let server = bench.server();
    let quantile = metric(&server, "s_quantile_0_5");
    assert_eq!(
        (quantile.n, quantile.stats.avg),
        (1, Some(4.0)),
        "the window's end"
    );
    let summary = metric(&server, "s");
    assert_eq!(
        (summary.count, summary.sum, summary.stats.avg),
        (Some(5.0), Some(10.0), Some(2.0))
    );
    assert_eq!(server.info["i"][0].labels["version"], "7");
}

#[test]
fn a_histogram_of_current_values_is_read_at_the_end() {
    let mut bench = Bench::new();
    let fill = |below: f64, all: f64| {
        move |b: &mut Batch| {
            let g = MetricKind::GaugeHistogram;
            push(b, "q", g, "q_bucket", "le=1", below);
            push(b, "q", g, "q_bucket", "le=+Inf", all);
            push(b, "q", g, "q_gsum", "", all);
            push(b, "q", g, "q_gcount", "", all);
        }
    };
    bench.page(9.0, Barrier::Start, fill(9.0, 9.0));
    bench.page(14.1, Barrier::End, fill(2.0, 4.0));
    let server = bench.server();
    let q = metric(&server, "q");
    assert_eq!(
        (q.count, q.stats.avg, q.rate, q.resets),
        (Some(4.0), Some(1.0), None, Some(0))
    );
}

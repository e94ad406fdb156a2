//! Histograms and summaries.

use aiperf_plugin_sdk::report::{BoundScope, Estimator};

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
    assert_eq!(
        (h.estimator, h.bound_scope, h.note.as_str()),
        (Estimator::Bounded, Some(BoundScope::Interval), "")
    );
    let (p50, bounds) = (h.stats.p50.unwrap(), h.bounds["p50"]);
    assert!(bounds.lower.unwrap() <= p50 && p50 <= bounds.upper.unwrap());
    assert!(bounds.upper.unwrap() <= 1.0);
    assert_eq!((h.stats.min, h.stats.max), (None, None));
    assert!(h.bounds["min"].upper.unwrap() <= 1.0 + 1e-9);
    assert!(h.bounds["max"].lower.unwrap() >= 1.0 && h.bounds["max"].upper.unwrap() <= 2.0);
    let std = h.stats.std.unwrap();
    assert!(h.bounds["std"].lower.unwrap() <= std && std <= h.bounds["std"].upper.unwrap());
    let buckets: Vec<_> = h.buckets.iter().map(|b| (b.le.as_str(), b.count)).collect();
    assert_eq!(buckets, [("1", 8.0), ("2", 12.0), ("+Inf", 12.0)]);
}

#[test]
fn above_the_last_edge_the_sum_sets_bounds() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, |b| histogram(b, 0.0, 0.0));
    bench.page(14.1, Barrier::End, |b| histogram(b, 1.0, 1.0));
    let server = bench.server();
    let h = metric(&server, "h_seconds");
    let (max, p99) = (h.bounds["max"], h.stats.p99.unwrap());
    assert!(
        max.lower.unwrap() >= 9.0 - 1e-9,
        "13 less 1 + 1 + 2: {max:?}"
    );
    assert!(
        max.upper.unwrap() <= 12.0 + 1e-9,
        "13 less 0 + 0 + 1: {max:?}"
    );
    assert!(1.0 < p99 && p99 < 12.0);
}

/// `counts` below 1 and above; no sum if it is NaN.
fn counted(series: &'static str, below: f64, all: f64, sum: f64) -> impl FnOnce(&mut Batch) {
    move |b: &mut Batch| {
        let h = MetricKind::Histogram;
        let label = |le: &str| format!("le={le},series={series}");
        push(b, "h", h, "h_bucket", &label("1"), below);
        push(b, "h", h, "h_bucket", &label("+Inf"), all);
        push(b, "h", h, "h_count", &format!("series={series}"), all);
        if !sum.is_nan() {
            push(b, "h", h, "h_sum", &format!("series={series}"), sum);
        }
    }
}

#[test]
fn without_a_sum_nothing_is_invented_above_the_last_edge() {
    let mut bench = Bench::new();
    bench.page(9.0, Barrier::Start, counted("a", 1.0, 1.0, f64::NAN));
    bench.page(14.1, Barrier::End, counted("a", 3.0, 9.0, f64::NAN));
    let server = bench.server();
    let h = metric(&server, "h");
    assert_eq!((h.stats.p99, h.stats.std), (None, None));
    assert_eq!(
        (h.bound_scope, h.note.as_str()),
        (Some(BoundScope::Buckets), "no_sum")
    );
    let p99 = h.bounds["p99"];
    assert_eq!((p99.lower, p99.upper), (Some(1.0), None));
}

#[test]
fn series_of_a_family_are_estimated_together() {
    let mut bench = Bench::new();
    let page = |a: f64, b: f64| {
        move |batch: &mut Batch| {
            counted("a", a, a, 0.25 * a)(batch);
            counted("b", b, b, 0.75 * b)(batch);
        }
    };
    bench.page(9.0, Barrier::Start, page(5.0, 5.0));
    for tick in 1..9 {
        let count = 5.0 + f64::from(tick);
        bench.page(
            10.0 + f64::from(tick) / 4.0,
            Barrier::Tick,
            page(count, count),
        );
    }
    bench.page(14.1, Barrier::End, page(13.0, 13.0));
    let server = bench.server();
    let near = |value: Option<f64>, expect: f64| (value.unwrap() - expect).abs() < 1e-9;
    for (key, p50) in [("h_series_a", 0.25), ("h_series_b", 0.75)] {
        assert!(near(metric(&server, key).stats.p50, p50));
    }
    let sum = metric(&server, "h");
    assert!(sum.sum_over_series && sum.n == 16);
    assert!(near(sum.stats.p50, 0.5) && near(sum.stats.p90, 0.75));
    assert!(near(sum.bounds["p90"].lower, 0.75) && near(sum.bounds["p90"].upper, 0.75));
}

#[test]
fn tokens_are_whole_numbers_unless_they_are_not() {
    let fill = |all: f64, sum: f64| {
        move |b: &mut Batch| {
            let h = MetricKind::Histogram;
            push(b, "x_tokens", h, "x_tokens_bucket", "le=10", 0.0);
            push(b, "x_tokens", h, "x_tokens_bucket", "le=20", all);
            push(b, "x_tokens", h, "x_tokens_bucket", "le=+Inf", all);
            push(b, "x_tokens", h, "x_tokens_sum", "", sum);
            push(b, "x_tokens", h, "x_tokens_count", "", all);
        }
    };
    for (sum, lower) in [(24.0, 11.0), (24.5, 10.0)] {
        let mut bench = Bench::new();
        bench.page(9.0, Barrier::Start, fill(0.0, 0.0));
        bench.page(14.1, Barrier::End, fill(2.0, sum));
        let server = bench.server();
        let x = metric(&server, "x_tokens");
        assert_eq!(x.bound_scope, Some(BoundScope::Interval));
        let found = x.bounds["min"].lower.unwrap();
        assert!((found - lower).abs() < 1e-9, "{found} is not {lower}");
    }
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
    assert_eq!(q.bound_scope, Some(BoundScope::Pooled));
    assert!(q.bounds["max"].upper.unwrap() <= 4.0 + 1e-9);
}

/// One of two histograms is caught with a sum that its buckets cannot have.
#[test]
fn no_histogram_of_an_exporter_that_tears_is_trusted_page_by_page() {
    for ahead in [0.0, 50.0] {
        let mut bench = Bench::new();
        let pages = [
            (9.0, Barrier::Start, 1.0, 0.0),
            (11.0, Barrier::Tick, 2.0, ahead),
            (14.1, Barrier::End, 5.0, 0.0),
        ];
        for (seconds, barrier, times, ahead) in pages {
            bench.page(seconds, barrier, |b| {
                histogram(b, times, 7.0);
                let h = MetricKind::Histogram;
                push(b, "t", h, "t_bucket", "le=1", times);
                push(b, "t", h, "t_bucket", "le=+Inf", times);
                push(b, "t", h, "t_sum", "", times / 2.0 - ahead);
                push(b, "t", h, "t_count", "", times);
            });
        }
        let server = bench.server();
        let scope = |key| metric(&server, key).bound_scope;
        let expected = if ahead > 0.0 {
            [BoundScope::Pooled, BoundScope::Buckets]
        } else {
            [BoundScope::Interval; 2]
        };
        assert_eq!(["h_seconds", "t"].map(scope), expected.map(Some), "{ahead}");
        let note = if ahead > 0.0 { "torn_pages" } else { "" };
        assert_eq!(metric(&server, "h_seconds").note, note);
    }
}

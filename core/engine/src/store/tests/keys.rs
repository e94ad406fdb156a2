//! Flat keys: which there are, and what they are worth.

use super::*;

#[test]
fn single_families_have_plain_keys_only() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("requests_total", &[("model", "m")], 5.0);
        b.gauge("running", &[], 2.0);
        b.gauge("http.size", &[], 1.0);
        b.gauge("broken", &[], f64::NAN);
    });
    assert_eq!(
        keys,
        pairs(&[("http_size", 1.0), ("requests", 5.0), ("running", 2.0)])
    );
}

#[test]
fn several_series_are_flattened_and_counters_summed() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("ok_total", &[("m", "a/b")], 5.0);
        b.counter("ok_total", &[("m", "a b")], 7.0);
        b.gauge("up", &[("cpu", "0")], 1.0);
        b.gauge("up", &[("cpu", "1")], 2.0);
    });
    let expect = [
        ("ok", 12.0),
        // Label order: a space sorts before a slash.
        ("ok_m_a_b", 7.0),
        ("ok_total_m_a_b", 5.0),
        ("up_cpu_0", 1.0),
        ("up_cpu_1", 2.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

#[test]
fn a_gauge_keeps_its_plain_key_when_a_second_series_comes() {
    let mut bench = Bench::new();
    let first = bench.keys_of(|b| b.gauge("up", &[("cpu", "0")], 1.0));
    assert_eq!(first, pairs(&[("up", 1.0)]));
    let second = bench.keys_of(|b| {
        b.gauge("up", &[("cpu", "1")], 2.0);
        b.gauge("up", &[("cpu", "0")], 3.0);
    });
    assert_eq!(second, pairs(&[("up", 3.0), ("up_cpu_1", 2.0)]));
}

#[test]
fn a_counter_becomes_a_sum_when_a_second_series_comes() {
    let mut bench = Bench::new();
    bench.keys_of(|b| b.counter("ok_total", &[("m", "a")], 1.0));
    let keys = bench.keys_of(|b| {
        b.counter("ok_total", &[("m", "a")], 1.0);
        b.counter("ok_total", &[("m", "b")], 2.0);
    });
    assert_eq!(
        keys,
        pairs(&[("ok", 3.0), ("ok_m_a", 1.0), ("ok_m_b", 2.0)])
    );
}

#[test]
fn a_gauge_takes_the_name_that_a_counter_would_have() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.counter("a_total", &[], 1.0);
        b.gauge("a", &[], 2.0);
    });
    assert_eq!(keys, pairs(&[("a", 2.0), ("a_total", 1.0)]));
}

#[test]
fn histograms_and_summaries_have_sum_count_and_quantiles() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        let h = MetricKind::Histogram;
        push(b, "h", h, "h_bucket", &[("le", "1")], 1.0);
        push(b, "h", h, "h_bucket", &[("le", "+Inf")], 2.0);
        push(b, "h", h, "h_sum", &[], 3.5);
        push(b, "h", h, "h_count", &[], 2.0);
        let s = MetricKind::Summary;
        push(b, "s", s, "s", &[("quantile", "0.5")], 0.1);
        push(b, "s", s, "s", &[("quantile", "0.99")], f64::NAN);
        push(b, "s", s, "s_sum", &[], 9.0);
        push(b, "s", s, "s_count", &[], 3.0);
        push(b, "i", MetricKind::Info, "i_info", &[("version", "1")], 1.0);
    });
    let expect = [
        ("h_count", 2.0),
        ("h_sum", 3.5),
        ("s_count", 3.0),
        ("s_quantile_0_5", 0.1),
        ("s_sum", 9.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

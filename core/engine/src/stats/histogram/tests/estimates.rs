//! Estimates.

use super::*;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn estimates_rise_within_their_bounds(series in series()) {
        let estimate = all_ranks(&series, &series.estimator());
        for quantile in &estimate.quantiles {
            prop_assert!(within(quantile.bounds, quantile.value.unwrap(), 0.0), "{quantile:?}");
        }
        let slack = 1e-9 * series.size();
        for pair in estimate.quantiles.windows(2) {
            prop_assert!(pair[0].value.unwrap() <= pair[1].value.unwrap() + slack, "{pair:?}");
        }
    }

    #[test]
    fn one_observation_per_interval_is_exact(series in series()) {
        let mut alone = series.clone();
        alone.intervals = series.sorted().iter().map(|value| vec![*value]).take(100).collect();
        alone.start = 0.0;
        let estimate = all_ranks(&alone, &alone.estimator());
        let slack = 1e-9 * series.size();
        for (value, quantile) in at_ranks(&alone).iter().zip(&estimate.quantiles) {
            for known in [quantile.value, quantile.bounds.lower, quantile.bounds.upper] {
                prop_assert!((known.unwrap() - value).abs() <= slack, "{value} {quantile:?}");
            }
        }
    }

    #[test]
    fn equal_values_of_one_bucket_are_exact(
        edges in edges(),
        share in 0.0..1.2_f64,
        sizes in prop::collection::vec(1..50_usize, 8..300),
    ) {
        let value = edges.last().unwrap() * share;
        let intervals: Vec<Vec<f64>> = sizes.iter().map(|size| vec![value; *size]).collect();
        let series = Series { edges, integer: false, intervals, start: 0.0 };
        let estimate = series.estimator().finish(&[0.0, 0.3, 0.5, 0.99, 1.0]);
        for quantile in &estimate.quantiles {
            let error = (quantile.value.unwrap() - value).abs();
            prop_assert!(error <= 1e-6 * series.size(), "{value} {quantile:?}");
        }
    }

    #[test]
    fn one_bucket_per_interval_keeps_the_sum(
        edges in edges(),
        sizes in prop::collection::vec((0.0..1.2_f64, 1..9_usize), 1..200),
    ) {
        let top = *edges.last().unwrap();
        let intervals = sizes.iter().map(|(share, size)| vec![top * share; *size]).collect();
        let series = Series { edges, integer: false, intervals, start: 0.0 };
        let mut estimator = series.estimator();
        estimator.solve_rest();
        let moments = estimator.slots.iter().map(|(_, slot)| slot.cells.all());
        let sum: f64 = moments.map(|all| all.mean() * all.weight).sum();
        let truth: f64 = series.sorted().iter().sum();
        prop_assert!((sum - truth).abs() <= 1e-9 * truth.max(series.size()), "{sum} {truth}");
    }

    #[test]
    fn merged_estimates_are_those_of_all_intervals(series in series(), cut in 0..30_usize) {
        let (first, second) = series.split(cut % series.intervals.len());
        let mut merged = first.estimator();
        merged.merge(&second.estimator());
        let (whole, merged) = (all_ranks(&series, &series.estimator()), all_ranks(&series, &merged));
        prop_assert_eq!(whole.count, merged.count);
        for (a, b) in whole.quantiles.iter().zip(&merged.quantiles) {
            let difference = (a.value.unwrap() - b.value.unwrap()).abs();
            prop_assert!(difference <= 1e-9 * series.size(), "{a:?} {b:?}");
        }
    }
}

/// Evenly spaced quantiles of a distribution, shuffled, the same way each time.
fn spread_out(count: u64, value: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut order: Vec<u64> = (0..count).collect();
    // The golden ratio's bits, multiplied over and over: no order that an estimator could feel.
    let hash = |at: &u64| {
        let mixed = (at ^ (at << 21)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 7
    };
    order.sort_by_key(hash);
    let place = |at: &u64| (*at as f64 + 0.5) / count as f64;
    order.iter().map(|at| value(place(at))).collect()
}

fn check(edges: &[f64], size: usize, value: impl Fn(f64) -> f64, tolerance: f64) {
    let values = spread_out(10_007, value);
    let intervals = values.chunks(size).map(<[f64]>::to_vec).collect();
    let series = Series {
        edges: edges.to_vec(),
        integer: false,
        intervals,
        start: 0.0,
    };
    let truth = series.sorted();
    let estimate = series.estimator().finish(&[0.5, 0.9, 0.99]);
    for (quantile, place) in estimate.quantiles.iter().zip([5003, 9005, 9906]) {
        let (value, truth) = (quantile.value.unwrap(), truth[place]);
        assert!(
            (value - truth).abs() <= tolerance * truth,
            "{value} is not {truth}"
        );
    }
}

#[test]
fn known_distributions_are_found() {
    let edges = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let exponential = |u: f64| -0.4 * (1.0 - u).ln();
    let two_kinds = |u: f64| {
        if u < 0.8 {
            0.03 + 0.002 * u
        } else {
            0.7 + 0.05 * u
        }
    };
    check(&edges, 3, exponential, 0.05);
    check(&edges, 100, exponential, 0.08);
    check(&edges, 3, two_kinds, 0.05);
    check(&edges, 100, two_kinds, 0.05);
    check(&edges, 3, |u| 0.6 + 0.01 * u, 0.01);
    check(&edges, 100, |u| 0.6 + 0.01 * u, 0.01);
    check(&edges, 3, |u| u, 0.03);
    check(&edges, 3, |u| 3.0 * (1.0 - u).powf(-0.4), 0.10);
}

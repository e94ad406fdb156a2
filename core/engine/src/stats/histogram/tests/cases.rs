//! What happens to histograms that are not as they should be.

use super::*;

const Q: [f64; 3] = [0.1, 0.5, 0.99];

fn estimator(edges: &[f64], integer: bool) -> HistogramEstimator {
    HistogramEstimator::new(edges, integer, BoundScope::Interval)
}

/// Note, scope, and of each quantile whether there is a value, a lower and an upper bound.
fn check(estimate: &HistogramEstimate, note: &str, scope: BoundScope, known: [&str; 3]) {
    assert_eq!((estimate.note, estimate.scope), (note, scope));
    for (quantile, known) in estimate.quantiles.iter().zip(known) {
        let parts = [
            (quantile.value.is_some(), 'v'),
            (quantile.bounds.lower.is_some(), 'l'),
            (quantile.bounds.upper.is_some(), 'u'),
        ];
        let found: String = parts
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, name)| name)
            .collect();
        assert_eq!(found, known, "{estimate:?}");
    }
}

#[test]
fn nothing_observed_is_nothing_known() {
    let mut empty = estimator(&[1.0], false);
    empty.add(&[0.0, 0.0], Some(0.0), 7.0);
    empty.add(&[0.0, 0.0], None, f64::NAN);
    let estimate = empty.finish(&Q);
    check(&estimate, "", BoundScope::Interval, ["", "", ""]);
    assert_eq!(
        (estimate.count, estimate.mean, estimate.min),
        (0, None, None)
    );
}

#[test]
fn without_a_sum_edges_are_all_that_is_known() {
    for sum in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        let mut buckets = estimator(&[1.0, 2.0], false);
        buckets.add(&[1.0, 2.0, 0.0], Some(3.5), 3.5);
        buckets.add(&[3.0, 1.0, 1.0], sum, f64::NAN);
        buckets.add(&[3.0, 1.0, 0.0], Some(3.0), 3.0);
        let estimate = buckets.finish(&Q);
        check(
            &estimate,
            "no_sum",
            BoundScope::Buckets,
            ["vlu", "vlu", "l"],
        );
        assert_eq!(
            (estimate.sum, estimate.std, estimate.std_bounds),
            (None, None, None)
        );
        assert_eq!(estimate.quantiles[0].bounds.upper, Some(1.0));
        assert_eq!(
            estimate.quantiles[2].bounds.lower,
            Some(1.0),
            "p99 lies between two ranks"
        );
    }
}

#[test]
fn above_all_edges_the_sum_gives_an_end() {
    let series = Series::new(&[1.0], &[&[0.5, 4.0], &[3.0, 6.0], &[0.25]]);
    let estimate = series.estimator().finish(&[1.0]);
    let top = estimate.quantiles[0];
    let (lower, upper) = (top.bounds.lower.unwrap(), top.bounds.upper.unwrap());
    assert!(
        lower >= 4.5 - 1e-9 && upper <= 8.0 + 1e-9,
        "at least 9 / 2, at most 9 - 1: {top:?}"
    );
    assert!(top.value.unwrap() > 1.0);
    assert!(estimate.max.unwrap().upper.unwrap() < 8.0 + 1e-9);
}

#[test]
fn a_histogram_of_one_bucket_has_bounds_only() {
    let series = Series::new(&[], &[&[0.5, 4.0], &[3.0]]);
    let estimate = series.estimator().finish(&Q);
    check(
        &estimate,
        "no_finite_bucket",
        BoundScope::Interval,
        ["lu", "lu", "lu"],
    );
    assert_eq!(estimate.mean, Some(2.5));
}

#[test]
fn torn_pages_are_joined_and_the_window_bounds() {
    let mut torn = estimator(&[1.0, 2.0], false);
    torn.add(&[2.0, 0.0, 0.0], Some(1.0), 1.0);
    // The sum of the third observation comes a page too early.
    torn.add(&[1.0, 0.0, 0.0], Some(2.25), 3.25);
    torn.add(&[1.0, 1.0, 0.0], Some(0.75), 4.0);
    let estimate = torn.finish(&Q);
    check(
        &estimate,
        "torn_pages",
        BoundScope::Pooled,
        ["vlu", "vlu", "vlu"],
    );
    assert_eq!((estimate.count, estimate.inconsistent), (5, 1));
    assert_eq!(estimate.sum, Some(4.0));
}

#[test]
fn a_sum_without_observations_is_a_torn_page() {
    let mut torn = estimator(&[1.0], false);
    torn.add(&[0.0, 0.0], Some(0.5), 0.5);
    torn.add(&[1.0, 0.0], Some(0.0), 0.5);
    let estimate = torn.finish(&Q);
    assert_eq!(
        (estimate.inconsistent, estimate.scope),
        (1, BoundScope::Pooled)
    );
    assert!((estimate.quantiles[1].value.unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn a_page_that_stays_torn_counts_at_the_end() {
    let mut torn = estimator(&[1.0, 2.0], false);
    torn.add(&[4.0, 0.0, 0.0], Some(2.0), 2.0);
    torn.add(&[1.0, 0.0, 0.0], Some(1.5), 3.5);
    let estimate = torn.finish(&Q);
    assert_eq!((estimate.count, estimate.scope), (5, BoundScope::Pooled));
    assert!(
        estimate
            .quantiles
            .iter()
            .all(|quantile| quantile.value.is_some())
    );
}

#[test]
fn a_bucket_that_lost_observations_is_a_torn_page() {
    let mut torn = estimator(&[1.0, 2.0], false);
    torn.add(&[2.0, 1.0, 0.0], Some(2.25), 2.25);
    torn.add(&[3.0, -1.0, 0.0], Some(1.0), 3.25);
    let estimate = torn.finish(&Q);
    assert_eq!((estimate.count, estimate.scope), (5, BoundScope::Pooled));
    torn.add(&[0.0, 2.0, 0.0], Some(1.5), 4.75);
    let estimate = torn.finish(&Q);
    check(
        &estimate,
        "torn_pages",
        BoundScope::Pooled,
        ["vlu", "vlu", "vlu"],
    );
    torn.add(&[3.0, -9.0, 0.0], Some(1.0), 5.75);
    assert_eq!(torn.finish(&Q).quantiles[0].bounds, ValueBounds::default());
}

#[test]
fn parts_of_observations_cannot_be_ranked() {
    for count in [0.5, f64::NAN] {
        let mut parts = estimator(&[1.0], false);
        parts.add(&[count, 1.0], Some(1.5), 1.5);
        let estimate = parts.finish(&Q);
        assert_eq!(estimate.note, "fractional_counts");
        assert_eq!(estimate.quantiles[0].value, None);
    }
    let mut rounded = estimator(&[1.0], false);
    rounded.add(&[1.000_000_01, 0.0], Some(0.5), 0.5);
    let estimate = rounded.finish(&Q);
    assert_eq!((estimate.note, estimate.count), ("", 1));
}

#[test]
fn a_sum_that_never_fits_is_not_used() {
    let mut wrong = estimator(&[1.0, 2.0], false);
    wrong.add(&[4.0, 0.0, 0.0], Some(100.0), 100.0);
    let estimate = wrong.finish(&Q);
    check(
        &estimate,
        "torn_pages",
        BoundScope::Buckets,
        ["vlu", "vlu", "vlu"],
    );
}

#[test]
fn negative_observations_leave_edges() {
    let mut falling = estimator(&[1.0, 2.0], false);
    falling.add(&[1.0, 1.0, 0.0], Some(-3.0), -3.0);
    let estimate = falling.finish(&[0.0, 1.0]);
    assert_eq!(
        (estimate.note, estimate.scope),
        ("negative_observations", BoundScope::Buckets)
    );
    let [first, last] = [estimate.quantiles[0], estimate.quantiles[1]];
    assert_eq!(
        (first.value, first.bounds.lower, first.bounds.upper),
        (None, None, Some(1.0))
    );
    assert_eq!(
        (last.bounds.lower, last.bounds.upper),
        (Some(1.0), Some(2.0))
    );
    assert_eq!(estimate.mean, Some(-1.5));
}

#[test]
fn a_negative_edge_matters_where_it_is_hit() {
    let mut positive = estimator(&[-1.0, 0.0, 1.0], false);
    positive.add(&[0.0, 0.0, 1.0, 0.0], Some(0.25), 0.25);
    assert_eq!(positive.finish(&Q).scope, BoundScope::Interval);
    positive.add(&[1.0, 1.0, 0.0, 0.0], Some(-4.0), -3.75);
    let estimate = positive.finish(&[0.0, 0.5, 1.0]);
    check(
        &estimate,
        "negative_observations",
        BoundScope::Buckets,
        ["u", "vlu", "vlu"],
    );
}

#[test]
fn fractions_give_the_whole_numbers_away() {
    let mut series = Series::new(&[1.0, 4.0], &[&[1.0, 3.0], &[2.5]]);
    series.integer = true;
    let estimate = series.estimator().finish(&[1.0]);
    assert_eq!(
        (estimate.note, estimate.scope),
        ("not_integer", BoundScope::Buckets)
    );
    assert_eq!(estimate.quantiles[0].bounds.lower, Some(1.0), "not 2");
    let mut between = estimator(&[0.5, 0.7], true);
    between.add(&[0.0, 1.0, 0.0], Some(1.0), 1.0);
    assert_eq!(between.finish(&Q).note, "not_integer");
}

#[test]
fn too_many_observations_cannot_be_counted() {
    let mut many = estimator(&[1.0], false);
    many.add(&[1e16, 4.0], Some(1.0), 1.0);
    let estimate = many.finish(&Q);
    check(
        &estimate,
        "too_many_observations",
        BoundScope::Buckets,
        ["", "", ""],
    );
    assert_eq!(estimate.count, 10_000_000_000_000_004);
}

#[test]
fn other_edges_cannot_be_counted() {
    let mut changed = estimator(&[1.0], false);
    changed.add(&[1.0, 0.0], Some(0.5), 0.5);
    changed.merge(&estimator(&[2.0], false));
    check(
        &changed.finish(&Q),
        "bucket_layout_changed",
        BoundScope::Buckets,
        ["", "", ""],
    );
    let mut changed = estimator(&[1.0], false);
    changed.add(&[1.0, 0.0, 0.0], Some(0.5), 0.5);
    assert_eq!(changed.finish(&Q).note, "bucket_layout_changed");
}

#[test]
fn zeros_have_a_bucket_of_their_own() {
    let series = Series::new(&[0.0, 1.0], &[&[0.0, 0.0, 0.5], &[0.0]]);
    let estimate = series.estimator().finish(&[0.0, 0.5]);
    for quantile in &estimate.quantiles {
        assert_eq!(quantile.value, Some(0.0));
        assert_eq!(
            (quantile.bounds.lower, quantile.bounds.upper),
            (Some(0.0), Some(0.0))
        );
    }
}

#[test]
fn size_does_not_depend_on_the_number_of_intervals() {
    let edges: Vec<f64> = (1..30).map(f64::from).collect();
    let mut idle = estimator(&edges, false);
    let mut used = estimator(&edges, false);
    let mut counts = vec![0.0; 30];
    idle.add(&counts, Some(0.0), 0.0);
    assert!(idle.heap_bytes() < 1024, "{}", idle.heap_bytes());
    let mut half = 0;
    for at in 0..100_000_u32 {
        let bucket = 3 + (at % 6) as usize;
        counts.fill(0.0);
        (counts[bucket], counts[bucket + 1]) = (2.0, 1.0);
        let sum = 3.0 * bucket as f64 + 2.0;
        used.add(&counts, Some(sum), f64::from(at) * 40.0);
        if at == 1000 {
            half = used.heap_bytes();
        }
    }
    assert_eq!(used.heap_bytes(), half);
    assert!(half < 20_000, "{half}");
    assert_eq!(used.finish(&Q).count, 300_000);
}

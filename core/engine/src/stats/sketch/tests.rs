use proptest::prelude::*;

use super::super::weighted_summary;
use super::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        (0_u8..200).prop_map(f64::from),
        -1e6..1e6_f64,
        -1e-9..1e-9_f64,
        (-300_i32..300, 1.0..10.0_f64).prop_map(|(e, m)| m * 10.0_f64.powi(e)),
    ]
}

fn near(found: f64, exact: f64) -> bool {
    (found - exact).abs() <= 0.004 * exact.abs() + 1e-9
}

fn of(pairs: &[(f64, f64)]) -> Sketch {
    let mut sketch = Sketch::default();
    sketch.extend(pairs.iter().copied());
    sketch
}

fn close(a: Option<f64>, b: Option<f64>, scale: f64) -> bool {
    a.zip(b)
        .map_or(a == b, |(a, b)| (a - b).abs() <= 1e-9 * scale)
}

#[test]
fn what_never_changes_has_no_deviation() {
    for (value, weight) in [
        (6_498.371_876_895_199, 0.649_197_464_885_611),
        (1.736e9 + 0.1, 0.3),
    ] {
        let mut sketch = of(&[(value, weight), (value, weight / 7.0)]);
        sketch.merge(&of(&[(value, weight * 3.0)]));
        let found = sketch.summary();
        assert_eq!((found.avg, found.std), (Some(value), Some(0.0)));
    }
}

proptest! {
    #[test]
    fn every_value_is_near_one_that_comes_back(
        values in prop::collection::vec(value(), 1..30),
    ) {
        let sketch = of(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>());
        let found: Vec<f64> = sketch.cells.iter().map(|cell| cell.value()).collect();
        prop_assert!(found.is_sorted());
        for value in &values {
            prop_assert!(found.iter().any(|found| near(*found, *value)), "{value}: {found:?}");
        }
    }

    #[test]
    fn moments_are_exact_and_percentiles_near(
        values in prop::collection::vec(-1e4..1e4_f64, 1..200),
        weight in 0.1..10.0_f64,
        cut in 0_usize..200,
    ) {
        let pairs: Vec<_> = values.iter().map(|value| (*value, weight)).collect();
        let (a, b) = pairs.split_at(cut.min(pairs.len()));
        let mut sketch = of(a);
        sketch.merge(&of(b));
        let (found, weights) = (sketch.summary(), vec![weight; values.len()]);
        let exact = weighted_summary(&values, &weights);
        prop_assert_eq!((found.min, found.max), (exact.min, exact.max));
        prop_assert!(close(found.avg, exact.avg, 1e5) && close(found.std, exact.std, 1e5));
        // Both ends of what is interpolated between are within 0.4 % of theirs.
        let widest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (found, exact) in [(found.p50, exact.p50), (found.p90, exact.p90)] {
            prop_assert!((found.unwrap() - exact.unwrap()).abs() <= 0.004 * widest + 1e-9);
        }
        prop_assert_eq!(sketch.len(), values.len() as u64);
    }

    #[test]
    fn percentiles_of_positive_values_are_within_the_stated_error(
        values in prop::collection::vec(1e-3..1e6_f64, 1..300),
    ) {
        let sketch = of(&values.iter().map(|value| (*value, 2.0)).collect::<Vec<_>>());
        let exact = weighted_summary(&values, &vec![2.0; values.len()]);
        let pairs = [(sketch.summary().p50, exact.p50), (sketch.summary().p99, exact.p99)];
        for (found, exact) in pairs {
            prop_assert!(near(found.unwrap(), exact.unwrap()), "{found:?} {exact:?}");
        }
    }

    #[test]
    fn small_whole_numbers_come_back_exactly(
        pairs in prop::collection::vec((0_u8..=255, 1_u8..4), 1..60),
    ) {
        let values: Vec<f64> = pairs.iter().map(|(value, _)| f64::from(*value)).collect();
        let sketch = of(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>());
        let exact = weighted_summary(&values, &vec![1.0; values.len()]);
        prop_assert!(close(sketch.summary().p50, exact.p50, 256.0));
        prop_assert!(close(sketch.summary().p99, exact.p99, 256.0));
    }
}

#[test]
fn memory_is_bounded_by_the_range() {
    let mut sketch = Sketch::default();
    for round in 0..100 {
        sketch.extend((1..1000).map(|n| (1.0 + f64::from(n * (round + 7) % 9973) / 1108.0, 1.0)));
    }
    assert!(sketch.cells.len() <= 426, "{}", sketch.cells.len());
    assert_eq!(sketch.heap_bytes(), 12 * sketch.cells.len());
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(Sketch::default().summary(), Stats::default());
    assert!(Sketch::default().is_empty());
}

proptest! {
    /// A running total that is folded bit by bit, perhaps with a restart: what is given up is never
    /// asked for, or not known.
    #[test]
    fn hidden_values_are_not_asked_for_or_not_known(
        steps in prop::collection::vec(0_u32..100, 20..600),
        restart in prop::option::of(0_usize..600),
        chunk in 1_usize..50,
    ) {
        let mut total = 1.0;
        let total_at = |(at, step): (usize, &u32)| {
            total = if restart == Some(at) { 0.0 } else { total } + f64::from(*step);
            total
        };
        let values: Vec<f64> = steps.iter().enumerate().map(total_at).collect();
        let mut sketch = Sketch::default();
        for values in values.chunks(chunk) {
            sketch.extend(values.iter().map(|value| (*value, 1.0)));
            sketch.hide_lowest(0.25);
        }
        let (found, exact) = (sketch.summary(), weighted_summary(&values, &vec![1.0; values.len()]));
        let pairs = [(found.p50, exact.p50), (found.p90, exact.p90), (found.p99, exact.p99)];
        for (found, exact) in pairs {
            let exact = exact.unwrap();
            // Neighbours are up to 99 apart, and what lies between is interpolated.
            let is_near = |found: f64| (found - exact).abs() <= 0.004 * exact + 99.0;
            prop_assert!(found.map_or(restart.is_some(), is_near), "{found:?}, not {exact}");
        }
        prop_assert_eq!((found.min, found.max), (exact.min, exact.max));
    }
}

//! Everything that is said of the values of a client metric.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{Percentiles, Stats, ValueBounds};

use super::Sketch;
use super::order::percentile_ranks;
use super::summary::{extremes, moments, position_of};

/// How sure a confidence interval is.
const LEVEL: f64 = 0.95;

/// Names of all percentiles of a client metric, rising, and what they are.
pub const PERCENTILES: [(&str, f64); 10] = [
    ("p1", 1.0),
    ("p5", 5.0),
    ("p10", 10.0),
    ("p25", 25.0),
    ("p50", 50.0),
    ("p75", 75.0),
    ("p90", 90.0),
    ("p95", 95.0),
    ("p99", 99.0),
    ("p99_9", 99.9),
];

/// Statistics of values of equal weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    /// The seven.
    pub stats: Stats,
    /// Further percentiles.
    pub percentiles: Percentiles,
    /// Confidence intervals of all percentiles, by name; empty if there are none to be had.
    pub intervals: BTreeMap<String, ValueBounds>,
}

impl Distribution {
    /// Of finite values, which are reordered. The seven are those of [`summary`](super::summary).
    /// `independent`: each value is a matter of its own, so that confidence intervals mean something.
    ///
    /// O(n).
    pub fn of(values: &mut [f64], independent: bool) -> Self {
        let Some(extremes) = extremes(values.iter().copied()) else {
            return Self::default();
        };
        let moments = moments(values, extremes);
        let ranks = ranks(values.len() as u64, independent);
        let last = values.len() - 1;
        let places = PERCENTILES.map(|(_, p)| position_of(p, last));
        let mut wanted: Vec<usize> = places
            .iter()
            .flat_map(|(low, _)| [*low, (low + 1).min(last)])
            .chain(
                ranks
                    .iter()
                    .flat_map(|(lower, upper)| [*lower, *upper])
                    .flatten()
                    .map(index),
            )
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        select(values, &wanted);
        let percentile = |at: usize| {
            let (low, share) = places[at];
            let next = values[(low + 1).min(last)];
            Some(super::summary::between(values[low], next, share))
        };
        Self::with(moments, percentile, &ranks, |rank| {
            Some(values[index(rank)])
        })
    }

    /// Of the values in a sketch, each of weight 1, with its error.
    pub fn of_sketch(sketch: &Sketch, independent: bool) -> Self {
        let n = sketch.len();
        let ranks = ranks(n, independent);
        // The k-th value of n is the percentile 100 (k - 1) / (n - 1).
        let share = |rank: u64| (rank - 1) as f64 / (n - 1).max(1) as f64;
        let shares = PERCENTILES.map(|(_, p)| p / 100.0);
        let found = sketch.at(&shares);
        let value = |rank: u64| {
            let [value] = sketch.at(&[share(rank)]);
            value
        };
        Self::with(sketch.summary(), |at| found[at], &ranks, value)
    }

    fn with(
        moments: Stats,
        percentile: impl Fn(usize) -> Option<f64>,
        ranks: &[(Option<u64>, Option<u64>)],
        value: impl Fn(u64) -> Option<f64>,
    ) -> Self {
        let intervals = PERCENTILES
            .iter()
            .zip(ranks)
            .map(|((name, _), (lower, upper))| {
                let bounds = ValueBounds {
                    lower: lower.and_then(&value),
                    upper: upper.and_then(&value),
                };
                ((*name).to_owned(), bounds)
            });
        Self {
            stats: Stats {
                p50: percentile(4),
                p90: percentile(6),
                p99: percentile(8),
                ..moments
            },
            percentiles: Percentiles {
                p1: percentile(0),
                p5: percentile(1),
                p10: percentile(2),
                p25: percentile(3),
                p75: percentile(5),
                p95: percentile(7),
                p99_9: percentile(9),
            },
            intervals: intervals.collect(),
        }
    }
}

/// Ranks of the ends of all confidence intervals; none if values depend on each other.
fn ranks(n: u64, independent: bool) -> Vec<(Option<u64>, Option<u64>)> {
    let all = PERCENTILES.iter().filter(|_| independent && n > 0);
    all.map(|(_, p)| percentile_ranks(n, *p, LEVEL)).collect()
}

/// Where the value of a rank stands among sorted ones.
fn index(rank: u64) -> usize {
    usize::try_from(rank - 1).unwrap_or(usize::MAX)
}

/// Puts the values at these places, rising and within the slice, where sorting would.
fn select(values: &mut [f64], places: &[usize]) {
    select_from(values, 0, places);
}

/// `offset`: place of the first value.
fn select_from(values: &mut [f64], offset: usize, places: &[usize]) {
    let (below, Some((place, above))) = (
        &places[..places.len() / 2],
        places[places.len() / 2..].split_first(),
    ) else {
        return;
    };
    let (left, _, right) = values.select_nth_unstable_by(place - offset, f64::total_cmp);
    select_from(left, offset, below);
    select_from(right, place + 1, above);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{percentile, summary};

    /// All percentiles of a distribution, by place in [`PERCENTILES`].
    fn percentiles(found: &Distribution) -> [Option<f64>; 10] {
        let Percentiles {
            p1,
            p5,
            p10,
            p25,
            p75,
            p95,
            p99_9,
        } = found.percentiles;
        let Stats { p50, p90, p99, .. } = found.stats;
        [p1, p5, p10, p25, p50, p75, p90, p95, p99, p99_9]
    }

    proptest! {
        #[test]
        fn places_hold_what_sorting_would_put_there(
            values in prop::collection::vec(-5..5_i8, 1..60),
            places in prop::collection::btree_set(0..60_usize, 0..20),
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let places: Vec<usize> = places.into_iter().filter(|at| *at < values.len()).collect();
            let (mut found, mut sorted) = (values.clone(), values);
            sorted.sort_by(f64::total_cmp);
            select(&mut found, &places);
            for at in places {
                prop_assert_eq!(found[at].to_bits(), sorted[at].to_bits());
            }
        }

        #[test]
        fn all_statistics_are_those_of_one_at_a_time(
            values in prop::collection::vec(-1e6..1e6_f64, 1..500),
        ) {
            let found = Distribution::of(&mut values.clone(), true);
            prop_assert_eq!(found.stats, summary(&mut values.clone()));
            for ((_, p), found) in PERCENTILES.iter().zip(percentiles(&found)) {
                prop_assert_eq!(found, percentile(&mut values.clone(), *p));
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            for (name, p) in PERCENTILES {
                let (lower, upper) = percentile_ranks(values.len() as u64, p, LEVEL);
                let value = |rank: Option<u64>| rank.map(|rank| sorted[index(rank)]);
                let expected = ValueBounds { lower: value(lower), upper: value(upper) };
                prop_assert_eq!(found.intervals[name], expected);
            }
        }

        #[test]
        fn a_sketch_says_nearly_the_same(values in prop::collection::vec(1e-3..1e6_f64, 1..500)) {
            let mut sketch = Sketch::default();
            sketch.extend(values.iter().map(|value| (*value, 1.0)));
            let exact = Distribution::of(&mut values.clone(), true);
            let found = Distribution::of_sketch(&sketch, true);
            let near = |found: Option<f64>, exact: Option<f64>| match (found, exact) {
                (Some(found), Some(exact)) => (found - exact).abs() <= 0.004 * exact + 1e-9,
                (found, exact) => found == exact,
            };
            for (found, exact) in percentiles(&found).into_iter().zip(percentiles(&exact)) {
                prop_assert!(near(found, exact), "{found:?} {exact:?}");
            }
            for (name, exact) in exact.intervals {
                let found = found.intervals[&name];
                prop_assert!(near(found.lower, exact.lower) && near(found.upper, exact.upper));
            }
        }
    }

    #[test]
    fn values_that_depend_on_each_other_have_no_intervals() {
        let found = Distribution::of(&mut [1.0, 2.0, 3.0], false);
        assert_eq!(found.stats.p50, Some(2.0));
        assert!(found.intervals.is_empty());
        assert_eq!(Distribution::of(&mut [], true), Distribution::default());
    }
}

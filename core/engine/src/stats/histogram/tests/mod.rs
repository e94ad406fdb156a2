mod bounds;
mod cases;
mod estimates;
mod parts;

use std::collections::BTreeSet;

use aiperf_plugin_sdk::report::{BoundScope, ValueBounds};
use proptest::prelude::*;

use super::{HistogramEstimate, HistogramEstimator};

/// Observations by interval, and the histogram that counts them.
#[derive(Debug, Clone)]
struct Series {
    edges: Vec<f64>,
    integer: bool,
    intervals: Vec<Vec<f64>>,
    /// Running sum before the first interval.
    start: f64,
}

impl Series {
    fn new(edges: &[f64], intervals: &[&[f64]]) -> Self {
        Self {
            edges: edges.to_vec(),
            integer: false,
            intervals: intervals.iter().map(|interval| interval.to_vec()).collect(),
            start: 0.0,
        }
    }

    /// Feeds the pages of a server that keeps buckets and a floating-point sum.
    fn feed(&self, estimator: &mut HistogramEstimator) {
        let mut sum = self.start;
        for interval in &self.intervals {
            let before = sum;
            sum = interval.iter().fold(sum, |sum, value| sum + value);
            estimator.add(&self.counts(interval), Some(sum - before), sum);
        }
    }

    fn counts(&self, interval: &[f64]) -> Vec<f64> {
        let mut counts = vec![0.0; self.edges.len() + 1];
        for value in interval {
            counts[self.edges.partition_point(|edge| edge < value)] += 1.0;
        }
        counts
    }

    /// Two servers' series, or one's that was read in two parts.
    fn split(&self, cut: usize) -> (Self, Self) {
        let (mut first, mut second) = (self.clone(), self.clone());
        second.intervals = first.intervals.split_off(cut);
        let seen = first.intervals.iter().flatten();
        second.start = seen.fold(self.start, |sum, value| sum + value);
        (first, second)
    }

    fn estimator(&self) -> HistogramEstimator {
        let mut estimator = self.empty();
        self.feed(&mut estimator);
        estimator
    }

    fn empty(&self) -> HistogramEstimator {
        HistogramEstimator::new(&self.edges, self.integer, BoundScope::Interval)
    }

    /// All observations, rising.
    fn sorted(&self) -> Vec<f64> {
        let mut all = self.intervals.concat();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Size that rounding is relative to.
    fn size(&self) -> f64 {
        let top = self.sorted().last().copied().unwrap_or_default();
        let last = self.edges.last().copied().unwrap_or_default();
        top.max(last) + self.start * 1e-3
    }
}

/// Ranks (from 0) of the first and last observations, and of some between.
fn ranks(count: usize) -> Vec<usize> {
    let step = (count / 8).max(1);
    let last = count.saturating_sub(1);
    let ends = [0, 1, 2, last.saturating_sub(1), last];
    let all = ends.into_iter().chain((0..count).step_by(step));
    let ranks: BTreeSet<usize> = all.filter(|rank| *rank < count).collect();
    ranks.into_iter().collect()
}

/// Whether a value lies within bounds, rounding of this size allowed for.
fn within(bounds: ValueBounds, value: f64, slack: f64) -> bool {
    bounds.lower.is_none_or(|lower| lower <= value + slack)
        && bounds.upper.is_none_or(|upper| upper >= value - slack)
}

/// Whether `inner` lies within `outer`, rounding of this size allowed for.
fn inside(inner: ValueBounds, outer: ValueBounds, slack: f64) -> bool {
    let lower = |bounds: ValueBounds| bounds.lower.unwrap_or(f64::NEG_INFINITY);
    let upper = |bounds: ValueBounds| bounds.upper.unwrap_or(f64::INFINITY);
    lower(inner) >= lower(outer) - slack && upper(inner) <= upper(outer) + slack
}

/// The standard deviation's lower bound is a root of a difference, and so less exact near zero.
fn root_slack(slack: f64) -> f64 {
    slack.sqrt() * 1e-3 + slack
}

fn edges() -> impl Strategy<Value = Vec<f64>> {
    let edges = prop::collection::btree_set(1..400_u32, 1..9);
    (edges, any::<bool>(), 0..4_i32).prop_map(|(edges, zero, shift)| {
        let unit = 0.05 * 10_f64.powi(shift - 2);
        let zero = zero.then_some(0.0);
        zero.into_iter()
            .chain(edges.into_iter().map(|edge| f64::from(edge) * unit))
            .collect()
    })
}

/// Values of all sizes, on edges, equal, zero and above all edges.
fn interval(edges: Vec<f64>) -> impl Strategy<Value = Vec<f64>> {
    let top = edges.last().copied().unwrap_or(1.0);
    let few = || prop_oneof![3 => 0..4_usize, 1 => 0..40_usize];
    let on_edge = prop::sample::select(edges);
    prop_oneof![
        few().prop_flat_map(move |n| prop::collection::vec(0.0..1.3 * top, n)),
        few().prop_flat_map(move |n| prop::collection::vec(
            (0.01..1.0_f64).prop_map(move |u| -top / 5.0 * u.ln()),
            n
        )),
        (0.0..1.5 * top, few()).prop_map(|(value, n)| vec![value; n]),
        few().prop_flat_map(move |n| prop::collection::vec(
            prop_oneof![on_edge.clone(), Just(0.0)],
            n
        )),
        few().prop_flat_map(move |n| prop::collection::vec(
            (0.01..1.0_f64).prop_map(move |u| top * u.powf(-1.5)),
            n
        )),
    ]
}

fn series() -> impl Strategy<Value = Series> {
    let start = prop_oneof![Just(0.0), Just(1e3), Just(1e7)];
    (edges(), any::<bool>(), start, 1..30_usize).prop_flat_map(|(edges, integer, start, len)| {
        let edges: Vec<f64> = if integer {
            let whole: BTreeSet<u32> = edges
                .iter()
                .map(|edge| format!("{:.0}", edge.ceil()).parse().unwrap())
                .collect();
            whole.into_iter().map(f64::from).collect()
        } else {
            edges
        };
        let intervals = prop::collection::vec(interval(edges.clone()), len);
        intervals.prop_map(move |mut intervals| {
            if integer {
                intervals
                    .iter_mut()
                    .flatten()
                    .for_each(|value| *value = value.floor());
            }
            Series {
                edges: edges.clone(),
                integer,
                intervals,
                start,
            }
        })
    })
}

/// Observations by [`ranks`].
fn at_ranks(series: &Series) -> Vec<f64> {
    let sorted = series.sorted();
    ranks(sorted.len())
        .into_iter()
        .map(|rank| sorted[rank])
        .collect()
}

/// Estimates of the observations at [`ranks`].
fn all_ranks(series: &Series, estimator: &HistogramEstimator) -> HistogramEstimate {
    let count = series.sorted().len();
    let last = count.saturating_sub(1).max(1) as f64;
    let quantiles = ranks(count).into_iter().map(|rank| rank as f64 / last);
    estimator.finish(&quantiles.collect::<Vec<f64>>())
}

fn config() -> ProptestConfig {
    ProptestConfig::with_cases(64)
}

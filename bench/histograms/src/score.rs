//! What estimators say of a case, and how wrong they are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aiperf_core::stats::{HistogramEstimate, HistogramEstimator};
use aiperf_plugin_sdk::report::{BoundScope, ValueBounds};

use crate::case::{Case, QUANTILES};

/// Errors of one case.
#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) dataset: String,
    pub(crate) rate: f64,
    /// By quantile: relative error of linear interpolation, of a reference, and of ours. `None`
    /// where there is no estimate.
    pub(crate) linear: Vec<Option<f64>>,
    pub(crate) reference: Vec<Option<f64>>,
    pub(crate) ours: Vec<Option<f64>>,
    /// Of the standard deviation.
    pub(crate) std: Option<f64>,
    /// By quantile: width of the bounds as a share of the bucket.
    pub(crate) width: Vec<f64>,
    /// Bounds that the truth lies in, and all bounds: of quantiles, and of extremes and the standard
    /// deviation.
    pub(crate) held: [(u32, u32); 2],
    /// Bounds that are wider than the bucket's edges.
    pub(crate) too_wide: u32,
    pub(crate) add: Duration,
    pub(crate) intervals: u32,
    pub(crate) finish: Duration,
}

impl Score {
    /// `torn`: whether a page of another histogram of the same exporter was seen to be torn.
    pub(crate) fn of(case: &Case, torn: bool) -> Self {
        let (estimate, add, finish) = estimate(case, torn);
        let truth = &case.quantiles;
        let linear: Vec<_> = linear(case);
        let ours: Vec<_> = estimate.quantiles.iter().map(|q| q.value).collect();
        let reference = case
            .reference
            .clone()
            .unwrap_or_else(|| vec![None; truth.len()]);
        let errors = |values: &[Option<f64>]| {
            let pairs = values.iter().zip(truth);
            pairs.map(|(value, truth)| error(*value, *truth)).collect()
        };
        let (held, too_wide, width) = bounds(case, &estimate);
        Self {
            dataset: case.dataset.clone(),
            rate: case.rate,
            linear: errors(&linear),
            reference: errors(&reference),
            ours: errors(&ours),
            std: error(estimate.std, case.std).filter(|_| case.std > 1e-9),
            width,
            held,
            too_wide,
            add,
            intervals: u32::try_from(case.counts.len()).unwrap_or(u32::MAX),
            finish,
        }
    }
}

/// Whether a page shows that it is torn.
pub(crate) fn is_torn(case: &Case) -> bool {
    fed(case).is_torn()
}

fn fed(case: &Case) -> HistogramEstimator {
    let mut estimator = HistogramEstimator::new(&case.edges, case.integer, BoundScope::Interval);
    for (counts, sums) in case.counts.iter().zip(case.sums.windows(2)) {
        estimator.add(counts, Some(sums[1] - sums[0]), sums[1]);
    }
    estimator
}

fn estimate(case: &Case, torn: bool) -> (HistogramEstimate, Duration, Duration) {
    let mut start = Instant::now();
    let mut estimator = fed(case);
    let added = start.elapsed();
    if torn {
        estimator.mark_torn();
    }
    start = Instant::now();
    let estimate = estimator.finish(&QUANTILES);
    (estimate, added, start.elapsed())
}

/// A straight line within the bucket of rank `q n`, as Prometheus' `histogram_quantile`, which
/// answers the last edge for everything above it.
fn linear(case: &Case) -> Vec<Option<f64>> {
    let totals = case.totals();
    let count: f64 = totals.iter().sum();
    let quantile = |q: &f64| {
        let (mut below, mut lower) = (0.0, 0.0);
        for (edge, inside) in case.edges.iter().zip(&totals) {
            if below + inside >= q * count && *inside > 0.0 {
                return Some(lower + (edge - lower) * (q * count - below) / inside);
            }
            below += inside;
            lower = *edge;
        }
        case.edges.last().copied()
    };
    QUANTILES.iter().map(quantile).collect()
}

fn error(value: Option<f64>, truth: f64) -> Option<f64> {
    let error = (value? - truth).abs();
    // Next to zero nothing is relative.
    if truth.abs() > 1e-9 {
        Some(error / truth.abs())
    } else {
        (error < 1e-9).then_some(0.0)
    }
}

/// Bounds that hold, bounds that are too wide, widths.
fn bounds(case: &Case, estimate: &HistogramEstimate) -> ([(u32, u32); 2], u32, Vec<f64>) {
    let others = [
        (estimate.min, case.min),
        (estimate.max, case.max),
        (estimate.std_bounds, case.std),
    ];
    let pairs = estimate.quantiles.iter().zip(&case.quantiles);
    let quantiles: Vec<_> = pairs.map(|(q, truth)| (Some(q.bounds), *truth)).collect();
    let holds = |(bounds, truth): &(Option<ValueBounds>, f64)| {
        let slack = 1e-9 * truth.abs().max(case.std);
        bounds.is_some_and(|bounds| {
            bounds.lower.is_none_or(|lower| lower <= truth + slack)
                && bounds.upper.is_none_or(|upper| upper >= truth - slack)
        })
    };
    let count = |checks: &[(Option<ValueBounds>, f64)]| {
        let both = |(held, all): (u32, u32), check| (held + u32::from(holds(check)), all + 1);
        checks.iter().fold((0, 0), both)
    };
    let held = [count(&quantiles), count(&others)];
    let (mut too_wide, mut widths) = (0, Vec::new());
    for (quantile, (lower, upper)) in estimate.quantiles.iter().zip(edges(case)) {
        let bounds = quantile.bounds;
        let inside = bounds.lower >= Some(lower) && bounds.upper.unwrap_or(f64::INFINITY) <= upper;
        too_wide += u32::from(!inside);
        let width = bounds
            .upper
            .zip(bounds.lower)
            .map_or(f64::INFINITY, |(u, l)| u - l);
        if upper.is_finite() && upper > lower {
            widths.push(width / (upper - lower));
        }
    }
    (held, too_wide, widths)
}

/// By quantile: edges around the observations that it lies between.
fn edges(case: &Case) -> Vec<(f64, f64)> {
    let totals = case.totals();
    let count: f64 = totals.iter().sum();
    let bucket = |rank: f64| {
        let mut below = 0.0;
        totals.iter().position(|inside| {
            below += inside;
            below > rank
        })
    };
    let around = |q: &f64| {
        let position = (count - 1.0) * q;
        let low = bucket((position + 1e-9).floor()).unwrap_or_default();
        let high = bucket((position - 1e-9).ceil()).unwrap_or_default();
        let below = low.checked_sub(1).map_or(0.0, |below| case.edges[below]);
        let above = case.edges.get(high).copied().unwrap_or(f64::INFINITY);
        (below, above)
    };
    QUANTILES.iter().map(around).collect()
}

/// Median, mean (of errors capped at 5), share above 0.2 and largest of some errors.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) mean: f64,
    pub(crate) above: f64,
    pub(crate) worst: f64,
}

impl Summary {
    pub(crate) fn of(errors: impl Iterator<Item = f64>) -> Self {
        let mut errors: Vec<f64> = errors.collect();
        errors.sort_by(f64::total_cmp);
        let n = errors.len() as f64;
        let Some(worst) = errors.last().copied() else {
            // Nobody has estimated anything.
            let (median, mean, above, worst) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
            return Self {
                median,
                mean,
                above,
                worst,
            };
        };
        Self {
            median: errors[errors.len() / 2],
            mean: errors.iter().map(|error| error.min(5.0)).sum::<f64>() / n,
            above: errors.iter().filter(|error| **error > 0.2).count() as f64 / n,
            worst,
        }
    }
}

/// Scores by something.
pub(crate) fn by<K: Ord>(scores: &[Score], key: impl Fn(&Score) -> K) -> BTreeMap<K, Vec<&Score>> {
    let mut groups: BTreeMap<K, Vec<&Score>> = BTreeMap::new();
    for score in scores {
        groups.entry(key(score)).or_default().push(score);
    }
    groups
}

//! What pages tell of a histogram's single observations. See `docs/histograms.md`.

use aiperf_plugin_sdk::report::BoundScope;

use crate::stats::HistogramEstimator;
use crate::store::{FamilyView, GroupView, Interval, PartTotal, Role};

/// What was observed between two pages, interval by interval.
pub(super) fn between(
    family: &FamilyView<'_>,
    group: &GroupView<'_>,
    start: u32,
    end: u32,
) -> HistogramEstimator {
    let of = |whole: bool| {
        let intervals = group.intervals(start, end);
        let empty = HistogramEstimator::new(intervals.edges(), whole, BoundScope::Interval);
        observe(empty, intervals)
    };
    let observed = of(counts_things(family));
    // The name was wrong.
    if observed.has_fractions() {
        of(false)
    } else {
        observed
    }
}

/// Shows an estimator all intervals.
fn observe(
    mut estimator: HistogramEstimator,
    intervals: impl Iterator<Item = Interval>,
) -> HistogramEstimator {
    for interval in intervals {
        if interval.layout_changed {
            estimator.mark_layout_changed();
        }
        estimator.add(&interval.counts, interval.sum, interval.cumulative_sum);
    }
    estimator
}

/// The values of a histogram of current values.
pub(super) fn at_once(family: &FamilyView<'_>, parts: &[PartTotal<'_>]) -> HistogramEstimator {
    let of = |role: Role| parts.iter().find(|part| part.role == role);
    let mut buckets: Vec<(f64, f64)> = parts
        .iter()
        .filter(|part| part.role == Role::Bucket)
        .map(|part| (part.le, part.total))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = buckets.pop_if(|(edge, _)| edge.is_infinite());
    let all = all.or_else(|| of(Role::Count).map(|part| (part.le, part.total)));
    let edges: Vec<f64> = buckets.iter().map(|(edge, _)| *edge).collect();
    let mut below = 0.0;
    let up_to = buckets.iter().chain(&all).map(|(_, count)| *count);
    let counts: Vec<f64> = up_to
        .map(|count| {
            let inside = count - below;
            below = count;
            inside
        })
        .collect();
    let sum = of(Role::Sum).map(|part| part.total);
    let estimate = |whole: bool| {
        let mut estimator = HistogramEstimator::new(&edges, whole, BoundScope::Pooled);
        estimator.add(&counts, sum, sum.unwrap_or(f64::NAN));
        estimator
    };
    let observed = estimate(counts_things(family));
    if observed.has_fractions() {
        estimate(false)
    } else {
        observed
    }
}

/// Whether the observations are whole numbers by what they are: tokens, or a number of something.
fn counts_things(family: &FamilyView<'_>) -> bool {
    let name = family.key();
    let tokens = [name, name.strip_suffix("_total").unwrap_or(name)]
        .iter()
        .any(|name| name.ends_with("_tokens"));
    family.unit() == "tokens" || tokens || name.contains("_num_")
}

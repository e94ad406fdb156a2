//! What one page tells of the observations of a histogram of current values.

use aiperf_plugin_sdk::report::BoundScope;

use crate::stats::HistogramEstimator;
use crate::store::{PartTotal, Role};

/// The values of a histogram of current values.
pub(super) fn at_once(whole: bool, parts: &[PartTotal<'_>]) -> HistogramEstimator {
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
    let observed = estimate(whole);
    if observed.has_fractions() {
        estimate(false)
    } else {
        observed
    }
}

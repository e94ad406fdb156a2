//! What a histogram's buckets alone say.

use aiperf_plugin_sdk::report::ValueBounds;

/// A cumulative bucket: observations not above `le`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cumulative {
    /// Upper edge; infinite for the last.
    pub le: f64,
    /// Observations not above it.
    pub count: f64,
}

/// Lower edge of the bucket at `index`.
///
/// Observations are taken to be not negative, as Prometheus does, unless an edge is negative.
fn lower_edge(buckets: &[Cumulative], index: usize) -> f64 {
    match index.checked_sub(1) {
        Some(below) => buckets[below].le,
        None if buckets[0].le >= 0.0 => 0.0,
        None => f64::NEG_INFINITY,
    }
}

/// Index of the bucket that holds the observation of this rank (from 1).
fn bucket_of(buckets: &[Cumulative], rank: f64) -> Option<usize> {
    let holds = |bucket: &Cumulative| bucket.count >= rank && bucket.count > 0.0;
    buckets.iter().position(holds)
}

/// Where quantile `q` is proven to lie: within the edges of the buckets that its neighbours by rank
/// fall into. `None` without observations.
pub fn value_bounds(buckets: &[Cumulative], q: f64) -> Option<ValueBounds> {
    let count = buckets.last()?.count;
    // Quantiles are numpy's `linear`: between the observations around position (n - 1) q.
    let position = (count - 1.0).max(0.0) * q;
    let lower = bucket_of(buckets, position.floor() + 1.0)?;
    let upper = bucket_of(buckets, (position.ceil() + 1.0).min(count))?;
    let finite = |edge: f64| Some(edge).filter(|edge| edge.is_finite());
    Some(ValueBounds {
        lower: finite(lower_edge(buckets, lower)),
        upper: finite(buckets[upper].le),
    })
}

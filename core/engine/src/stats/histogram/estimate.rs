//! What an estimator finds out.

use aiperf_plugin_sdk::report::{BoundScope, ValueBounds};

/// A quantile: numpy's `linear`, between the observations around position `(n - 1) q`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct QuantileEstimate {
    /// The estimate, within its bounds; `None` if there is nothing to estimate it from.
    pub value: Option<f64>,
    /// Where the quantile is proven to lie.
    pub bounds: ValueBounds,
}

/// What counts and sums of intervals tell of observations. Values have the unit of the edges.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramEstimate {
    /// Number of observations.
    pub count: u64,
    /// Their sum; `None` if it is not known of all.
    pub sum: Option<f64>,
    /// Their exact mean; `None` without observations or sum.
    pub mean: Option<f64>,
    /// Where the smallest observation is proven to lie; `None` without observations.
    pub min: Option<ValueBounds>,
    /// Where the largest observation is proven to lie; `None` without observations.
    pub max: Option<ValueBounds>,
    /// Population standard deviation, an estimate within its bounds.
    pub std: Option<f64>,
    /// Where the standard deviation is proven to lie; `None` without a usable sum.
    pub std_bounds: Option<ValueBounds>,
    /// In the order in which they were asked for; without observations all is `None`.
    pub quantiles: Vec<QuantileEstimate>,
    /// What the bounds were proven from.
    pub scope: BoundScope,
    /// Intervals whose sum cannot come from their buckets: the page was written while the server
    /// counted. They are joined with the next.
    pub inconsistent: u64,
    /// Why something is `None` or less sure than usual, a stable name; empty if nothing is.
    pub note: &'static str,
}

//! Statistics: pure functions over values. The formulas are in `docs/metrics.md`.

mod counter;
mod histogram;
mod sampling;
mod sketch;
mod summary;
#[cfg(test)]
mod tests;
mod weighted;

pub use counter::{Increases, Running, increases, joined_rates, rates};
pub use histogram::{HistogramEstimate, HistogramEstimator, QuantileEstimate};
pub use sampling::{Sampling, sampling_error};
pub use sketch::Sketch;
pub use summary::{percentile, summary};
pub use weighted::{nearest_weights, weighted_summary};

//! Statistics: pure functions over values. The formulas are in `docs/metrics.md`.

mod counter;
mod distribution;
mod histogram;
mod order;
mod sampling;
mod sketch;
mod student;
mod summary;
#[cfg(test)]
mod tests;
mod weighted;

pub use counter::{Increases, Running, increases, joined_rates, rates};
pub use distribution::{Distribution, PERCENTILES};
pub use histogram::{HistogramEstimate, HistogramEstimator, QuantileEstimate};
pub use order::percentile_ranks;
pub use sampling::{Sampling, sampling_error};
pub use sketch::Sketch;
pub use student::{MeanOfRuns, mean_of_runs};
pub use summary::{percentile, summary};
pub use weighted::{nearest_weights, weighted_summary};

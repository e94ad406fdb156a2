//! Percentiles of a histogram of which only pages are known: estimates, and bounds that are proven.
//!
//! Between two pages a histogram tells how many observations fell into each bucket, and their sum.
//! Buckets alone say where a percentile lies within an edge or two. The sums say more: most
//! intervals have few observations, or few buckets. See `docs/histograms.md`.

mod block;
mod buffer;
mod cells;
mod constraint;
mod density;
mod estimate;
mod estimator;
mod exact;
mod finish;
mod flaw;
mod grid;
mod layout;
mod proof;
mod range;
mod shape;
mod slot;
mod solve;
mod spread;
#[cfg(test)]
mod tests;
mod tilt;

pub use estimate::{HistogramEstimate, QuantileEstimate};
pub use estimator::HistogramEstimator;

//! Requests that kept their limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests of the profiling phase by whether they kept all limits; `docs/metrics.md#goodput`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GoodputReport {
    /// Requests that kept all limits.
    pub good: u64,
    /// Requests of which that is known: complete and failed ones, and those given up when they were
    /// late already.
    pub judged: u64,
    /// The limits.
    pub limits: Vec<GoodputLimit>,
}

/// A limit for single requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GoodputLimit {
    /// Metric, such as `time_to_first_token`.
    pub metric: String,
    /// True if the metric must not be above the limit, false if not below.
    pub at_most: bool,
    /// In the metric's unit.
    pub limit: f64,
    /// Requests that missed it. A failed request misses none, and is not good either.
    pub missed: u64,
}

//! `[sweep]`.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::UnitDuration;

/// Several runs in a row, of one load or of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SweepConfig {
    /// Settings that vary, by their path in this file, each with the values that it takes:
    /// `"load.concurrency" = [1, 8, 64]`. Every combination is a run, see `mode`.
    pub vary: IndexMap<String, Vec<serde_json::Value>>,
    /// How the values of several settings are combined.
    pub mode: SweepMode,
    /// Runs of each combination. From two on the summary has confidence intervals.
    #[schemars(range(min = 1, max = 1000))]
    pub num_profile_runs: u32,
    /// Time between two runs.
    pub cooldown: UnitDuration,
    /// Probability with which a confidence interval holds the true mean.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub confidence_level: f64,
    /// Search the largest value of a setting with which `slo` is kept, instead of trying all:
    /// `{ setting = "load.concurrency", min = 1, max = 256, precision = 0.05 }`.
    pub search: Option<SearchConfig>,
    /// What a run has to keep, such as `time_to_first_token:p99 <= 200`: a metric of `aiperf.json`, one
    /// of its statistics (default: `avg`), and a limit in its unit. `failed_fraction` is the share of
    /// requests that failed; unless it is named, none may.
    #[schemars(inner(length(min = 1)))]
    pub slo: Vec<String>,
    /// Share of requests that has to keep `[goodput]` for a search to go on with more, 0 to 1. Default: 0.9
    /// for a search with `[goodput]`, else no such limit.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub good_fraction: Option<f64>,
}

/// What is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// Path of the setting: `load.concurrency` or `load.request_rate`.
    #[schemars(length(min = 1))]
    pub setting: String,
    /// The smallest value of interest. The search begins there.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub min: f64,
    /// The largest value of interest.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub max: f64,
    /// The search ends when a value that keeps the limits and one that does not are this near, as a
    /// fraction of the larger. Whole numbers stay whole.
    #[serde(default = "default_precision")]
    #[schemars(range(min = 0.001), extend("exclusiveMaximum" = 1))]
    pub precision: f64,
}

/// How the values of several settings are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SweepMode {
    /// Each with each.
    #[default]
    Grid,
    /// The first with the first, the second with the second, and so on.
    Zip,
}

fn default_precision() -> f64 {
    0.05
}

impl Default for SweepConfig {
    fn default() -> Self {
        Self {
            vary: IndexMap::new(),
            mode: SweepMode::Grid,
            num_profile_runs: 1,
            cooldown: UnitDuration(Duration::ZERO),
            confidence_level: 0.95,
            search: None,
            slo: Vec::new(),
            good_fraction: None,
        }
    }
}

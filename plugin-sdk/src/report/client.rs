//! What the clients saw.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Estimator, Stats, ValueBounds};

/// A metric of the load generator, such as `time_to_first_token`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientMetric {
    /// The seven statistics. A metric that is one number has only `avg`.
    #[serde(flatten)]
    pub stats: Stats,
    /// Further percentiles; absent for a metric that is one number, and in slices.
    #[serde(flatten)]
    pub percentiles: Percentiles,
    /// 95 % confidence intervals of percentiles, by name. A side is `None` if `n` is too small for it.
    /// Empty where values depend on each other, for a metric that is one number, and in slices.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub confidence_intervals: BTreeMap<String, ValueBounds>,
    /// Such as `ms`.
    pub unit: String,
    /// Number of values: requests, or gaps for pooled metrics.
    pub n: u64,
    /// Name for people, such as `Time to First Token`.
    pub display_name: String,
    /// How percentiles were made.
    pub estimator: Estimator,
    /// True if values are estimated because the server gave no usage.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// Percentiles of a client metric beside those of [`Stats`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "they are the percentiles of their names; `p99_9` is the 99.9th"
)]
pub struct Percentiles {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p1: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p5: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p10: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p25: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p75: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_9: Option<f64>,
}

impl ClientMetric {
    /// Names of [`ClientMetric::statistics`].
    pub const NAMES: [&'static str; 14] = [
        "avg", "min", "max", "p99", "p90", "p50", "std", "p1", "p5", "p10", "p25", "p75", "p95",
        "p99_9",
    ];

    /// The seven, then further percentiles, rising.
    pub fn statistics(&self) -> [Option<f64>; 14] {
        let [avg, min, max, p99, p90, p50, std] = self.stats.seven();
        let Percentiles {
            p1,
            p5,
            p10,
            p25,
            p75,
            p95,
            p99_9,
        } = self.percentiles;
        [
            avg, min, max, p99, p90, p50, std, p1, p5, p10, p25, p75, p95, p99_9,
        ]
    }

    /// A statistic by its name; `None` if it is not known, or there is none of that name.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        self.statistics()[at]
    }
}

/// Requests of one phase: `sent = done + failed + cancelled`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RequestTotals {
    /// First byte was written.
    pub sent: u64,
    /// Complete answer.
    pub done: u64,
    /// Any failure; by class in `errors`.
    pub failed: u64,
    /// Given up by us: on purpose, at the end of the grace period or by Ctrl-C.
    pub cancelled: u64,
    /// Sum of `usage.prompt_tokens`; `None` if no answer carried it.
    pub prompt_tokens: Option<u64>,
    /// Sum of `usage.completion_tokens`; `None` if no answer carried it.
    pub completion_tokens: Option<u64>,
    /// Sum of `usage.prompt_tokens_details.cached_tokens`; `None` if no answer carried it.
    pub cached_tokens: Option<u64>,
    /// Failures by class, most frequent first.
    pub errors: Vec<ErrorClass>,
}

/// Failures of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ErrorClass {
    /// Such as `http_500`, `connect_refused`, `timeout`.
    pub class: String,
    /// How many.
    pub count: u64,
    /// The first one's message (status and body for HTTP errors), on one line.
    pub example: String,
}

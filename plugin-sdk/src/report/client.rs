//! What the clients saw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Estimator, Stats};

/// A metric of the load generator, such as `time_to_first_token`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientMetric {
    /// The seven statistics. A metric that is one number has only `avg`.
    #[serde(flatten)]
    pub stats: Stats,
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

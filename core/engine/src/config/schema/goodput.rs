//! `[goodput]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::{Goodput, Limit, Quantity};

/// Limits for single requests. Times are in milliseconds, and must not be above their limit; speeds are in
/// tokens per second, and must not be below theirs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GoodputConfig {
    /// Milliseconds from the first byte sent to the first token, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub time_to_first_token: Option<f64>,
    /// Milliseconds between the first two chunks with text, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub time_to_second_token: Option<f64>,
    /// Milliseconds to the first token that is no reasoning, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub time_to_first_output_token: Option<f64>,
    /// Milliseconds for each token after the first, on average over the request, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub inter_token_latency: Option<f64>,
    /// Milliseconds from the first byte sent to the last token, at most.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub request_latency: Option<f64>,
    /// As `time_to_first_token`, from the moment at which the request was due.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub effective_time_to_first_token: Option<f64>,
    /// As `request_latency`, from the moment at which the request was due.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub effective_latency: Option<f64>,
    /// Output tokens per second after the first, at least.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub output_token_throughput_per_user: Option<f64>,
    /// Prompt tokens per second until the first token, at least.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub prefill_throughput_per_user: Option<f64>,
    /// Output tokens per second of the whole request, at least.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub e2e_output_token_throughput: Option<f64>,
}

impl GoodputConfig {
    /// The limits that are set.
    pub fn goodput(&self) -> Goodput {
        let limits = [
            (Quantity::TimeToFirstToken, self.time_to_first_token),
            (Quantity::TimeToSecondToken, self.time_to_second_token),
            (
                Quantity::TimeToFirstOutputToken,
                self.time_to_first_output_token,
            ),
            (Quantity::InterTokenLatency, self.inter_token_latency),
            (Quantity::RequestLatency, self.request_latency),
            (
                Quantity::EffectiveTimeToFirstToken,
                self.effective_time_to_first_token,
            ),
            (Quantity::EffectiveLatency, self.effective_latency),
            (
                Quantity::OutputTokenThroughputPerUser,
                self.output_token_throughput_per_user,
            ),
            (
                Quantity::PrefillThroughputPerUser,
                self.prefill_throughput_per_user,
            ),
            (
                Quantity::E2eOutputTokenThroughput,
                self.e2e_output_token_throughput,
            ),
        ];
        let limits = limits.into_iter();
        let limit = |(metric, limit): (Quantity, Option<f64>)| {
            Some(Limit {
                metric,
                limit: limit?,
            })
        };
        Goodput {
            limits: limits.filter_map(limit).collect(),
        }
    }
}

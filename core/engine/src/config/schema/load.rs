//! `[load]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::UnitDuration;

/// The requests that are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadConfig {
    /// Requests in flight: each response is followed by the next request.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub concurrency: u32,
    /// Requests to send. With neither this nor a duration: twice the concurrency, at least 10.
    #[schemars(range(min = 1))]
    pub request_count: Option<u64>,
    /// Time after which no more requests are sent. With a request count too, whichever is first.
    #[schemars(extend("x-min" = "1ms"))]
    pub benchmark_duration: Option<UnitDuration>,
    /// How long requests in flight may go on after the duration is over; then they are cancelled.
    pub benchmark_grace_period: UnitDuration,
    /// Requests sent before the measured ones and left out of the results. 0: no warm-up.
    pub warmup_request_count: u64,
    /// Input sequence length: mean number of tokens of a prompt.
    #[schemars(range(min = 1))]
    pub isl: f64,
    /// Standard deviation of `isl`, in tokens. 0: all prompts have the same length.
    #[schemars(range(min = 0))]
    pub isl_stddev: f64,
    /// Output sequence length: mean number of tokens asked for. Without it the server decides.
    #[schemars(range(min = 1))]
    pub osl: Option<f64>,
    /// Standard deviation of `osl`, in tokens. 0: all requests ask for the same length.
    #[schemars(range(min = 0))]
    pub osl_stddev: f64,
    /// Seed of everything drawn at random. Without it each run draws one, so that its prompts are
    /// not in the server's prefix cache; it is written to the run's resolved config.
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_u64))]
    pub random_seed: Option<u64>,
}

impl Default for LoadConfig {
    fn default() -> Self {
        Self {
            concurrency: 1,
            request_count: None,
            benchmark_duration: None,
            benchmark_grace_period: UnitDuration(Duration::from_secs(30)),
            warmup_request_count: 0,
            isl: 550.0,
            isl_stddev: 0.0,
            osl: None,
            osl_stddev: 0.0,
            random_seed: None,
        }
    }
}

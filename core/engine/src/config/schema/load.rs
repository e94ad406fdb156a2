//! `[load]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::UnitDuration;

/// The requests that are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadConfig {
    /// Requests in flight: each response is followed by the next request. Default: 1. With a request
    /// rate, the most requests in flight; what is due meanwhile waits. Default then: no limit.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub concurrency: Option<u32>,
    /// Time over which the requests in flight begin, one after the other. Default: all at once.
    pub concurrency_ramp_duration: Option<UnitDuration>,
    /// Requests per second, sent whatever the responses do. Default: each response is followed by the
    /// next request.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub request_rate: Option<f64>,
    /// Time over which the request rate rises evenly from 0. Default: none.
    pub request_rate_ramp_duration: Option<UnitDuration>,
    /// A request rate that changes: linear between these points, constant before the first and after
    /// the last. Two points at one time are a step. Without a count or a duration the phase ends with
    /// the last point.
    #[schemars(length(min = 1))]
    pub request_rate_series: Option<Vec<RatePoint>>,
    /// What comes at a request rate where conversations have several turns.
    pub rate_of: RateOf,
    /// Requests per second of users who take turns: each of `num_users` sends a request so many times as
    /// long after the last one, or when that is answered if it takes longer.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub user_centric_rate: Option<f64>,
    /// Users of `user_centric_rate`; they begin one after the other, each with another number of turns left. A
    /// conversation that ends is followed by another one.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub num_users: Option<u32>,
    /// Send the requests of `prompts.input_file` at its timestamps. `concurrency` is the most in flight then.
    /// Default: so it is if all have one, and neither a concurrency nor a rate is given.
    pub fixed_schedule: Option<bool>,
    /// Send each request of a fixed schedule at its own timestamp, alone: without waiting for the answer
    /// before it, and without what was said before.
    pub open_loop_strict: bool,
    /// Shift the timestamps so that the first request is sent at once.
    pub fixed_schedule_auto_offset: bool,
    /// Leave out what has an earlier timestamp, and begin there. Default: begin at 0.
    pub fixed_schedule_start_offset: Option<UnitDuration>,
    /// Leave out what has a later timestamp. Default: nothing.
    pub fixed_schedule_end_offset: Option<UnitDuration>,
    /// How many times as fast as recorded a fixed schedule is sent.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub replay_speedup: f64,
    /// How the gaps between requests of a request rate vary.
    pub arrival_pattern: ArrivalPattern,
    /// Shape of the gaps of pattern `gamma`: below 1 requests come in bursts, 1 is `poisson`, above
    /// they are more even.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub arrival_smoothness: Option<f64>,
    /// Requests at most that wait for their first token; others wait for a place. Needs streams.
    /// Default: no limit.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub prefill_concurrency: Option<u32>,
    /// Time over which `prefill_concurrency` rises from 1. Default: at once.
    pub prefill_concurrency_ramp_duration: Option<UnitDuration>,
    /// Requests of 100 that the client gives up, drawn at random. They count as cancelled.
    #[schemars(range(min = 0, max = 100))]
    pub request_cancellation_rate: f64,
    /// From the sending of such a request to its end.
    pub request_cancellation_delay: UnitDuration,
    /// Conversations to begin; those are carried on to their ends. Default: no limit, or twice the
    /// concurrency where conversations have several turns and neither requests nor time is limited.
    #[schemars(range(min = 1))]
    pub conversation_num: Option<u64>,
    /// Requests to send. With neither this nor a duration: twice the concurrency, or ten seconds of the
    /// request rate; at least 10.
    #[schemars(range(min = 1))]
    pub request_count: Option<u64>,
    /// Time after which no more requests are sent. With a request count too, whichever is first.
    #[schemars(extend("x-min" = "1ms"))]
    pub benchmark_duration: Option<UnitDuration>,
    /// How long requests in flight may go on after the duration is over; then they are cancelled.
    pub benchmark_grace_period: UnitDuration,
    /// Failed requests that end the phase, and the run with it. Default: no limit.
    #[schemars(range(min = 1))]
    pub max_errors: Option<u64>,
    /// Share of failed requests, of at least 10 that ended, beyond which the phase ends, and the run with
    /// it. Default: no limit.
    #[schemars(range(min = 0, max = 1))]
    pub failed_request_threshold: Option<f64>,
    /// Requests sent before the measured ones and left out of the results. 0: no warm-up, unless it has
    /// a duration.
    pub warmup_request_count: u64,
    /// Time after which no more warm-up requests are sent. With a count too, whichever is first.
    #[schemars(extend("x-min" = "1ms"))]
    pub warmup_duration: Option<UnitDuration>,
    /// Warm-up conversations to begin, and to carry on to their ends.
    #[schemars(range(min = 1))]
    pub warmup_conversation_num: Option<u64>,
    /// Go on from the warm-up without a pause: requests of it that are running belong to it, those sent
    /// from then on are measured. Server totals of both are not exact then.
    pub seamless_warmup: bool,
    /// `concurrency` of the warm-up. Default: the same, unless it has a rate of its own.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub warmup_concurrency: Option<u32>,
    /// `request_rate` of the warm-up. Default: the same, unless it has a concurrency of its own.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub warmup_request_rate: Option<f64>,
    /// `concurrency_ramp_duration` of the warm-up. Default: the same, unless it has a concurrency or a
    /// rate of its own.
    pub warmup_concurrency_ramp_duration: Option<UnitDuration>,
    /// `request_rate_ramp_duration` of the warm-up. Default: the same, unless it has a concurrency or a
    /// rate of its own.
    pub warmup_request_rate_ramp_duration: Option<UnitDuration>,
    /// `arrival_pattern` of the warm-up. Default: the same.
    pub warmup_arrival_pattern: Option<ArrivalPattern>,
    /// `prefill_concurrency` of the warm-up. Default: the same.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub warmup_prefill_concurrency: Option<u32>,
    /// `prefill_concurrency_ramp_duration` of the warm-up. Default: the same.
    pub warmup_prefill_concurrency_ramp_duration: Option<UnitDuration>,
    /// `benchmark_grace_period` of the warm-up. Default: the same.
    pub warmup_grace_period: Option<UnitDuration>,
    /// Input sequence length: mean number of tokens of a prompt.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub isl: f64,
    /// Standard deviation of `isl`, in tokens. 0: all prompts have the same length.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub isl_stddev: f64,
    /// Output sequence length: mean number of tokens asked for. Without it the server decides.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub osl: Option<f64>,
    /// Standard deviation of `osl`, in tokens. 0: all requests ask for the same length.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub osl_stddev: f64,
    /// Seed of everything drawn at random. Without it each run draws one, so that its prompts are
    /// not in the server's prefix cache; it is written to the run's resolved config.
    #[schemars(range(min = 0, max = 9_007_199_254_740_992_u64))]
    pub random_seed: Option<u64>,
}

/// What comes at a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateOf {
    /// Requests. A turn that is due waits for the next moment of the rate, before conversations that would
    /// begin; `concurrency` is the most conversations under way.
    #[default]
    Requests,
    /// Conversations begin. Their further turns follow the answers, so that there are more requests.
    Conversations,
}

/// How the gaps between requests vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalPattern {
    /// Not at all.
    Constant,
    /// Independently of each other.
    Poisson,
    /// As `arrival_smoothness` says.
    Gamma,
    /// There is no rate: as fast as the concurrency allows.
    ConcurrencyBurst,
}

/// A request rate at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatePoint {
    /// Since the start of the phase.
    pub at: UnitDuration,
    /// Requests per second.
    #[schemars(range(min = 0))]
    pub rate: f64,
}

impl Default for LoadConfig {
    fn default() -> Self {
        Self {
            concurrency: None,
            concurrency_ramp_duration: None,
            request_rate: None,
            request_rate_ramp_duration: None,
            request_rate_series: None,
            rate_of: RateOf::Requests,
            user_centric_rate: None,
            num_users: None,
            fixed_schedule: None,
            open_loop_strict: false,
            fixed_schedule_auto_offset: false,
            fixed_schedule_start_offset: None,
            fixed_schedule_end_offset: None,
            replay_speedup: 1.0,
            arrival_pattern: ArrivalPattern::Poisson,
            arrival_smoothness: None,
            prefill_concurrency: None,
            prefill_concurrency_ramp_duration: None,
            request_cancellation_rate: 0.0,
            request_cancellation_delay: UnitDuration(Duration::ZERO),
            conversation_num: None,
            request_count: None,
            benchmark_duration: None,
            benchmark_grace_period: UnitDuration(Duration::from_secs(30)),
            max_errors: None,
            failed_request_threshold: None,
            warmup_request_count: 0,
            warmup_duration: None,
            warmup_conversation_num: None,
            seamless_warmup: false,
            warmup_concurrency: None,
            warmup_request_rate: None,
            warmup_concurrency_ramp_duration: None,
            warmup_request_rate_ramp_duration: None,
            warmup_arrival_pattern: None,
            warmup_prefill_concurrency: None,
            warmup_prefill_concurrency_ramp_duration: None,
            warmup_grace_period: None,
            isl: 550.0,
            isl_stddev: 0.0,
            osl: None,
            osl_stddev: 0.0,
            random_seed: None,
        }
    }
}

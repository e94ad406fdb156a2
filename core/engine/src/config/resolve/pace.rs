//! When the requests of a phase are sent: settings become an arrival process and its limits.

use std::time::Duration;

use crate::config::quantity::UnitDuration;
use crate::config::schema::{ArrivalPattern, LoadConfig, RateOf, RatePoint};
use crate::load::{self, ArrivalPlan, Curve, CurveError, Pattern, PrefillPlan, RatePlan, StopPlan};

/// Requests at least, if the user limits neither their number nor the time.
const MIN_DEFAULT_REQUESTS: u64 = 10;
/// Seconds of requests at a rate, in the same case.
const DEFAULT_SECONDS: f64 = 10.0;

/// When the requests of one phase are sent, as written.
#[derive(Clone, Copy)]
pub(super) struct Pace<'a> {
    pub(super) concurrency: Option<u32>,
    pub(super) concurrency_ramp: Option<UnitDuration>,
    pub(super) rate: Option<f64>,
    pub(super) rate_ramp: Option<UnitDuration>,
    pub(super) series: Option<&'a [RatePoint]>,
    pub(super) rate_of: RateOf,
    /// How many users, and requests per second of all of them.
    pub(super) users: Option<(u32, f64)>,
    pub(super) pattern: ArrivalPattern,
    pub(super) smoothness: Option<f64>,
    pub(super) prefill: Option<u32>,
    pub(super) prefill_ramp: Option<UnitDuration>,
}

impl<'a> Pace<'a> {
    pub(super) fn of_profiling(load: &'a LoadConfig) -> Self {
        Self {
            concurrency: load.concurrency,
            concurrency_ramp: load.concurrency_ramp_duration,
            rate: load.request_rate,
            rate_ramp: load.request_rate_ramp_duration,
            series: load.request_rate_series.as_deref(),
            rate_of: load.rate_of,
            users: load.num_users.zip(load.user_centric_rate),
            pattern: load.arrival_pattern,
            smoothness: load.arrival_smoothness,
            prefill: load.prefill_concurrency,
            prefill_ramp: load.prefill_concurrency_ramp_duration,
        }
    }

    /// With a concurrency or a rate of its own the warm-up has neither of the other phase's.
    pub(super) fn of_warmup(load: &'a LoadConfig) -> Self {
        let other = Self::of_profiling(load);
        let is_own = load.warmup_concurrency.is_some() || load.warmup_request_rate.is_some();
        let pace = if is_own {
            Self {
                concurrency: load.warmup_concurrency,
                concurrency_ramp: None,
                rate: load.warmup_request_rate,
                rate_ramp: None,
                series: None,
                users: None,
                ..other
            }
        } else {
            other
        };
        let prefill_ramp = load.warmup_prefill_concurrency_ramp_duration;
        Self {
            concurrency_ramp: load
                .warmup_concurrency_ramp_duration
                .or(pace.concurrency_ramp),
            rate_ramp: load.warmup_request_rate_ramp_duration.or(pace.rate_ramp),
            pattern: load.warmup_arrival_pattern.unwrap_or(pace.pattern),
            prefill: load.warmup_prefill_concurrency.or(pace.prefill),
            prefill_ramp: prefill_ramp.or(pace.prefill_ramp),
            ..pace
        }
    }

    pub(super) fn has_rate(&self) -> bool {
        self.rate.is_some() || self.series.is_some()
    }

    /// A closed loop has a size, and one of 1 unless something else is said.
    pub(super) fn concurrency(&self) -> Option<u32> {
        let users = self.users.map(|(users, _)| users);
        let most = self.concurrency.or(users);
        most.or((!self.has_rate()).then_some(1))
    }

    /// Time over which the requests in flight begin. Users take turns from the start.
    pub(super) fn concurrency_ramp(&self) -> Duration {
        let turn = self.users.map(user_gap);
        turn.unwrap_or_else(|| time(self.concurrency_ramp))
    }

    fn curve(&self) -> Option<Result<Curve, CurveError>> {
        if let Some(series) = self.series {
            let point = |point: &RatePoint| load::RatePoint {
                at: point.at.0,
                rate: point.rate,
            };
            let points: Vec<_> = series.iter().map(point).collect();
            return Some(Curve::through(&points));
        }
        let rate = self.rate?;
        Some(match self.rate_ramp {
            Some(ramp) => Curve::ramp(rate, ramp.0),
            None => Curve::constant(rate),
        })
    }

    pub(super) fn arrival(&self) -> Result<ArrivalPlan, CurveError> {
        let Some(curve) = self.curve() else {
            let gap = self.users.map(user_gap);
            let users = gap.map(|gap| ArrivalPlan::Users { gap });
            return Ok(users.unwrap_or(ArrivalPlan::ClosedLoop));
        };
        let pattern = match self.pattern {
            ArrivalPattern::Constant => Pattern::Constant,
            ArrivalPattern::Poisson => Pattern::Poisson,
            ArrivalPattern::Gamma => Pattern::Gamma {
                smoothness: self.smoothness.unwrap_or(1.0),
            },
            // A rate beside it is an error, which is recorded.
            ArrivalPattern::ConcurrencyBurst => return Ok(ArrivalPlan::ClosedLoop),
        };
        let of = match self.rate_of {
            RateOf::Requests => load::RateOf::Requests,
            RateOf::Conversations => load::RateOf::Conversations,
        };
        curve.map(|curve| ArrivalPlan::Rate(RatePlan { curve, pattern, of }))
    }

    pub(super) fn prefill(&self) -> Option<PrefillPlan> {
        Some(PrefillPlan {
            concurrency: self.prefill? as usize,
            ramp: time(self.prefill_ramp),
        })
    }

    /// When the phase ends if the user limits neither the number of requests nor the time.
    pub(super) fn default_stop(&self) -> StopPlan {
        let of_series = self.series.and_then(<[RatePoint]>::last);
        let end = of_series
            .map(|point| point.at.0)
            .filter(|end| !end.is_zero());
        let peak = self.curve().and_then(Result::ok).map(|curve| curve.peak());
        let peak = peak.or(self.users.map(|(_, rate)| rate));
        let of_concurrency = 2 * u64::from(self.concurrency.unwrap_or(1));
        let of_rate = peak.map(|rate| rounded(DEFAULT_SECONDS * rate));
        let count = of_rate.unwrap_or(of_concurrency).max(MIN_DEFAULT_REQUESTS);
        StopPlan {
            request_count: end.is_none().then_some(count),
            duration: end,
            ..StopPlan::default()
        }
    }
}

/// From one request of a user to the next, if they take turns.
fn user_gap((users, rate): (u32, f64)) -> Duration {
    // Less than a request in all time is none.
    Duration::try_from_secs_f64(f64::from(users) / rate).unwrap_or(Duration::MAX)
}

pub(super) fn time(duration: Option<UnitDuration>) -> Duration {
    duration.map_or(Duration::ZERO, |duration| duration.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a rate is above 0"
)]
fn rounded(count: f64) -> u64 {
    count.round() as u64
}

//! `[load]` becomes phases: when requests are sent, and when no more.

use std::time::Duration;

use super::Resolver;
use crate::config::error::Problem;
use crate::config::quantity::UnitDuration;
use crate::config::schema::{ArrivalPattern, LoadConfig};
use crate::load::{
    ArrivalPlan, Curve, CurveError, Pattern, PhaseKind, PhasePlan, RatePlan, StopPlan,
};

/// Requests at least, if the user limits neither their number nor the time.
const MIN_DEFAULT_REQUESTS: u64 = 10;
/// Seconds of requests at a rate, in the same case.
const DEFAULT_SECONDS: f64 = 10.0;

/// When the requests of one phase are sent, as written.
#[derive(Clone, Copy)]
struct Pace {
    concurrency: Option<u32>,
    concurrency_ramp: Option<UnitDuration>,
    rate: Option<f64>,
    rate_ramp: Option<UnitDuration>,
    pattern: ArrivalPattern,
}

impl Pace {
    fn of_profiling(load: &LoadConfig) -> Self {
        Self {
            concurrency: load.concurrency,
            concurrency_ramp: load.concurrency_ramp_duration,
            rate: load.request_rate,
            rate_ramp: load.request_rate_ramp_duration,
            pattern: load.arrival_pattern,
        }
    }

    /// With a concurrency or a rate of its own the warm-up has nothing of the other phase's.
    fn of_warmup(load: &LoadConfig) -> Self {
        if load.warmup_concurrency.is_none() && load.warmup_request_rate.is_none() {
            return Self::of_profiling(load);
        }
        Self {
            concurrency: load.warmup_concurrency,
            concurrency_ramp: None,
            rate: load.warmup_request_rate,
            rate_ramp: None,
            pattern: load.arrival_pattern,
        }
    }

    /// A closed loop has a size, and one of 1 unless something else is said.
    fn concurrency(&self) -> Option<u32> {
        self.concurrency.or(self.rate.is_none().then_some(1))
    }

    fn arrival(&self, load: &LoadConfig) -> Result<ArrivalPlan, CurveError> {
        let Some(rate) = self.rate else {
            return Ok(ArrivalPlan::ClosedLoop);
        };
        let curve = match self.rate_ramp {
            Some(ramp) => Curve::ramp(rate, ramp.0),
            None => Curve::constant(rate),
        };
        let pattern = match self.pattern {
            ArrivalPattern::Constant => Pattern::Constant,
            ArrivalPattern::Poisson => Pattern::Poisson,
            ArrivalPattern::Gamma => Pattern::Gamma {
                smoothness: load.arrival_smoothness.unwrap_or(1.0),
            },
        };
        curve.map(|curve| ArrivalPlan::Rate(RatePlan { curve, pattern }))
    }

    /// Requests if neither their number nor the time is limited.
    fn default_count(&self) -> u64 {
        let of_concurrency = 2 * u64::from(self.concurrency.unwrap_or(1));
        let of_rate = self.rate.map(|rate| rounded(DEFAULT_SECONDS * rate));
        of_rate.unwrap_or(of_concurrency).max(MIN_DEFAULT_REQUESTS)
    }
}

impl Resolver<'_> {
    /// The phases, in order. What is wrong is recorded.
    pub(super) fn phases(&mut self) -> Vec<PhasePlan> {
        self.check_arrival();
        self.check_count();
        let load = &self.config.load;
        let pace = Pace::of_profiling(load);
        let duration = load.benchmark_duration.map(|duration| duration.0);
        let stop = StopPlan {
            request_count: load
                .request_count
                .or_else(|| duration.is_none().then(|| pace.default_count())),
            duration,
        };
        let grace = load.benchmark_grace_period;
        let warmup = StopPlan {
            request_count: Some(load.warmup_request_count).filter(|count| *count > 0),
            duration: load.warmup_duration.map(|duration| duration.0),
        };
        let warms_up = warmup.request_count.is_some() || warmup.duration.is_some();
        let warmup_grace = load.warmup_grace_period.unwrap_or(grace);
        let mut phases = Vec::new();
        if warms_up {
            let pace = Pace::of_warmup(load);
            phases.extend(self.phase(PhaseKind::Warmup, pace, warmup, warmup_grace));
        }
        phases.extend(self.phase(PhaseKind::Profiling, pace, stop, grace));
        phases
    }

    /// `None` if its rate is none.
    fn phase(
        &mut self,
        kind: PhaseKind,
        pace: Pace,
        stop: StopPlan,
        grace: UnitDuration,
    ) -> Option<PhasePlan> {
        let (name, key) = match kind {
            PhaseKind::Warmup => ("warmup", "warmup_request_rate"),
            PhaseKind::Profiling => ("profiling", "request_rate"),
        };
        let arrival = match pace.arrival(&self.config.load) {
            Ok(arrival) => arrival,
            Err(error) => {
                self.wrong(&["load", key], &error.to_string(), None);
                return None;
            }
        };
        Some(PhasePlan {
            name: name.to_owned(),
            kind,
            arrival,
            concurrency: pace.concurrency().map(|n| n as usize),
            concurrency_ramp: pace.concurrency_ramp.map_or(Duration::ZERO, |ramp| ramp.0),
            stop,
            grace_period: grace.0,
        })
    }

    fn check_arrival(&mut self) {
        let load = &self.config.load;
        let has_rate = load.request_rate.or(load.warmup_request_rate).is_some();
        let gamma = load.arrival_pattern == ArrivalPattern::Gamma;
        let together = "give `arrival_pattern = \"gamma\"` and `arrival_smoothness` together";
        let rate_missing = "give `request_rate` too";
        let rules = [
            (
                gamma && load.arrival_smoothness.is_none(),
                ("arrival_pattern", "needs `arrival_smoothness`", together),
            ),
            (
                !gamma && load.arrival_smoothness.is_some(),
                (
                    "arrival_smoothness",
                    "is only for `arrival_pattern = \"gamma\"`",
                    together,
                ),
            ),
            (
                // The default need not be written, and may be.
                load.arrival_pattern != ArrivalPattern::Poisson && !has_rate,
                ("arrival_pattern", "needs a rate", rate_missing),
            ),
            (
                load.request_rate_ramp_duration.is_some() && load.request_rate.is_none(),
                ("request_rate_ramp_duration", "needs a rate", rate_missing),
            ),
            (
                load.concurrency_ramp_duration.is_some()
                    && load.request_rate.is_some()
                    && load.concurrency.is_none(),
                (
                    "concurrency_ramp_duration",
                    "needs a concurrency",
                    "give `concurrency` too, the most requests in flight",
                ),
            ),
        ];
        for (_, (key, what, help)) in rules.into_iter().filter(|(is_broken, _)| *is_broken) {
            self.wrong(&["load", key], what, Some(help.to_owned()));
        }
    }

    /// A closed loop that is not filled is not what was asked for.
    fn check_count(&mut self) {
        let load = &self.config.load;
        let (Some(count), None) = (load.request_count, load.request_rate) else {
            return;
        };
        let concurrency = load.concurrency.unwrap_or(1);
        if count >= u64::from(concurrency) {
            return;
        }
        let message = format!(
            "{count} requests cannot keep {concurrency} in flight: the concurrency is not reached"
        );
        let origin = self.origin(&["load", "request_count"]);
        let problem = Problem::warning(message, origin.as_ref());
        self.problems
            .push(problem.help("send more requests or lower the concurrency"));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a rate is above 0"
)]
fn rounded(count: f64) -> u64 {
    count.round() as u64
}

//! `[load]` becomes phases: when requests are sent, and when no more.

use std::sync::Arc;
use std::time::Duration;

use super::Resolver;
use super::conversations::of_conversations;
use super::pace::Pace;
use crate::config::error::Problem;
use crate::config::quantity::UnitDuration;
use crate::config::schema::{ArrivalPattern, LoadConfig, RateOf};
use crate::load::{ArrivalPlan, CancellationPlan, PhaseKind, PhasePlan, PromptPlan, StopPlan};

impl Resolver<'_> {
    /// The phases, in order. What is wrong is recorded.
    pub(super) fn phases(
        &mut self,
        prompts: &PromptPlan,
        schedule: Option<&Arc<[Duration]>>,
    ) -> Vec<PhasePlan> {
        self.check_arrival();
        self.check_users();
        self.check_turns(prompts);
        self.check_prefill();
        self.check_count();
        let load = &self.config.load;
        let pace = Pace::of_profiling(load);
        let mut stop = StopPlan {
            request_count: load.request_count,
            conversations: load.conversation_num,
            duration: load.benchmark_duration.map(|duration| duration.0),
            ..StopPlan::default()
        };
        if stop == StopPlan::default() {
            stop = pace.default_stop();
            let paces_turns = pace.has_rate() && load.rate_of == RateOf::Requests;
            if prompts.has_turns() && !paces_turns {
                stop = of_conversations(stop, prompts);
            }
        }
        let grace = load.benchmark_grace_period;
        let warmup = StopPlan {
            request_count: Some(load.warmup_request_count).filter(|count| *count > 0),
            conversations: load.warmup_conversation_num,
            duration: load.warmup_duration.map(|duration| duration.0),
            ..StopPlan::default()
        };
        let mut phases = Vec::new();
        if warmup == StopPlan::default() && load.seamless_warmup {
            let help = "give `warmup_request_count` or `warmup_duration`".to_owned();
            self.wrong(&["load", "seamless_warmup"], "needs a warm-up", Some(help));
        }
        if load.warmup_conversation_num.is_some() && load.seamless_warmup {
            let what = "does not go with `seamless_warmup`";
            let help = "conversations that are carried on to their ends would run beside what is measured: \
                        limit requests or time instead";
            let path = ["load", "warmup_conversation_num"];
            self.wrong(&path, what, Some(help.to_owned()));
        }
        if warmup != StopPlan::default() {
            let (pace, grace) = (
                Pace::of_warmup(load),
                load.warmup_grace_period.unwrap_or(grace),
            );
            phases.extend(self.phase(PhaseKind::Warmup, pace, warmup, grace));
        }
        let profiling = self.phase(PhaseKind::Profiling, pace, stop, grace);
        phases.extend(profiling.map(|phase| match schedule {
            Some(moments) => on_schedule(phase, moments, prompts, load),
            None => phase,
        }));
        phases
    }

    /// `None` if its rate is none, which is recorded.
    fn phase(
        &mut self,
        kind: PhaseKind,
        pace: Pace<'_>,
        stop: StopPlan,
        grace: UnitDuration,
    ) -> Option<PhasePlan> {
        let load = &self.config.load;
        let arrival = match pace.arrival() {
            Ok(arrival) => arrival,
            Err(error) => {
                let key = match (pace.series, kind) {
                    (Some(_), _) => "request_rate_series",
                    (None, PhaseKind::Warmup) => "warmup_request_rate",
                    (None, PhaseKind::Profiling) => "request_rate",
                };
                self.wrong(&["load", key], &error.to_string(), None);
                return None;
            }
        };
        let share = load.request_cancellation_rate / 100.0;
        Some(PhasePlan {
            name: match kind {
                PhaseKind::Warmup => "warmup".to_owned(),
                PhaseKind::Profiling => "profiling".to_owned(),
            },
            kind,
            takes_over: kind == PhaseKind::Profiling && load.seamless_warmup,
            arrival,
            concurrency: pace.concurrency().map(|n| n as usize),
            concurrency_ramp: pace.concurrency_ramp(),
            prefill: pace.prefill(),
            cancellation: (share > 0.0).then_some(CancellationPlan {
                share,
                delay: load.request_cancellation_delay.0,
            }),
            stop: StopPlan {
                max_errors: load.max_errors,
                failed_share: load.failed_request_threshold,
                ..stop
            },
            grace_period: grace.0,
        })
    }

    fn check_arrival(&mut self) {
        let load = &self.config.load;
        let (pace, warmup) = (Pace::of_profiling(load), Pace::of_warmup(load));
        let has_rate = pace.has_rate() || warmup.has_rate();
        let gamma = [Some(load.arrival_pattern), load.warmup_arrival_pattern]
            .contains(&Some(ArrivalPattern::Gamma));
        let burst = load.arrival_pattern == ArrivalPattern::ConcurrencyBurst;
        let together = "give `arrival_pattern = \"gamma\"` and `arrival_smoothness` together";
        let rate_missing = "give `request_rate` too";
        self.refuse([
            (
                gamma && load.arrival_smoothness.is_none(),
                ("arrival_pattern", "needs `arrival_smoothness`"),
                together,
            ),
            (
                !gamma && load.arrival_smoothness.is_some(),
                (
                    "arrival_smoothness",
                    "is only for `arrival_pattern = \"gamma\"`",
                ),
                together,
            ),
            (
                // The default need not be written, and may be.
                load.arrival_pattern != ArrivalPattern::Poisson && !burst && !has_rate,
                ("arrival_pattern", "needs a rate"),
                rate_missing,
            ),
            (
                burst && pace.has_rate(),
                ("arrival_pattern", "is for requests without a rate"),
                "leave out the rate, or choose another pattern",
            ),
            (
                load.request_rate.is_some() && load.request_rate_series.is_some(),
                ("request_rate_series", "is a rate of its own"),
                "leave out `request_rate`",
            ),
            (
                load.rate_of == RateOf::Conversations && !has_rate,
                ("rate_of", "needs a rate"),
                rate_missing,
            ),
            (
                load.request_rate_ramp_duration.is_some() && load.request_rate.is_none(),
                ("request_rate_ramp_duration", "needs a rate"),
                rate_missing,
            ),
            (
                load.concurrency_ramp_duration.is_some() && pace.concurrency().is_none(),
                ("concurrency_ramp_duration", "needs a concurrency"),
                "give `concurrency` too, the most requests in flight",
            ),
        ]);
    }

    fn check_prefill(&mut self) {
        let load = &self.config.load;
        let streaming = self.config.endpoint.streaming;
        let is_above = load
            .prefill_concurrency
            .zip(load.concurrency)
            .is_some_and(|(prefill, concurrency)| prefill > concurrency);
        self.refuse([
            (
                load.prefill_concurrency.is_some() && !streaming,
                ("prefill_concurrency", "needs streams"),
                "without them there is no first token to wait for",
            ),
            (
                is_above,
                ("prefill_concurrency", "is above `concurrency`"),
                "lower it: no more requests than `concurrency` are in flight",
            ),
            (
                load.prefill_concurrency_ramp_duration.is_some()
                    && load.prefill_concurrency.is_none(),
                ("prefill_concurrency_ramp_duration", "needs a limit"),
                "give `prefill_concurrency` too",
            ),
            (
                !load.request_cancellation_delay.0.is_zero()
                    && load.request_cancellation_rate <= 0.0,
                ("request_cancellation_delay", "needs a rate"),
                "give `request_cancellation_rate` too, requests of 100",
            ),
        ]);
    }

    /// Records what is wrong with settings of `[load]`, of rules that are broken.
    pub(super) fn refuse<const N: usize>(&mut self, rules: [(bool, (&str, &str), &str); N]) {
        for (_, (key, what), help) in rules.into_iter().filter(|(is_broken, ..)| *is_broken) {
            self.wrong(&["load", key], what, Some(help.to_owned()));
        }
    }

    /// A closed loop that is not filled is not what was asked for.
    fn check_count(&mut self) {
        let load = &self.config.load;
        if load.fixed_schedule == Some(true) || load.num_users.is_some() {
            return;
        }
        let (Some(count), false) = (load.request_count, Pace::of_profiling(load).has_rate()) else {
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

/// Sends the requests of a phase at these moments.
fn on_schedule(
    phase: PhasePlan,
    moments: &Arc<[Duration]>,
    prompts: &PromptPlan,
    load: &LoadConfig,
) -> PhasePlan {
    let file = prompts.file.as_ref();
    let there = file.map_or(moments.len() as u64, |(dataset, _)| dataset.turns());
    PhasePlan {
        arrival: ArrivalPlan::Schedule(Arc::clone(moments)),
        concurrency: load.concurrency.map(|n| n as usize),
        stop: StopPlan {
            request_count: Some(load.request_count.unwrap_or(there).min(there)),
            conversations: load.conversation_num,
            ..phase.stop
        },
        ..phase
    }
}

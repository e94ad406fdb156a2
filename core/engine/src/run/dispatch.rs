//! The phases of a run, one after the other: load on the one side, readings on the other.

use aiperf_plugin_sdk::PhaseEvent;
use aiperf_plugin_sdk::report::{SettleReport, Warning};

use super::notes;
use super::profile::{kind_of, planned};
use super::requests::Requests;
use super::setup::{Setup, settle_options};
use crate::collect::Collection;
use crate::config::RunPlan;
use crate::event::{Event, Progress};
use crate::http::MonoNs;
use crate::load::{
    self, EndReason, LoadError, LoadEvent, LoadGenerator, LoadPlan, PhaseOutcome, Stop, StopSignal,
};
use crate::report::{Effort, PhaseWindow};

/// Where a phase took over from the one before.
struct Handover {
    at: MonoNs,
    in_flight: u64,
}

/// Drives load and collectors through the phases.
pub(super) struct Dispatcher<'a> {
    pub(super) plan: &'a RunPlan,
    pub(super) load: &'a LoadPlan,
    pub(super) setup: &'a Setup,
    pub(super) stop: &'a StopSignal,
    pub(super) requests: &'a Requests,
    pub(super) collection: Collection,
    pub(super) generator: LoadGenerator,
    pub(super) windows: Vec<PhaseWindow>,
    pub(super) warnings: Vec<Warning>,
    pub(super) reads_by_clock: (u64, u64),
    /// Exchanges in HTTP/1.1 and in HTTP/2.
    pub(super) by_version: (u64, u64),
}

impl Dispatcher<'_> {
    /// Runs all phases, unless somebody stops them.
    pub(super) fn run_phases(&mut self) -> Result<(), LoadError> {
        while self.windows.len() < self.load.phases.len() {
            if self.stop.state() != Stop::Run {
                break;
            }
            let reason = self.run_chain(self.windows.len())?;
            if reason != EndReason::Completed && reason != EndReason::Duration {
                break;
            }
        }
        Ok(())
    }

    /// Runs a phase, and those that take over from it.
    fn run_chain(&mut self, first: usize) -> Result<EndReason, LoadError> {
        self.collection.begin_phase(number(first));
        if first == 0 {
            self.setup
                .events
                .send(&Event::Endpoints(self.collection.states()));
        }
        self.tell(first, false);
        self.collection.tick(number(first), self.setup.clock.now());
        let (outcomes, handovers) = self.send(first)?;
        let last = outcomes.last().ok_or(LoadError::NoSuchPhase(first))?;
        self.tell(last.phase, true);
        let mut settle = self.settle(&outcomes, last);
        let mut windows = Vec::new();
        for outcome in &outcomes {
            self.note(outcome);
            let is_last = outcome.phase == last.phase;
            let settle = if is_last {
                std::mem::take(&mut settle)
            } else {
                Vec::new()
            };
            windows.push(self.window(outcome.phase, outcome, settle));
        }
        for (before, handover) in handovers.iter().enumerate() {
            if let [before, next, ..] = &mut windows[before..] {
                let at = self.setup.instant(handover.at);
                before.hand_over(next, at, handover.in_flight);
            }
        }
        self.windows.append(&mut windows);
        Ok(last.reason)
    }

    /// Sends the load of a chain, and tells sources when a phase takes over.
    fn send(&mut self, first: usize) -> Result<(Vec<PhaseOutcome>, Vec<Handover>), LoadError> {
        let (mut ending, mut handovers) = (false, Vec::new());
        let Self {
            generator,
            collection,
            setup,
            load,
            ..
        } = self;
        let mut on_event = |event| match event {
            LoadEvent::Progress(progress) => {
                let is_last = progress.phase + 1 >= load.phases.len();
                if !progress.sending && !ending && is_last {
                    ending = true;
                    collection.ending(setup.clock.now());
                }
                show(setup, load, &progress);
            }
            LoadEvent::TookOver {
                phase,
                at,
                in_flight,
            } => {
                collection.hand_over(number(phase));
                handovers.push(Handover { at, in_flight });
                tell(setup, load, phase - 1, true);
                tell(setup, load, phase, false);
            }
        };
        let outcomes = generator.run_phases(first, &mut on_event, self.stop);
        self.collection.rest();
        Ok((outcomes?, handovers))
    }

    /// Waits for the servers' counters after a chain.
    fn settle(&mut self, outcomes: &[PhaseOutcome], last: &PhaseOutcome) -> Vec<SettleReport> {
        if self.stop.state() == Stop::Abort {
            return Vec::new();
        }
        let phases = outcomes.iter().map(|outcome| number(outcome.phase));
        let expected = self.requests.expected(phases);
        let ends = outcomes.iter().filter_map(|outcome| outcome.last_response);
        let last_response = ends.max().unwrap_or(last.end);
        let options = settle_options(self.plan);
        let given_up = || self.stop.state() == Stop::Abort;
        let phase = number(last.phase);
        self.collection
            .end_phase(phase, last_response, &expected, &options, &given_up)
    }

    fn window(
        &self,
        index: usize,
        outcome: &PhaseOutcome,
        settle: Vec<SettleReport>,
    ) -> PhaseWindow {
        let plan = &self.load.phases[index];
        let number = number(index);
        let effort = Effort {
            used: outcome.used.clone(),
            reads_by_clock: outcome.reads_by_clock,
            scrape_lateness_ns: self.collection.lateness(number),
        };
        let first_send = outcome.first_send.unwrap_or(outcome.start);
        let last_response = outcome.last_response.unwrap_or(outcome.end).max(first_send);
        PhaseWindow {
            first_send: self.setup.instant(first_send),
            last_response: self.setup.instant(last_response),
            settle,
            health: Some(self.requests.health(number, &effort)),
            ..planned((plan, number))
        }
    }

    fn tell(&self, index: usize, ended: bool) {
        tell(self.setup, self.load, index, ended);
    }

    /// Keeps what the load generator says of itself.
    fn note(&mut self, outcome: &PhaseOutcome) {
        let (kernel, user) = outcome.reads_by_clock;
        self.reads_by_clock.0 += kernel;
        self.reads_by_clock.1 += user;
        let (http1, http2) = outcome.by_version;
        self.by_version.0 += http1;
        self.by_version.1 += http2;
        for warning in &outcome.warnings {
            let code = warning.as_str();
            if !self.warnings.iter().any(|known| known.code == code) {
                self.warnings.push(notes::warning_of(*warning));
            }
        }
        let phase = &self.load.phases[outcome.phase];
        self.warnings.extend(notes::ended_early(phase, outcome));
        self.warnings.extend(notes::unused_moments(phase, outcome));
    }
}

/// Number of a phase in records.
fn number(index: usize) -> u32 {
    u32::from(u16::try_from(index).unwrap_or(u16::MAX))
}

/// Tells everybody that a phase began or ended.
fn tell(setup: &Setup, load: &LoadPlan, index: usize, ended: bool) {
    let Some(plan) = load.phases.get(index) else {
        return;
    };
    setup.phase(PhaseEvent {
        index: number(index),
        name: plan.name.clone(),
        kind: kind_of(plan.kind),
        ended,
        at: setup.instant(setup.clock.now()),
    });
}

fn show(setup: &Setup, load: &LoadPlan, progress: &load::Progress) {
    let Some(plan) = load.phases.get(progress.phase) else {
        return;
    };
    setup.events.send(&Event::Progress(Progress {
        phase: plan.name.clone(),
        planned: plan.stop.request_count,
        duration: plan.stop.duration,
        elapsed: progress.elapsed,
        sent: progress.sent,
        done: progress.ok,
        failed: progress.failed,
        cancelled: progress.cancelled,
        in_flight: progress.in_flight(),
        tokens: progress.chunks,
        recent_ttft: progress.recent_ttft,
        recent_latency: progress.recent_latency,
    }));
    setup.glance();
}

//! Running the phases of a plan.

use std::net::UdpSocket;
use std::sync::{Arc, mpsc};

use crate::http::{Clock, MonoNs, prepare_kernel_stamps};

use super::cost::{Meter, PhaseUse};
use super::deal::Dealer;
use super::error::LoadError;
use super::phase::{Chain, Phase, PhasePlan, PhaseSetup};
use super::plan::LoadPlan;
use super::progress::Totals;
use super::record::RecordSink;
use super::shared::Shared;
use super::stop::StopSignal;
use super::supervise::{Ended, LoadEvent, Supervision};
use super::thread::{LoadThread, Notice};
use super::warning::LoadWarning;

/// Why a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// All its requests were sent.
    Completed,
    /// Its time was over.
    Duration,
    /// More requests failed than it allows.
    TooManyErrors,
    /// It was told to stop.
    Interrupted,
}

/// How a phase went.
#[derive(Clone, Debug)]
pub struct PhaseOutcome {
    /// Index of the phase.
    pub phase: usize,
    /// Why it ended.
    pub reason: EndReason,
    /// When it began, before the first connection was opened.
    pub start: MonoNs,
    /// When its last request had ended.
    pub end: MonoNs,
    /// First byte of the first request; `None` if nothing was sent.
    pub first_send: Option<MonoNs>,
    /// End of the last response, failed ones with an HTTP status included.
    pub last_response: Option<MonoNs>,
    /// Requests begun.
    pub sent: u64,
    /// Requests that ended well.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests given up: on purpose, or in flight when the grace period ended. They are in no latency.
    pub cancelled: u64,
    /// Requests in flight when sending was stopped early, or the next phase took over.
    pub in_flight_at_end: u64,
    /// Moments of a rate that passed because all conversations that there may be waited for answers.
    pub unused_moments: u64,
    /// Socket reads that carried a kernel receive time, and reads that did not.
    pub reads_by_clock: (u64, u64),
    /// Exchanges in HTTP/1.1 and in HTTP/2.
    pub by_version: (u64, u64),
    /// What it cost, together with the phases that took over from it and it from.
    pub used: PhaseUse,
    /// What has come up in the run so far.
    pub warnings: Vec<LoadWarning>,
}

/// The load threads of a run.
pub struct LoadGenerator {
    plan: LoadPlan,
    clock: Clock,
    shared: Arc<Shared>,
    threads: Vec<LoadThread>,
    notices: mpsc::Receiver<Notice>,
    /// The most connections that there may be.
    max_open: usize,
    next_id: u64,
    /// Keeps the kernel stamping while the run lasts.
    _stamping: Option<UdpSocket>,
}

impl std::fmt::Debug for LoadGenerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadGenerator")
            .field("plan", &self.plan)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl LoadGenerator {
    /// Checks the plan and starts the load threads; nothing is connected yet. Finished requests go
    /// to `sink`. Raises the process's limit of open files if need be.
    ///
    /// # Errors
    /// [`LoadError::Plan`], [`LoadError::Http`] (TLS set-up), [`LoadError::TooFewFiles`] or
    /// [`LoadError::Thread`].
    pub fn start(
        plan: LoadPlan,
        clock: Clock,
        sink: Arc<dyn RecordSink>,
    ) -> Result<Self, LoadError> {
        plan.check()?;
        let room = plan.open_files().provide()?;
        let in_flight = plan.max_in_flight().unwrap_or(room);
        let stamping = plan.kernel_stamps.then(prepare_kernel_stamps).flatten();
        let shared = Arc::new(Shared::new(&plan, clock.clone(), sink)?);
        let (sender, notices) = mpsc::channel();
        let threads = (0..plan.threads.min(in_flight))
            .map(|index| LoadThread::spawn(index, Arc::clone(&shared), sender.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            plan,
            clock,
            shared,
            threads,
            notices,
            max_open: in_flight,
            next_id: 1,
            _stamping: stamping,
        })
    }

    /// Runs a phase of the plan, and those that take over from it, and returns when the last request has
    /// ended: how those went that had begun.
    ///
    /// `on_event` is called about ten times a second. When a phase's time is over and no other takes over, or
    /// `control` says [`Stop::Drain`](super::Stop::Drain), nothing more is sent; what is in flight has the grace period
    /// to finish and is cancelled then. [`Stop::Abort`](super::Stop::Abort) cancels at once.
    ///
    /// # Errors
    /// [`LoadError::NoSuchPhase`] or [`LoadError::ThreadDied`].
    pub fn run_phases(
        &mut self,
        first: usize,
        on_event: &mut dyn FnMut(LoadEvent),
        control: &StopSignal,
    ) -> Result<Vec<PhaseOutcome>, LoadError> {
        let plans = self.plan.phases.get(first..).unwrap_or_default();
        let chained = plans.iter().skip(1).take_while(|plan| plan.takes_over);
        let plans: Vec<_> = plans.iter().take(1).chain(chained).collect();
        let shared = Arc::new(Chain::new());
        let phase = |(index, plan): (usize, &&PhasePlan)| {
            let setup = PhaseSetup {
                index,
                n_threads: self.threads.len(),
                max_open: self.max_open,
                seed: self.plan.random_seed,
                has_turns: self.shared.prompts.has_turns(),
            };
            Arc::new(Phase::new(
                plan,
                setup,
                control.clone(),
                Arc::clone(&shared),
            ))
        };
        let chain: Vec<_> = (first..).zip(&plans).map(phase).collect();
        let begun = chain.first().ok_or(LoadError::NoSuchPhase(first))?;
        let meter = Meter::start(&self.clock);
        begun.begin(self.clock.now(), self.next_id);
        let grace_periods = plans.iter().map(|plan| plan.grace_period).collect();
        let supervision = Supervision::new(&chain, grace_periods, &self.clock);
        for thread in &self.threads {
            thread.assign(chain.clone(), self.threads.len())?;
        }
        let (ended, threads) = supervision.run(&self.notices, &self.threads, on_event)?;
        let used = meter.stop(&self.clock, threads);
        let phases = chain.iter().zip(&ended);
        self.next_id = phases
            .clone()
            .next_back()
            .map_or(self.next_id, |(last, _)| last.next_id());
        Ok(phases
            .map(|(phase, ended)| self.outcome(phase, *ended, used.clone()))
            .collect())
    }

    /// Ends the load threads and closes all connections.
    pub fn shutdown(self) {
        for thread in self.threads {
            thread.join();
        }
    }

    fn outcome(&self, phase: &Phase, ended: Ended, used: PhaseUse) -> PhaseOutcome {
        let totals = Totals::of(&phase.counters);
        PhaseOutcome {
            phase: phase.index,
            reason: ended.reason,
            start: phase.start().unwrap_or_default(),
            end: self.clock.now(),
            first_send: totals.first_send,
            last_response: totals.last_response,
            sent: totals.progress.sent,
            ok: totals.progress.ok,
            failed: totals.progress.failed,
            cancelled: totals.progress.cancelled,
            in_flight_at_end: ended.in_flight,
            unused_moments: phase.dealer.as_ref().map_or(0, Dealer::unused),
            reads_by_clock: (totals.kernel_reads, totals.user_reads),
            by_version: (totals.http1, totals.http2),
            used,
            warnings: self.shared.warnings.list(),
        }
    }
}

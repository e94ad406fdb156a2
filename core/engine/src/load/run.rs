//! Running the phases of a plan.

use std::net::UdpSocket;
use std::sync::{Arc, mpsc};

use crate::http::{Clock, MonoNs, prepare_kernel_stamps};

use super::cost::{Meter, PhaseUse};
use super::error::LoadError;
use super::phase::{Phase, PhaseSetup};
use super::plan::LoadPlan;
use super::progress::{Progress, Totals};
use super::record::RecordSink;
use super::shared::Shared;
use super::stop::StopSignal;
use super::supervise::{Ended, Supervision};
use super::thread::{Finished, LoadThread, Part};
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
    /// Requests in flight when sending was stopped by time or by the user.
    pub in_flight_at_end: u64,
    /// Socket reads that carried a kernel receive time, and reads that did not.
    pub reads_by_clock: (u64, u64),
    /// What it cost.
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
    finished: mpsc::Receiver<Finished>,
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
        let (sender, finished) = mpsc::channel();
        let threads = (0..plan.threads.min(in_flight))
            .map(|index| LoadThread::spawn(index, Arc::clone(&shared), sender.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            plan,
            clock,
            shared,
            threads,
            finished,
            max_open: in_flight,
            next_id: 1,
            _stamping: stamping,
        })
    }

    /// Runs a phase of the plan and returns when its last request has ended.
    ///
    /// `on_progress` is called about ten times a second, and once at the end. When the phase's time is over or
    /// `control` says [`Stop::Drain`](super::Stop::Drain), nothing more is sent; what is in flight has the grace period
    /// to finish and is cancelled then. [`Stop::Abort`](super::Stop::Abort) cancels at once.
    ///
    /// # Errors
    /// [`LoadError::NoSuchPhase`] or [`LoadError::ThreadDied`].
    pub fn run_phase(
        &mut self,
        index: usize,
        on_progress: &mut dyn FnMut(&Progress),
        control: &StopSignal,
    ) -> Result<PhaseOutcome, LoadError> {
        let plan = self
            .plan
            .phases
            .get(index)
            .ok_or(LoadError::NoSuchPhase(index))?;
        let setup = PhaseSetup {
            index,
            first_id: self.next_id,
            start: self.clock.now(),
            n_threads: self.threads.len(),
            max_open: self.max_open,
            seed: self.plan.random_seed,
        };
        let meter = Meter::start(&self.clock);
        let phase = Arc::new(Phase::new(plan, setup, control.clone()));
        let supervision = Supervision::new(&phase, plan.grace_period, &self.clock);
        for (index, thread) in self.threads.iter().enumerate() {
            thread.assign(Arc::clone(&phase), self.part(index, phase.slots()))?;
        }
        let ended = supervision.run(&self.finished, &self.threads, on_progress)?;
        self.next_id = phase.next_id();
        Ok(self.outcome(&phase, ended, meter))
    }

    /// The part of a thread in `slots` slots, which are dealt out.
    fn part(&self, thread: usize, slots: usize) -> Part {
        let step = self.threads.len();
        Part {
            slots: (thread..slots).step_by(step).len(),
            first: thread,
            step,
        }
    }

    /// Ends the load threads and closes all connections.
    pub fn shutdown(self) {
        for thread in self.threads {
            thread.join();
        }
    }

    fn outcome(&self, phase: &Phase, ended: Ended, meter: Meter) -> PhaseOutcome {
        let used = meter.stop(&self.clock, ended.threads);
        let totals = Totals::of(&phase.counters);
        PhaseOutcome {
            phase: phase.index,
            reason: ended.reason,
            start: phase.start,
            end: self.clock.now(),
            first_send: totals.first_send,
            last_response: totals.last_response,
            sent: totals.progress.sent,
            ok: totals.progress.ok,
            failed: totals.progress.failed,
            cancelled: totals.progress.cancelled,
            in_flight_at_end: ended.in_flight,
            reads_by_clock: (totals.kernel_reads, totals.user_reads),
            used,
            warnings: self.shared.warnings.list(),
        }
    }
}

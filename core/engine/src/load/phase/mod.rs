//! A running phase: who sends the next request, and whether there is one.

mod plan;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng};
use tokio::sync::watch;

use crate::http::MonoNs;

use super::arrival::{self, Arrival, Next};
use super::prefill::Prefill;
use super::progress::Counters;
use super::stop::{Stop, StopSignal};

pub use plan::{CancellationPlan, PhaseKind, PhasePlan, PrefillPlan, StopPlan};

/// Slots of a thread that may have a request which is not due yet. With two of them a moment that
/// is added is not the earliest one, so that the pacer sleeps on.
const AHEAD: usize = 2;

/// The right to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Number of the request in the run, from 1.
    pub(super) id: u64,
    /// Number of the request in the phase, from 0.
    pub(super) ordinal: u64,
    /// When it is due.
    pub(super) intended: MonoNs,
    /// When it was due and there was a slot for it. `None` in a closed loop, where the slot asks for
    /// the request.
    pub(super) released: Option<MonoNs>,
    /// When it is to be given up, from its sending on.
    pub(super) give_up: Option<Duration>,
}

/// Facts about a run that a phase is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseSetup {
    /// Index of the phase in the plan.
    pub(super) index: usize,
    /// Number of its first request.
    pub(super) first_id: u64,
    /// When it begins.
    pub(super) start: MonoNs,
    pub(super) n_threads: usize,
    /// The most connections that there may be.
    pub(super) max_open: usize,
    /// Seed of the run.
    pub(super) seed: u64,
}

/// What the load threads and the supervisor of a phase share.
#[derive(Debug)]
pub(super) struct Phase {
    pub(super) index: usize,
    pub(super) start: MonoNs,
    pub(super) deadline: Option<MonoNs>,
    /// One entry a load thread.
    pub(super) counters: Vec<Counters>,
    pub(super) prefill: Option<Prefill>,
    /// Limits of the phase.
    pub(super) stop: StopPlan,
    first_id: u64,
    limit: u64,
    cancellation: Option<Cancellation>,
    max_in_flight: usize,
    ramp: Duration,
    is_open_loop: bool,
    drawn: AtomicU64,
    /// Nothing more is due, whatever the limits.
    is_exhausted: AtomicBool,
    arrival: Mutex<Box<dyn Arrival>>,
    control: StopSignal,
    /// What [`Phase::halt`] asked for, to look at without waiting.
    halted: StopSignal,
    halt: watch::Sender<Stop>,
}

/// Draws the requests that are given up on purpose.
#[derive(Clone, Copy, Debug)]
struct Cancellation {
    plan: CancellationPlan,
    seed: u64,
}

impl Cancellation {
    fn draw(self, ordinal: u64) -> Option<Duration> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ ordinal);
        let is_drawn = random.random_bool(self.plan.share.clamp(0.0, 1.0));
        is_drawn.then_some(self.plan.delay)
    }
}

impl Phase {
    pub(super) fn new(plan: &PhasePlan, setup: PhaseSetup, control: StopSignal) -> Self {
        let PhaseSetup { index, start, .. } = setup;
        // Phases of equal plans are to differ.
        let seed = setup.seed.wrapping_add(index as u64).rotate_left(17);
        Self {
            index,
            start,
            deadline: plan.stop.duration.map(|duration| start.after(duration)),
            counters: (0..setup.n_threads).map(|_| Counters::default()).collect(),
            first_id: setup.first_id,
            prefill: plan.prefill.map(Prefill::new),
            stop: plan.stop,
            limit: plan.stop.request_count.unwrap_or(u64::MAX),
            cancellation: plan
                .cancellation
                .map(|plan| Cancellation { plan, seed: !seed }),
            max_in_flight: plan.concurrency.unwrap_or(setup.max_open),
            ramp: plan.concurrency_ramp,
            is_open_loop: plan.arrival.is_open_loop(),
            drawn: AtomicU64::new(0),
            is_exhausted: AtomicBool::new(false),
            arrival: Mutex::new(arrival::build(&plan.arrival, start, seed)),
            control,
            halted: StopSignal::new(),
            halt: watch::Sender::new(Stop::Run),
        }
    }

    /// The most slots of all threads together; never more than there are requests.
    pub(super) fn slots(&self) -> usize {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        self.max_in_flight.min(limit)
    }

    /// When the slot with this number, over all threads, may begin.
    pub(super) fn slot_start(&self, number: usize) -> MonoNs {
        let share = number as f64 / self.max_in_flight.max(1) as f64;
        self.start.after(self.ramp.mul_f64(share.min(1.0)))
    }

    /// Slots of a thread that may wait for the moments of their requests. In a closed loop nobody
    /// waits, and all slots are to be there.
    pub(super) fn ahead(&self) -> usize {
        if self.is_open_loop { AHEAD } else { usize::MAX }
    }

    /// Whether nothing more is to be sent at `now`.
    pub(super) fn is_over(&self, now: MonoNs) -> bool {
        let stopped = self.control.state().max(self.halted.state());
        stopped != Stop::Run || self.is_late(now)
    }

    fn is_late(&self, at: MonoNs) -> bool {
        self.deadline.is_some_and(|deadline| at >= deadline)
    }

    /// Draws the next request for a slot that is free since `free_since`; `None` ends the slot.
    pub(super) fn draw(&self, now: MonoNs, free_since: MonoNs) -> Option<Ticket> {
        if self.is_over(now) {
            return None;
        }
        // Only a panic, which ends the run, could have left an arrival half done.
        let mut arrival = self.arrival.lock().unwrap_or_else(PoisonError::into_inner);
        let ordinal = self.drawn.load(Relaxed);
        if ordinal >= self.limit {
            return None;
        }
        let intended = match arrival.next(free_since) {
            Next::At(intended) if !self.is_late(intended) => intended,
            Next::At(_) => return None,
            Next::Stop => {
                self.is_exhausted.store(true, Relaxed);
                return None;
            }
        };
        self.drawn.store(ordinal + 1, Relaxed);
        Some(Ticket {
            id: self.first_id + ordinal,
            ordinal,
            intended,
            released: self.is_open_loop.then_some(intended),
            give_up: self.cancellation.and_then(|plan| plan.draw(ordinal)),
        })
    }

    /// Requests that are still to be sent when `sent` have been, if their number is known.
    pub(super) fn left(&self, sent: u64) -> Option<u64> {
        let limit = if self.is_exhausted.load(Relaxed) {
            self.drawn.load(Relaxed)
        } else {
            self.limit
        };
        (limit != u64::MAX).then(|| limit.saturating_sub(sent))
    }

    /// Where the numbering of the next phase begins.
    pub(super) fn next_id(&self) -> u64 {
        self.first_id + self.drawn.load(Relaxed)
    }

    /// Ends waiting slots, and with [`Stop::Abort`] what is in flight. It only becomes more urgent.
    pub(super) fn halt(&self, stop: Stop) {
        self.halted.request(stop);
        self.halt.send_if_modified(|state| {
            let is_more = stop > *state;
            *state = stop.max(*state);
            is_more
        });
    }

    /// Tells of [`Phase::halt`].
    pub(super) fn halts(&self) -> watch::Receiver<Stop> {
        self.halt.subscribe()
    }

    pub(super) fn stop_requested(&self) -> Stop {
        self.control.state()
    }
}

#[cfg(test)]
mod tests;

//! A running phase: who sends the next request, and whether there is one.

mod chain;
mod plan;
mod sequence;
mod users;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::http::MonoNs;

use super::arrival::ArrivalPlan;
use super::deal::Dealer;
use super::prefill::Prefill;
use super::progress::Counters;
use super::stop::{Stop, StopSignal};

pub(super) use chain::Chain;
pub use plan::{CancellationPlan, PhaseKind, PhasePlan, PrefillPlan, StopPlan};
use sequence::Sequence;
pub(super) use sequence::{Dealt, Draw, Ticket};

/// Slots of a thread that may have a request which is not due yet. With two of them a moment that
/// is added is not the earliest one, so that the pacer sleeps on.
const AHEAD: usize = 2;

/// Facts about a run that a phase is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseSetup {
    /// Index of the phase in the plan.
    pub(super) index: usize,
    pub(super) n_threads: usize,
    /// The most connections that there may be.
    pub(super) max_open: usize,
    /// Seed of the run.
    pub(super) seed: u64,
    /// Whether conversations have several turns.
    pub(super) has_turns: bool,
}

/// Where a phase begins.
#[derive(Clone, Copy, Debug)]
struct Begun {
    start: MonoNs,
    deadline: Option<MonoNs>,
    /// Number of its first request in the run.
    first_id: u64,
}

/// What the load threads and the supervisor of a phase share.
#[derive(Debug)]
pub(super) struct Phase {
    pub(super) index: usize,
    /// One entry a load thread.
    pub(super) counters: Vec<Counters>,
    pub(super) prefill: Option<Prefill>,
    /// Who gets the moments of a rate that turns wait for.
    pub(super) dealer: Option<Dealer>,
    /// Limits of the phase.
    pub(super) stop: StopPlan,
    /// Unset until it begins: the phase before decides when that is.
    begun: OnceLock<Begun>,
    max_in_flight: usize,
    ramp: Duration,
    is_open_loop: bool,
    /// From one request of a user to the next.
    gap: Option<Duration>,
    /// Whether requests that follow others have times of their own.
    keeps_times: bool,
    sequence: Sequence,
    /// What the user wants.
    control: StopSignal,
    /// That it is a part of.
    pub(super) chain: Arc<Chain>,
}

impl Phase {
    pub(super) fn new(
        plan: &PhasePlan,
        setup: PhaseSetup,
        control: StopSignal,
        chain: Arc<Chain>,
    ) -> Self {
        // Phases of equal plans are to differ.
        let seed = setup.seed.wrapping_add(setup.index as u64).rotate_left(17);
        let max_in_flight = plan.concurrency.unwrap_or(setup.max_open);
        let deals = setup.has_turns && plan.arrival.paces_turns();
        let conversations = plan.stop.conversations.unwrap_or(u64::MAX);
        let most = slots(max_in_flight, &plan.stop);
        Self {
            index: setup.index,
            counters: (0..setup.n_threads).map(|_| Counters::default()).collect(),
            prefill: plan.prefill.map(Prefill::new),
            dealer: deals.then(|| Dealer::new(most, conversations)),
            stop: plan.stop,
            begun: OnceLock::new(),
            max_in_flight,
            ramp: plan.concurrency_ramp,
            is_open_loop: plan.arrival.is_open_loop(),
            gap: plan.arrival.gap(),
            keeps_times: matches!(plan.arrival, ArrivalPlan::Schedule(_)),
            sequence: Sequence::new(plan, seed),
            control,
            chain,
        }
    }

    /// Begins the phase, whose first request has the number `first_id`. False if it has begun already.
    pub(super) fn begin(&self, start: MonoNs, first_id: u64) -> bool {
        let begun = Begun {
            start,
            deadline: self.stop.duration.map(|duration| start.after(duration)),
            first_id,
        };
        let is_first = self.sequence.begin(start, || self.begun.set(begun).is_ok());
        if is_first {
            self.chain.note_begin();
        }
        is_first
    }

    /// Ends it when its time is over, whether or not anybody asks for a request then.
    pub(super) fn end_by_time(&self) {
        if let Some(deadline) = self.deadline() {
            self.sequence.end(deadline);
        }
    }

    /// When it began; `None` until then.
    pub(super) fn start(&self) -> Option<MonoNs> {
        self.begun.get().map(|begun| begun.start)
    }

    /// From when on nothing more is sent, if its time is limited.
    pub(super) fn deadline(&self) -> Option<MonoNs> {
        self.begun.get()?.deadline
    }

    /// When it was over: nothing more is drawn from it, without anybody having asked for a stop.
    /// The moment may lie ahead.
    pub(super) fn over(&self) -> Option<MonoNs> {
        self.sequence.over()
    }

    /// The most slots of all threads together; never more than there are requests or conversations.
    pub(super) fn slots(&self) -> usize {
        slots(self.max_in_flight, &self.stop)
    }

    /// When the slot with this number, over all threads, may begin.
    pub(super) fn slot_start(&self, number: usize) -> MonoNs {
        let share = number as f64 / self.max_in_flight.max(1) as f64;
        let start = self.start().unwrap_or_default();
        start.after(self.ramp.mul_f64(share.min(1.0)))
    }

    /// Slots of a thread that may wait for the moments of their requests. In a closed loop nobody
    /// waits, and all slots are to be there.
    pub(super) fn ahead(&self) -> usize {
        if self.is_open_loop { AHEAD } else { usize::MAX }
    }

    /// Whether somebody wants nothing more to be sent.
    pub(super) fn is_stopped(&self) -> bool {
        self.control.state().max(self.chain.stop()) != Stop::Run
    }

    /// Whether its time is over at `now`.
    pub(super) fn is_late(&self, now: MonoNs) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }

    /// Draws the next request for a slot that is free since `free_since`.
    pub(super) fn draw(&self, now: MonoNs, free_since: MonoNs) -> Draw {
        match self.begun.get() {
            Some(begun) if !self.is_stopped() => self.sequence.draw(begun, now, free_since),
            _ => Draw::Stop,
        }
    }

    /// Draws a further request of a conversation, which is due at `due`.
    pub(super) fn go_on(&self, now: MonoNs, due: MonoNs, conversation: u64) -> Draw {
        match self.begun.get() {
            Some(begun) if !self.is_stopped() => self.sequence.go_on(begun, now, due, conversation),
            _ => Draw::Stop,
        }
    }

    /// The next moment of a rate that turns wait for; `None` if there is none. One that nobody uses
    /// counts for no limit.
    pub(super) fn next_moment(&self, now: MonoNs) -> Option<MonoNs> {
        let begun = self.begun.get().filter(|_| !self.is_stopped())?;
        self.sequence.next_moment(begun, now)
    }

    /// Gives a moment to a conversation.
    pub(super) fn deal(&self, intended: MonoNs, conversation: u64) -> Dealt {
        match self.begun.get() {
            Some(begun) => self.sequence.deal(begun, intended, conversation),
            None => Dealt::TooLate,
        }
    }

    /// Whether slots are users who take turns.
    pub(super) fn has_users(&self) -> bool {
        self.gap.is_some()
    }

    /// Turns that the first conversation of a user, one of `turns`, still has.
    pub(super) fn turns_left(&self, user: usize, turns: u32) -> u32 {
        users::turns_left(user, self.max_in_flight, turns)
    }

    /// When a slot whose request was due at `intended` and ended at `end` may send the next one.
    pub(super) fn free_since(&self, intended: MonoNs, end: MonoNs) -> MonoNs {
        self.gap.map_or(end, |gap| end.max(intended.after(gap)))
    }

    /// The moment at which a request that follows another is due at the earliest, if it has a time of its
    /// own.
    pub(super) fn moment(&self, at: Option<Duration>) -> Option<MonoNs> {
        let at = at.filter(|_| self.keeps_times)?;
        Some(self.start()?.after(at))
    }

    /// Requests that are still to be sent when `sent` have been, if their number is known.
    pub(super) fn left(&self, sent: u64) -> Option<u64> {
        let limit = self.over().map(|_| self.sequence.drawn());
        let limit = limit.or(self.stop.request_count);
        limit.map(|limit| limit.saturating_sub(sent))
    }

    /// Where the numbering of the next phase begins.
    pub(super) fn next_id(&self) -> u64 {
        let first_id = self.begun.get().map_or(1, |begun| begun.first_id);
        first_id + self.sequence.drawn()
    }

    /// What the user wants.
    pub(super) fn stop_requested(&self) -> Stop {
        self.control.state()
    }
}

/// The most slots of which each has something to do.
fn slots(max_in_flight: usize, stop: &StopPlan) -> usize {
    let limit = stop.request_count.unwrap_or(u64::MAX);
    let limit = limit.min(stop.conversations.unwrap_or(u64::MAX));
    max_in_flight.min(usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;

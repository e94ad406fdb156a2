//! The requests of a phase, drawn one after the other.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng};

use crate::http::MonoNs;
use crate::load::arrival::{self, Arrival, ArrivalPlan, Next};

use super::{Begun, CancellationPlan, PhasePlan};

/// The right to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Ticket {
    /// Number of the request in the run, from 1.
    pub(in super::super) id: u64,
    /// Number of the request in the phase, from 0.
    pub(in super::super) ordinal: u64,
    /// When it is due.
    pub(in super::super) intended: MonoNs,
    /// When it was due and there was a slot for it. `None` in a closed loop, where the slot asks for
    /// the request.
    pub(in super::super) released: Option<MonoNs>,
    /// When it is to be given up, from its sending on.
    pub(in super::super) give_up: Option<Duration>,
}

/// What a slot gets that asks for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Draw {
    /// A request.
    Ticket(Ticket),
    /// The phase has no more: the next one may take over.
    Over,
    /// Nothing more is to be sent at all.
    Stop,
}

/// Draws the requests of a phase.
#[derive(Debug)]
pub(super) struct Sequence {
    plan: ArrivalPlan,
    seed: u64,
    limit: u64,
    is_open_loop: bool,
    cancellation: Option<CancellationPlan>,
    drawn: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// There from the beginning of the phase on.
    arrival: Option<Box<dyn Arrival>>,
    /// When the last request that was drawn is due.
    last: MonoNs,
    over: Option<MonoNs>,
}

impl Sequence {
    pub(super) fn new(plan: &PhasePlan, seed: u64) -> Self {
        Self {
            plan: plan.arrival.clone(),
            seed,
            limit: plan.stop.request_count.unwrap_or(u64::MAX),
            is_open_loop: plan.arrival.is_open_loop(),
            cancellation: plan.cancellation,
            drawn: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// Begins at `start` unless `is_first` says that somebody else has begun.
    pub(super) fn begin(&self, start: MonoNs, is_first: impl FnOnce() -> bool) -> bool {
        let mut state = self.state();
        let is_first = is_first();
        if is_first {
            state.arrival = Some(arrival::build(&self.plan, start, self.seed));
            state.last = start;
        }
        is_first
    }

    /// How many were drawn.
    pub(super) fn drawn(&self) -> u64 {
        self.drawn.load(Relaxed)
    }

    pub(super) fn over(&self) -> Option<MonoNs> {
        self.state().over
    }

    /// Nothing more is drawn. It was over at `at`, unless it was over before.
    pub(super) fn end(&self, at: MonoNs) {
        self.state().over.get_or_insert(at);
    }

    pub(super) fn draw(&self, begun: &Begun, now: MonoNs, free_since: MonoNs) -> Draw {
        let mut state = self.state();
        if state.over.is_some() {
            return Draw::Over;
        }
        let ordinal = self.drawn();
        let intended = match self.next(&mut state, begun, now, free_since) {
            Ok(intended) => intended,
            Err(over) => {
                state.over = Some(over);
                return Draw::Over;
            }
        };
        state.last = intended;
        self.drawn.store(ordinal + 1, Relaxed);
        Draw::Ticket(Ticket {
            id: begun.first_id + ordinal,
            ordinal,
            intended,
            released: self.is_open_loop.then_some(intended),
            give_up: self
                .cancellation
                .and_then(|plan| self.give_up(plan, ordinal)),
        })
    }

    /// When the next request is due, or since when there is none.
    fn next(
        &self,
        state: &mut State,
        begun: &Begun,
        now: MonoNs,
        free_since: MonoNs,
    ) -> Result<MonoNs, MonoNs> {
        let late = |at| begun.deadline.filter(|deadline| at >= *deadline);
        // What was drawn last may be due later than now.
        let after_last = now.max(state.last);
        if let Some(deadline) = late(now) {
            return Err(deadline);
        }
        let is_last = self.drawn() >= self.limit;
        match state
            .arrival
            .as_mut()
            .map(|arrival| arrival.next(free_since))
        {
            // At a rate the next phase begins when a further request would have been due.
            Some(Next::At(intended)) if is_last => Err(late(intended).unwrap_or(now.max(intended))),
            Some(Next::At(intended)) => late(intended).map_or(Ok(intended), Err),
            Some(Next::Stop) | None => Err(after_last),
        }
    }

    /// Whether a request is given up, and when: the seed and its number decide.
    fn give_up(&self, plan: CancellationPlan, ordinal: u64) -> Option<Duration> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(!self.seed ^ ordinal);
        let is_drawn = random.random_bool(plan.share.clamp(0.0, 1.0));
        is_drawn.then_some(plan.delay)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Only a panic, which ends the run, could have left an arrival half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    /// Number of the conversation in the phase, from 0, that it begins or goes on with.
    pub(in super::super) conversation: u64,
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
    /// Nothing before the phase ends at this moment.
    Wait(MonoNs),
    /// Nothing more is to be sent at all.
    Stop,
}

/// What becomes of a moment that a conversation gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Dealt {
    /// A request.
    Ticket(Ticket),
    /// The phase is over by then.
    TooLate,
}

/// Draws the requests of a phase.
#[derive(Debug)]
pub(super) struct Sequence {
    plan: ArrivalPlan,
    seed: u64,
    limit: u64,
    /// How many conversations begin at most.
    conversations: u64,
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
    /// Conversations that have begun.
    conversations: u64,
    over: Option<MonoNs>,
}

impl Sequence {
    pub(super) fn new(plan: &PhasePlan, seed: u64) -> Self {
        Self {
            plan: plan.arrival.clone(),
            seed,
            limit: plan.stop.request_count.unwrap_or(u64::MAX),
            conversations: plan.stop.conversations.unwrap_or(u64::MAX),
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

    /// Draws a request that begins a conversation.
    pub(super) fn draw(&self, begun: &Begun, now: MonoNs, free_since: MonoNs) -> Draw {
        let mut state = self.state();
        if state.over.is_some() {
            return Draw::Over;
        }
        if state.conversations >= self.conversations {
            return Draw::Stop;
        }
        let conversation = state.conversations;
        let draw = match self.next(&mut state, begun, now, free_since) {
            Ok(due) => self.ticket(&mut state, begun, due, conversation),
            Err(draw) => draw,
        };
        state.conversations += u64::from(matches!(draw, Draw::Ticket(_)));
        draw
    }

    /// Draws a further request of a conversation, due at `due`: also where no other begins any more.
    pub(super) fn go_on(&self, begun: &Begun, now: MonoNs, due: MonoNs, conversation: u64) -> Draw {
        let mut state = self.state();
        if self.drawn() >= self.limit {
            state.over.get_or_insert(now);
            return Draw::Over;
        }
        match late(begun, now, due) {
            Some(draw) => Self::told(&mut state, begun, draw),
            None => self.ticket(&mut state, begun, due, conversation),
        }
    }

    /// The next moment at which a request may be sent; `None` if there are no more.
    pub(super) fn next_moment(&self, begun: &Begun, now: MonoNs) -> Option<MonoNs> {
        let mut state = self.state();
        if state.over.is_some() {
            return None;
        }
        self.next(&mut state, begun, now, now).ok()
    }

    /// Draws the request of a moment.
    pub(super) fn deal(&self, begun: &Begun, intended: MonoNs, conversation: u64) -> Dealt {
        let mut state = self.state();
        if let Some(deadline) = begun.deadline.filter(|deadline| intended >= *deadline) {
            state.over.get_or_insert(deadline);
        }
        if state.over.is_some() {
            return Dealt::TooLate;
        }
        match self.ticket(&mut state, begun, intended, conversation) {
            Draw::Ticket(ticket) => Dealt::Ticket(ticket),
            Draw::Over | Draw::Wait(_) | Draw::Stop => Dealt::TooLate,
        }
    }

    fn ticket(
        &self,
        state: &mut State,
        begun: &Begun,
        intended: MonoNs,
        conversation: u64,
    ) -> Draw {
        let ordinal = self.drawn();
        state.last = state.last.max(intended);
        self.drawn.store(ordinal + 1, Relaxed);
        Draw::Ticket(Ticket {
            id: begun.first_id + ordinal,
            conversation,
            intended,
            released: self.is_open_loop.then_some(intended),
            give_up: self
                .cancellation
                .and_then(|plan| self.give_up(plan, ordinal)),
        })
    }

    /// When the next request is due, or why there is none.
    fn next(
        &self,
        state: &mut State,
        begun: &Begun,
        now: MonoNs,
        free_since: MonoNs,
    ) -> Result<MonoNs, Draw> {
        if late(begun, now, now).is_some() {
            return Err(Self::told(state, begun, Draw::Over));
        }
        let is_last = self.drawn() >= self.limit;
        // What was drawn last may be due later than now.
        let after_last = now.max(state.last);
        let arrival = state.arrival.as_mut();
        let over = match arrival.map(|arrival| arrival.next(free_since)) {
            Some(Next::At(intended)) => match late(begun, now, intended) {
                // Its moments rise: all that follow are late too.
                Some(_) if self.is_open_loop => begun.deadline.unwrap_or(intended),
                // At a rate the next phase begins when a further request would have been due.
                None if is_last && self.is_open_loop => now.max(intended),
                _ if is_last => now,
                Some(draw) => return Err(draw),
                None => return Ok(intended),
            },
            Some(Next::Stop) | None => after_last,
        };
        state.over = Some(over);
        Err(Draw::Over)
    }

    /// Keeps since when there is nothing more to draw.
    fn told(state: &mut State, begun: &Begun, draw: Draw) -> Draw {
        if let (Draw::Over, Some(deadline)) = (draw, begun.deadline) {
            state.over.get_or_insert(deadline);
        }
        draw
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

/// What to do instead of sending a request that is due at `due`, if that is too late.
fn late(begun: &Begun, now: MonoNs, due: MonoNs) -> Option<Draw> {
    let deadline = begun
        .deadline
        .filter(|deadline| now.max(due) >= *deadline)?;
    Some(if now >= deadline {
        Draw::Over
    } else {
        Draw::Wait(deadline)
    })
}

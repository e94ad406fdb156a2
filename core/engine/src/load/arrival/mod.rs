//! When requests are sent: the one thing that closed loops, rates and traces differ in. See
//! `docs/decisions/0010-arrivals.md`.

mod curve;
mod plan;
mod rate;
mod schedule;

use std::fmt;

use crate::http::MonoNs;

pub use curve::{Curve, CurveError, RatePoint};
pub use plan::{ArrivalPlan, Pattern, RateOf, RatePlan};
use rate::Rate;
use schedule::Schedule;

/// What an arrival process says to a slot that is free to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send at this moment, or at once if it has passed. It is recorded as the intended send time,
    /// so that lateness of any cause can be seen.
    At(MonoNs),
    /// Nothing more is to be sent.
    Stop,
}

/// Decides when requests go out.
///
/// A phase has a number of slots, each of which carries one request at a time. A free slot asks when
/// the next request of the phase is due. Limits of count, time and concurrency are the phase's own
/// affair, so that an implementation only knows about moments. It is asked once per request, in the
/// order of the requests, and must be cheap: a call sits between two requests of a slot.
pub trait Arrival: fmt::Debug + Send {
    /// When the next request is due. `free_since` is when the asking slot became free: the arrival
    /// of its previous response, or the start of the phase.
    fn next(&mut self, free_since: MonoNs) -> Next;
}

/// A closed loop: a slot sends its next request as soon as the response of its last one has arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosedLoop;

impl Arrival for ClosedLoop {
    fn next(&mut self, free_since: MonoNs) -> Next {
        Next::At(free_since)
    }
}

/// Makes the arrival process of a phase that begins at `start`. The same seed gives the same moments.
pub(super) fn build(plan: &ArrivalPlan, start: MonoNs, seed: u64) -> Box<dyn Arrival> {
    match plan {
        ArrivalPlan::ClosedLoop | ArrivalPlan::Users { .. } => Box::new(ClosedLoop),
        ArrivalPlan::Rate(plan) => Box::new(Rate::new(plan, start, seed)),
        ArrivalPlan::Schedule(moments) => Box::new(Schedule::new(moments, start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_loop_is_due_when_its_slot_became_free() {
        let mut arrival = build(&ArrivalPlan::ClosedLoop, MonoNs(7), 1);
        assert_eq!(arrival.next(MonoNs(42)), Next::At(MonoNs(42)));
    }
}

//! When requests are sent: the one thing that closed loops, rates and traces differ in.

use std::fmt;

use crate::http::MonoNs;

use super::plan::ArrivalPlan;

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
/// A phase has a number of slots, each of which carries one request at a time. A free slot draws
/// the next ordinal of the phase and asks when that request is due. Limits of count and time are
/// the phase's own affair, so that an implementation only knows about moments. It is called from
/// several threads and must be cheap: a call sits between two requests of a slot.
pub trait Arrival: fmt::Debug + Send + Sync {
    /// The most requests that may be in flight at once: the number of slots.
    fn slots(&self) -> usize;

    /// When the request with this ordinal (0, 1, 2, ...) is due. `free_since` is when the asking slot
    /// became free: the arrival of its previous response, or the start of the phase.
    fn next(&self, ordinal: u64, free_since: MonoNs) -> Next;
}

/// A closed loop: a slot sends its next request as soon as the response of its last one has arrived.
#[derive(Clone, Copy, Debug)]
pub struct ClosedLoop {
    concurrency: usize,
}

impl ClosedLoop {
    /// A loop that keeps `concurrency` requests in flight.
    pub fn new(concurrency: usize) -> Self {
        Self { concurrency }
    }
}

impl Arrival for ClosedLoop {
    fn slots(&self) -> usize {
        self.concurrency
    }

    fn next(&self, _ordinal: u64, free_since: MonoNs) -> Next {
        Next::At(free_since)
    }
}

/// Makes the arrival process of a phase.
pub(super) fn build(plan: &ArrivalPlan) -> Box<dyn Arrival> {
    match *plan {
        ArrivalPlan::ClosedLoop { concurrency } => Box::new(ClosedLoop::new(concurrency)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_loop_is_due_when_its_slot_became_free() {
        let arrival = build(&ArrivalPlan::ClosedLoop { concurrency: 3 });
        assert_eq!(arrival.slots(), 3);
        assert_eq!(arrival.next(7, MonoNs(42)), Next::At(MonoNs(42)));
    }
}

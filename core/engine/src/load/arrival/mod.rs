//! When requests are sent: the one thing that closed loops, rates and traces differ in.

mod closed;
mod curve;
mod schedule;

use std::fmt;

use crate::http::MonoNs;

use super::plan::ArrivalPlan;

pub use closed::ClosedLoop;
pub use schedule::Schedule;

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
    /// The number of slots that send by themselves. 0: requests are due at moments that do not depend
    /// on responses, and a thread of its own hands them out in their order.
    fn slots(&self) -> usize;

    /// When the slot with this number may begin, in nanoseconds from the phase's start.
    fn slot_start_ns(&self, slot: usize) -> i64 {
        let _ = slot;
        0
    }

    /// When the request with this ordinal (0, 1, 2, ...) is due. `free_since` is when the asking slot
    /// became free: the arrival of its previous response, or its start. Without slots it is the start of the
    /// phase.
    fn next(&self, ordinal: u64, free_since: MonoNs) -> Next;
}

/// Makes the arrival process of a phase.
pub(super) fn build(plan: &ArrivalPlan) -> Box<dyn Arrival> {
    match plan {
        ArrivalPlan::ClosedLoop { concurrency, ramp } => {
            Box::new(ClosedLoop::new(*concurrency, *ramp))
        }
        ArrivalPlan::Rate(rate) => Box::new(Schedule::new(rate)),
    }
}

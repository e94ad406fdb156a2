//! A fixed number of requests in flight.

use std::time::Duration;

use super::{Arrival, Next};
use crate::http::MonoNs;

/// A closed loop: a slot sends its next request as soon as the response of its last one has arrived.
#[derive(Clone, Copy, Debug)]
pub struct ClosedLoop {
    concurrency: usize,
    ramp: Duration,
}

impl ClosedLoop {
    /// A loop that keeps `concurrency` requests in flight; they begin evenly spread over `ramp`.
    pub fn new(concurrency: usize, ramp: Duration) -> Self {
        Self { concurrency, ramp }
    }
}

impl Arrival for ClosedLoop {
    fn slots(&self) -> usize {
        self.concurrency
    }

    fn slot_start_ns(&self, slot: usize) -> i64 {
        let part = slot as f64 / self.concurrency.max(1) as f64;
        i64::try_from(self.ramp.mul_f64(part).as_nanos()).unwrap_or(i64::MAX)
    }

    fn next(&self, _ordinal: u64, free_since: MonoNs) -> Next {
        Next::At(free_since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_when_its_slot_became_free() {
        let arrival = ClosedLoop::new(3, Duration::ZERO);
        assert_eq!(arrival.slots(), 3);
        assert_eq!(arrival.next(7, MonoNs(42)), Next::At(MonoNs(42)));
        assert_eq!(arrival.slot_start_ns(2), 0);
    }

    #[test]
    fn a_ramp_spreads_the_slots_evenly() {
        let arrival = ClosedLoop::new(4, Duration::from_secs(2));
        let starts = [0, 1, 2, 3].map(|slot| arrival.slot_start_ns(slot));
        assert_eq!(starts, [0, 500_000_000, 1_000_000_000, 1_500_000_000]);
    }
}

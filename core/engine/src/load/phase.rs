//! A running phase: who sends the next request, and whether there is one.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::watch;

use crate::http::MonoNs;

use super::arrival::{self, Arrival, Next};
use super::plan::PhasePlan;
use super::progress::Counters;
use super::room::Room;
use super::stop::{Stop, StopSignal};

/// The right to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Number of the request in the run, from 1.
    pub(super) id: u64,
    /// Number of the request in the phase, from 0.
    pub(super) ordinal: u64,
    /// When it is due.
    pub(super) intended: MonoNs,
    /// When it was due and there was room for it, if requests are handed out.
    pub(super) released: Option<MonoNs>,
}

/// What the load threads and the supervisor of a phase share.
#[derive(Debug)]
pub(super) struct Phase {
    pub(super) index: usize,
    pub(super) start: MonoNs,
    pub(super) deadline: Option<MonoNs>,
    /// One entry a load thread.
    pub(super) counters: Vec<Counters>,
    /// Limit of requests in flight where they are handed out.
    pub(super) most_in_flight: u64,
    /// Where whoever hands them out waits.
    pub(super) room: Room,
    first_id: u64,
    limit: u64,
    drawn: AtomicU64,
    arrival: Box<dyn Arrival>,
    control: StopSignal,
    abort: watch::Sender<bool>,
}

impl Phase {
    pub(super) fn new(
        plan: &PhasePlan,
        (index, first_id): (usize, u64),
        (n_threads, most_in_flight): (usize, usize),
        start: MonoNs,
        control: StopSignal,
    ) -> Self {
        let most_in_flight = plan.arrival.max_in_flight().unwrap_or(most_in_flight);
        Self {
            index,
            start,
            deadline: plan.stop.duration.map(|duration| start.after(duration)),
            counters: (0..n_threads).map(|_| Counters::default()).collect(),
            most_in_flight: most_in_flight as u64,
            room: Room::default(),
            first_id,
            limit: plan.stop.request_count.unwrap_or(u64::MAX),
            drawn: AtomicU64::new(0),
            arrival: arrival::build(&plan.arrival),
            control,
            abort: watch::Sender::new(false),
        }
    }

    /// Slots of all threads together; never more than there are requests. 0: requests are handed out.
    pub(super) fn slots(&self) -> usize {
        self.arrival
            .slots()
            .min(usize::try_from(self.limit).unwrap_or(usize::MAX))
    }

    /// When a slot begins.
    pub(super) fn slot_start(&self, slot: usize) -> MonoNs {
        MonoNs(
            self.start
                .0
                .saturating_add(self.arrival.slot_start_ns(slot)),
        )
    }

    /// True if nothing more is to be sent at `now`.
    pub(super) fn is_over(&self, now: MonoNs) -> bool {
        self.control.state() != Stop::Run || self.is_late(now)
    }

    fn is_late(&self, at: MonoNs) -> bool {
        self.deadline.is_some_and(|deadline| at >= deadline)
    }

    /// Requests of each thread that have not ended, of so many that were given to it.
    pub(super) fn loads<'a>(&'a self, given: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
        let threads = self.counters.iter().zip(given);
        threads.map(|(counters, given)| given.saturating_sub(counters.ended()))
    }

    /// Draws the next request for a slot that is free since `free_since`; `None` ends the slot.
    pub(super) fn draw(&self, now: MonoNs, free_since: MonoNs) -> Option<Ticket> {
        if self.is_over(now) {
            return None;
        }
        let ordinal = self.drawn.fetch_add(1, Relaxed);
        if ordinal >= self.limit {
            return None;
        }
        match self.arrival.next(ordinal, free_since) {
            Next::At(intended) if !self.is_late(intended) => Some(Ticket {
                id: self.first_id + ordinal,
                ordinal,
                intended,
                released: None,
            }),
            Next::At(_) | Next::Stop => None,
        }
    }

    /// Requests that are still to be drawn, if their number is limited.
    pub(super) fn left(&self) -> Option<u64> {
        let limited = self.limit != u64::MAX;
        limited.then(|| self.limit.saturating_sub(self.drawn.load(Relaxed)))
    }

    /// Where the numbering of the next phase begins.
    pub(super) fn next_id(&self) -> u64 {
        self.first_id + self.drawn.load(Relaxed).min(self.limit)
    }

    /// Cancels what is in flight.
    pub(super) fn abort(&self) {
        self.abort.send_replace(true);
    }

    /// Resolves when the phase is aborted.
    pub(super) async fn aborted(&self) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        drop(self.abort.subscribe().wait_for(|&aborted| aborted).await);
    }

    pub(super) fn stop_requested(&self) -> Stop {
        self.control.state()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::plan::{ArrivalPlan, PhaseKind, StopPlan};

    fn phase(stop: StopPlan, control: &StopSignal) -> Phase {
        let plan = PhasePlan {
            name: "test".to_owned(),
            kind: PhaseKind::Profiling,
            arrival: ArrivalPlan::ClosedLoop {
                concurrency: 8,
                ramp: Duration::ZERO,
            },
            stop,
            grace_period: Duration::ZERO,
        };
        Phase::new(&plan, (1, 100), (2, 99), MonoNs(1_000), control.clone())
    }

    #[test]
    fn a_count_is_kept_exactly_and_the_next_phase_numbers_on() {
        let stop = StopPlan {
            request_count: Some(2),
            duration: None,
        };
        let phase = phase(stop, &StopSignal::new());
        assert_eq!(phase.slots(), 2, "further slots would have nothing to do");
        let drawn = [(); 4].map(|()| phase.draw(MonoNs(1_000), MonoNs(999)));
        let ticket = |ordinal| Ticket {
            id: 100 + ordinal,
            ordinal,
            intended: MonoNs(999),
            released: None,
        };
        assert_eq!(drawn, [Some(ticket(0)), Some(ticket(1)), None, None]);
        assert_eq!(phase.next_id(), 102);
    }

    #[test]
    fn nothing_is_sent_from_the_deadline_on() {
        let stop = StopPlan {
            request_count: None,
            duration: Some(Duration::from_nanos(10)),
        };
        let phase = phase(stop, &StopSignal::new());
        assert!(phase.draw(MonoNs(1_009), MonoNs(1_009)).is_some());
        assert!(phase.draw(MonoNs(1_010), MonoNs(1_009)).is_none());
        assert_eq!(phase.next_id(), 101);
    }

    #[test]
    fn nothing_is_sent_once_a_stop_is_asked_for() {
        let control = StopSignal::new();
        let phase = phase(
            StopPlan {
                request_count: Some(5),
                duration: None,
            },
            &control,
        );
        assert!(phase.draw(MonoNs(1_000), MonoNs(1_000)).is_some());
        control.request(Stop::Drain);
        assert!(phase.draw(MonoNs(1_000), MonoNs(1_000)).is_none());
    }
}

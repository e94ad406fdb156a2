//! The slots of one load thread: who waits for the next request, and when there are more of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The slots of one thread in one phase. All of them live on that thread.
#[derive(Debug)]
pub(super) struct Crew {
    /// One permit for each slot that may have a request that is not due yet.
    turns: Semaphore,
    /// Slots without a turn.
    idle: AtomicUsize,
    /// Slots of this phase, those that still carry a request of the phase before among them.
    made: AtomicUsize,
    /// Number of the next slot that is made.
    next: AtomicUsize,
    most: usize,
    ahead: usize,
    has_begun: AtomicBool,
}

impl Crew {
    /// A crew of at most `most` slots, of which `ahead` may wait for the moments of their requests. It
    /// has none yet.
    pub(super) fn new(most: usize, ahead: usize) -> Self {
        Self {
            turns: Semaphore::new(most.min(ahead).min(Semaphore::MAX_PERMITS)),
            idle: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            most,
            ahead,
            has_begun: AtomicBool::new(false),
        }
    }

    /// Begins with `there` slots of the phase before, which come over as they become free, and returns
    /// how many have to be made at once. `None` if it has begun already.
    pub(super) fn begin(&self, there: usize) -> Option<usize> {
        if self.has_begun.swap(true, Relaxed) {
            return None;
        }
        let wanted = self.most.min(self.ahead).saturating_sub(there);
        self.made.store(there + wanted, Relaxed);
        self.next.store(there, Relaxed);
        Some(wanted)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Relaxed)
    }

    /// Number of a slot that is to be made.
    pub(super) fn number(&self) -> usize {
        self.next.fetch_add(1, Relaxed)
    }

    /// A slot of the phase before is free and wants to go on in this one. False if there are enough.
    pub(super) fn admits(&self) -> bool {
        let made = self.made();
        if made > self.most {
            self.made.store(made - 1, Relaxed);
        }
        made <= self.most
    }

    /// Slots that there are.
    pub(super) fn made(&self) -> usize {
        self.made.load(Relaxed)
    }

    /// True once there can be no further slot: a request that is late then had to wait for one.
    pub(super) fn is_complete(&self) -> bool {
        self.made() >= self.most
    }

    /// Waits until the calling slot may draw a request.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let _idle = Idle::new(&self.idle);
        // It is never closed, so that waiting cannot fail.
        self.turns.acquire().await.ok()
    }

    /// The calling slot is about to carry its request: another one takes its turn. True if a slot has
    /// to be made for that.
    pub(super) fn pass(&self, turn: SemaphorePermit<'_>) -> bool {
        drop(turn);
        let is_wanted = self.idle.load(Relaxed) == 0 && !self.is_complete();
        if is_wanted {
            self.made.fetch_add(1, Relaxed);
        }
        is_wanted
    }
}

/// Counts a slot as idle as long as it lives.
struct Idle<'a>(&'a AtomicUsize);

impl<'a> Idle<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn turn(crew: &Crew) -> SemaphorePermit<'_> {
        match poll(crew.turn()) {
            Poll::Ready(Some(turn)) => turn,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn slots_are_made_as_requests_come_due() {
        let crew = Crew::new(4, 2);
        assert_eq!((crew.begin(0), crew.begin(0)), (Some(2), None));
        let (first, second) = (turn(&crew), turn(&crew));
        assert!(poll(crew.turn()).is_pending(), "two may wait at once");
        assert!(crew.pass(first) && crew.pass(second));
        assert!(crew.is_complete());
        assert!(!crew.pass(turn(&crew)));
    }

    #[test]
    fn an_idle_slot_goes_before_a_new_one() {
        let crew = Crew::new(9, 1);
        assert_eq!(crew.begin(0), Some(1));
        let first = turn(&crew);
        let mut idle = pin!(crew.turn());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(idle.as_mut().poll(cx).is_pending());
        assert!(!crew.pass(first));
        assert!(matches!(idle.poll(cx), Poll::Ready(Some(_))));
    }

    #[test]
    fn without_looking_ahead_all_are_there() {
        let crew = Crew::new(3, usize::MAX);
        assert_eq!(crew.begin(0), Some(3));
        for turn in [turn(&crew), turn(&crew), turn(&crew)] {
            assert!(!crew.pass(turn));
        }
    }

    #[test]
    fn slots_come_over_from_the_phase_before() {
        let grows = Crew::new(5, usize::MAX);
        assert_eq!(grows.begin(3), Some(2));
        assert_eq!([grows.number(), grows.number()], [3, 4]);
        assert!([(); 3].iter().all(|()| grows.admits()));
        let shrinks = Crew::new(2, usize::MAX);
        assert_eq!((shrinks.begin(4), shrinks.made()), (Some(0), 4));
        assert_eq!(
            [(); 4].map(|()| shrinks.admits()),
            [false, false, true, true]
        );
        let at_a_rate = Crew::new(9, 2);
        assert_eq!((at_a_rate.begin(4), at_a_rate.made()), (Some(0), 4));
    }
}

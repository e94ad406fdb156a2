//! The slots of one load thread: who waits for the next request, and when there are more of them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The slots of one thread in one phase. All of them live on that thread.
#[derive(Debug)]
pub(super) struct Crew {
    /// One permit for each slot that may have a request that is not due yet.
    turns: Semaphore,
    /// Slots without a turn.
    idle: AtomicUsize,
    made: AtomicUsize,
    most: usize,
    more: UnboundedSender<usize>,
}

impl Crew {
    /// A crew of at most `most` slots, of which `ahead` may wait for the moments of their requests.
    /// The numbers of further slots come through the receiver, one by one as they are needed.
    pub(super) fn new(most: usize, ahead: usize) -> (Self, UnboundedReceiver<usize>) {
        let (more, wanted) = unbounded_channel();
        let first = most.min(ahead).min(Semaphore::MAX_PERMITS);
        let crew = Self {
            turns: Semaphore::new(first),
            idle: AtomicUsize::new(0),
            made: AtomicUsize::new(first),
            most,
            more,
        };
        (crew, wanted)
    }

    /// Slots that are there from the start.
    pub(super) fn made(&self) -> usize {
        self.made.load(Relaxed)
    }

    /// True once there can be no further slot: a request that is late then had to wait for one.
    pub(super) fn is_complete(&self) -> bool {
        self.made() == self.most
    }

    /// Waits until the calling slot may draw a request.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let _idle = Idle::new(&self.idle);
        // It is never closed, so that waiting cannot fail.
        self.turns.acquire().await.ok()
    }

    /// The calling slot is about to carry its request: another one takes its turn.
    pub(super) fn pass(&self, turn: SemaphorePermit<'_>) {
        drop(turn);
        if self.idle.load(Relaxed) == 0 && !self.is_complete() {
            let number = self.made.fetch_add(1, Relaxed);
            // Nobody listens any more only if the thread is ending.
            self.more.send(number).ok();
        }
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
        let (crew, mut wanted) = Crew::new(4, 2);
        assert_eq!(crew.made(), 2);
        let (first, second) = (turn(&crew), turn(&crew));
        assert!(poll(crew.turn()).is_pending(), "two may wait at once");
        crew.pass(first);
        crew.pass(second);
        assert_eq!((wanted.try_recv(), wanted.try_recv()), (Ok(2), Ok(3)));
        crew.pass(turn(&crew));
        assert!(crew.is_complete() && wanted.try_recv().is_err());
    }

    #[test]
    fn an_idle_slot_goes_before_a_new_one() {
        let (crew, mut wanted) = Crew::new(9, 1);
        let first = turn(&crew);
        let mut idle = pin!(crew.turn());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(idle.as_mut().poll(cx).is_pending());
        crew.pass(first);
        assert!(wanted.try_recv().is_err());
        assert!(matches!(idle.poll(cx), Poll::Ready(Some(_))));
    }

    #[test]
    fn without_looking_ahead_all_are_there() {
        let (crew, _wanted) = Crew::new(3, usize::MAX);
        assert!(crew.made() == 3 && crew.is_complete());
        for turn in [turn(&crew), turn(&crew), turn(&crew)] {
            crew.pass(turn);
        }
    }
}

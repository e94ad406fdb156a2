//! Waking tasks at their moment, to within microseconds.
//!
//! The runtime's own timers have a resolution of 1 ms. A timer in the load thread's epoll would be
//! read together with the streams, and wait behind all of them; what another thread wakes goes first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;

use crate::http::{Clock, MonoNs};

/// A thread that sleeps until the next moment that somebody waits for.
#[derive(Debug)]
pub(super) struct Pacer {
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
}

/// Who waits for which moment.
#[derive(Debug)]
struct Board {
    clock: Clock,
    list: Mutex<List>,
    /// The earliest moment has become earlier, or all is over.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct List {
    waiting: BinaryHeap<Reverse<Waiting>>,
    is_over: bool,
}

/// A task that waits.
#[derive(Debug)]
struct Waiting {
    due: MonoNs,
    task: Waker,
}

impl Pacer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If there can be no further thread.
    pub(super) fn start(clock: Clock) -> io::Result<Self> {
        let board = Arc::new(Board {
            clock,
            list: Mutex::default(),
            changed: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name("load-pace".to_owned());
        let thread = thread.spawn({
            let board = Arc::clone(&board);
            move || board.serve()
        })?;
        Ok(Self {
            board,
            thread: Some(thread),
        })
    }

    /// Resolves at `due`, at once if that has passed. It must stay in the task that polls it first.
    ///
    /// Dropped early, it leaves the task's waker behind until `due`.
    pub(super) async fn until(&self, due: MonoNs) {
        let mut is_listed = false;
        poll_fn(|cx| {
            if self.board.clock.now() >= due {
                return Poll::Ready(());
            }
            if !is_listed {
                is_listed = true;
                let task = cx.waker().clone();
                self.board.add(Waiting { due, task });
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.board.list().is_over = true;
        self.board.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed where it happened.
            drop(thread.join());
        }
    }
}

impl Board {
    fn add(&self, waiting: Waiting) {
        let mut list = self.list();
        let is_first = list.next_due().is_none_or(|first| waiting.due < first);
        list.waiting.push(Reverse(waiting));
        drop(list);
        if is_first {
            self.changed.notify_one();
        }
    }

    fn serve(&self) {
        be_exact();
        let mut due = Vec::new();
        let mut list = self.list();
        while !list.is_over {
            list.take_due(self.clock.now(), &mut due);
            if !due.is_empty() {
                drop(list);
                due.drain(..).for_each(Waker::wake);
                list = self.list();
                continue;
            }
            list = match list.next_due() {
                None => self
                    .changed
                    .wait(list)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let left = next.until(self.clock.now());
                    let waited = self.changed.wait_timeout(list, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        // A heap is sound at every moment, so that poisoning means nothing.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn next_due(&self) -> Option<MonoNs> {
        self.waiting.peek().map(|Reverse(first)| first.due)
    }

    /// Moves the tasks whose moment has come to `due`.
    fn take_due(&mut self, now: MonoNs, due: &mut Vec<Waker>) {
        while self.next_due().is_some_and(|first| first <= now) {
            due.extend(self.waiting.pop().map(|Reverse(first)| first.task));
        }
    }
}

/// The kernel may wake a thread up to 50 µs late, to wake several at once, unless told otherwise.
fn be_exact() {
    // Where this is refused, moments are met a little less exactly, and the report shows by how much.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_timerslack(1).ok();
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.due.cmp(&other.due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread();
        { runtime }.build().unwrap().block_on(future)
    }

    #[test]
    fn tasks_are_woken_in_the_order_of_their_moments_and_never_early() {
        let clock = Clock::new();
        let pacer = Arc::new(Pacer::start(clock.clone()).unwrap());
        let begin = clock.now();
        let order = Arc::new(Mutex::new(Vec::new()));
        block_on(async {
            let wait = |ms: u64| {
                let (pacer, clock) = (Arc::clone(&pacer), clock.clone());
                let order = Arc::clone(&order);
                let due = begin.after(Duration::from_millis(ms));
                tokio::spawn(async move {
                    pacer.until(due).await;
                    order.lock().unwrap().push(ms);
                    assert!(clock.now() >= due);
                })
            };
            // The second one is earlier than what the thread sleeps for by then.
            for task in [wait(30), wait(10), wait(20), wait(0)] {
                task.await.unwrap();
            }
        });
        assert_eq!(*order.lock().unwrap(), [0, 10, 20, 30]);
    }

    #[test]
    fn a_moment_that_has_passed_is_not_waited_for() {
        let pacer = Pacer::start(Clock::new()).unwrap();
        block_on(pacer.until(MonoNs(1)));
        assert!(pacer.board.list().waiting.is_empty());
    }

    #[test]
    fn it_ends_while_somebody_waits() {
        let clock = Clock::new();
        let pacer = Pacer::start(clock.clone()).unwrap();
        let later = clock.now().after(Duration::from_hours(1));
        block_on(async {
            let waiting = pacer.until(later);
            let at_once = std::future::ready(());
            tokio::select! { biased; () = waiting => {}, () = at_once => {} }
        });
        assert_eq!(pacer.board.list().waiting.len(), 1);
    }
}

//! Waiting for a request to end.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst, fence};
use std::thread::Thread;
use std::time::Duration;

/// Lets one thread wait until a request has ended somewhere. Telling costs a fence and a load.
#[derive(Debug, Default)]
pub(super) struct Room {
    waiting: AtomicBool,
    waiter: OnceLock<Thread>,
}

impl Room {
    /// Waits until [`Room::tell`] is called or `most` is over, unless `is_there` says that there is
    /// room already. To be called by one thread only.
    pub(super) fn wait(&self, most: Duration, is_there: impl Fn() -> bool) {
        self.waiter.get_or_init(std::thread::current);
        self.waiting.store(true, Relaxed);
        // Either this thread sees the end of a request, or whoever ends it sees this thread wait.
        fence(SeqCst);
        if !is_there() {
            std::thread::park_timeout(most);
        }
        self.waiting.store(false, Relaxed);
    }

    /// Says that a request has ended, after it was counted.
    pub(super) fn tell(&self) {
        fence(SeqCst);
        if self.waiting.load(Relaxed)
            && let Some(waiter) = self.waiter.get()
        {
            waiter.unpark();
        }
    }
}

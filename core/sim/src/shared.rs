//! What all event loops of a server share.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::chunks::Chunks;
use crate::clock::unix_seconds;
use crate::config::SimConfig;
use crate::error::SimError;
use crate::faults::Faults;
use crate::metrics::{LoopStats, Pages, SERVERS, Stats};
use crate::slots::Slots;
use crate::truth::{TruthLog, lock};

/// A message to an event loop.
#[derive(Debug)]
pub(crate) enum Message {
    /// A connection to serve from now on.
    Connection(TcpStream),
    /// The request on this connection has a slot.
    Grant(u64),
}

/// How other threads reach an event loop.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: Mutex<Vec<Message>>,
    pub(crate) wake: EventFd,
}

impl Inbox {
    fn new() -> nix::Result<Self> {
        let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Self {
            messages: Mutex::default(),
            wake,
        })
    }

    pub(crate) fn send(&self, message: Message) {
        lock(&self.messages).push(message);
        self.wake();
    }

    pub(crate) fn wake(&self) {
        // Fails only if the counter is full, and then the loop is awake anyway.
        self.wake.write(1).ok();
    }

    pub(crate) fn take(&self) -> Vec<Message> {
        self.wake.read().ok();
        std::mem::take(&mut *lock(&self.messages))
    }
}

/// State of one simulated server.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: SimConfig,
    pub(crate) chunks: Chunks,
    pub(crate) pages: Pages,
    pub(crate) truth: TruthLog,
    pub(crate) slots: Slots,
    pub(crate) inboxes: Vec<Inbox>,
    pub(crate) stopping: AtomicBool,
    pub(crate) created: u64,
    pub(crate) stats: Vec<LoopStats>,
    faults: Mutex<Faults>,
    requests: AtomicU64,
}

impl Shared {
    pub(crate) fn new(config: SimConfig) -> Result<Self, SimError> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "now is positive"
        )]
        let created = unix_seconds() as u64;
        let inboxes: nix::Result<Vec<Inbox>> = (0..config.threads).map(|_| Inbox::new()).collect();
        Ok(Self {
            chunks: Chunks::new(&config.model, created),
            pages: Pages::new(&config),
            truth: TruthLog::open(config.truth_log.as_deref(), config.truth_limit)?,
            slots: Slots::new(config.max_running),
            inboxes: inboxes.map_err(|errno| SimError::EventLoop(errno.into()))?,
            stopping: AtomicBool::new(false),
            created,
            stats: (0..config.threads).map(|_| LoopStats::default()).collect(),
            faults: Mutex::new(config.faults),
            requests: AtomicU64::new(0),
            config,
        })
    }

    pub(crate) fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    /// Number of the next inference request, from 1.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The counters that request `seq` goes to, on event loop `thread`.
    pub(crate) fn stats(&self, thread: usize, seq: u64) -> MutexGuard<'_, Stats> {
        let server = usize::try_from(seq % SERVERS as u64).unwrap_or_default();

        lock(&self.stats[thread][server])
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        for inbox in &self.inboxes {
            inbox.wake();
        }
    }
}

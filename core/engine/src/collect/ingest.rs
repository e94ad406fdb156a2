//! Ingest threads: bytes to batches to the store to the exporters.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::{ErrorKind, PluginError};
use tokio::sync::{oneshot, watch};

use super::parsers::{Page, ParserParts, Parsers};
use crate::priority::behind_the_load;

/// A parser that takes longer than this is left with its thread, which is replaced.
const PARSE_DEADLINE: Duration = Duration::from_secs(5);

/// What a parser still gets when the run ends.
const END_LIMIT: Duration = Duration::from_millis(700);
/// A pause between looks at whether the run ends.
const SLICE: Duration = Duration::from_millis(50);

/// The buffer of the page, and whether it was stored.
type Done = (Vec<u8>, Result<(), PluginError>);

struct Job {
    page: Page,
    reply: oneshot::Sender<Done>,
}

/// Feeds pages to parsers. The threads end with [`Ingest::stop`], or when the last clone is gone.
#[derive(Clone)]
pub(super) struct Ingest {
    /// `None` has a thread close its parsers and end.
    jobs: Sender<Option<Job>>,
    shared: Arc<Shared>,
}

struct Shared {
    parts: ParserParts,
    queue: Mutex<Receiver<Option<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Threads that were left behind in a parser, and replaced.
    stuck: AtomicUsize,
    /// True once the run ends.
    ending: watch::Sender<bool>,
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ingest")
    }
}

impl Ingest {
    /// Starts `threads` threads.
    pub(super) fn start(threads: usize, parts: ParserParts) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let queue = Mutex::new(queue);
        let shared = Arc::new(Shared {
            parts,
            queue,
            threads: Mutex::default(),
            stuck: AtomicUsize::new(0),
            ending: watch::Sender::new(false),
        });
        let ingest = Self { jobs, shared };
        for _ in 0..threads.max(1) {
            ingest.spawn()?;
        }
        Ok(ingest)
    }

    fn spawn(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || {
                behind_the_load();
                work(&shared);
            })?;
        self.threads().push(thread);
        Ok(())
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        let threads = &self.shared.threads;
        threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run ends: parsers that wait are woken, and none gets all its time any more.
    pub(super) fn begin_to_stop(&self) {
        self.shared.parts.stop();
        self.shared.ending.send_replace(true);
    }

    /// Closes the parsers and ends the threads; false if one does not end within `limit`. Those that are
    /// stuck were told of when they were replaced. Nobody may send pages any more.
    pub(super) fn stop(&self, limit: Duration) -> bool {
        self.begin_to_stop();
        let threads = std::mem::take(&mut *self.threads());
        let deadline = Instant::now() + limit;
        for _ in &threads {
            // The receiver lives as long as `self`.
            self.jobs.send(None).ok();
        }
        let stuck = self.shared.stuck.load(Ordering::Relaxed);
        let busy = || {
            threads
                .iter()
                .filter(|thread| !thread.is_finished())
                .count()
        };
        while busy() > stuck && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        busy() <= stuck
    }

    fn send(&self, page: Page) -> Result<oneshot::Receiver<Done>, PluginError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.send(Some(Job { page, reply }));
        sent.map(|()| answer).map_err(|_| ended())
    }

    /// Parses and stores a page; gives the buffer back.
    pub(super) async fn page(&self, page: Page) -> Done {
        let parser = page.parser.clone();
        let answer = match self.send(page) {
            Ok(answer) => answer,
            Err(error) => return (Vec::new(), Err(error)),
        };
        let mut ending = self.shared.ending.subscribe();
        let limit = async {
            let at_the_end = async {
                // The sender lives as long as `self`.
                ending.wait_for(|ending| *ending).await.ok();
                tokio::time::sleep(END_LIMIT).await;
            };
            tokio::select! {
                () = tokio::time::sleep(PARSE_DEADLINE) => {}
                () = at_the_end => {}
            }
        };
        tokio::select! {
            biased;
            done = answer => done.unwrap_or_else(|_| (Vec::new(), Err(ended()))),
            () = limit => (Vec::new(), Err(self.give_up(parser.as_deref()))),
        }
    }

    /// As [`Ingest::page`], for threads that are no runtime's.
    pub(super) fn page_blocking(&self, page: Page) -> Result<(), PluginError> {
        let parser = page.parser.clone();
        let mut answer = self.send(page)?;
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let (begun, mut ending) = (Instant::now(), None);
        loop {
            if let Poll::Ready(done) = Pin::new(&mut answer).poll(&mut context) {
                return done.map_err(|_| ended())?.1;
            }
            if *self.shared.ending.borrow() {
                ending.get_or_insert_with(Instant::now);
            }
            let is_over = |since: Instant| since.elapsed() >= END_LIMIT;
            if begun.elapsed() >= PARSE_DEADLINE || ending.is_some_and(is_over) {
                return Err(self.give_up(parser.as_deref()));
            }
            thread::park_timeout(SLICE);
        }
    }

    /// Leaves a thread behind with its parser. It cannot be ended; it must not be missed either.
    fn give_up(&self, parser: Option<&str>) -> PluginError {
        self.shared.stuck.fetch_add(1, Ordering::Relaxed);
        drop(self.spawn());
        let message = "the parser did not finish";
        let error = PluginError::new(ErrorKind::Timeout, message);
        self.shared.parts.note_stuck(parser, &error);
        error
    }
}

/// Wakes a thread that waits for an answer.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn ended() -> PluginError {
    PluginError::new(ErrorKind::Other, "the ingest threads have ended")
}

/// Parses pages until nobody can send any more.
fn work(shared: &Shared) {
    let mut parsers = Parsers::new(&shared.parts);
    loop {
        let job = shared
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(Some(Job { page, reply })) = job else {
            return;
        };
        let result = parsers.parse(&page, &|| reply.is_closed());
        // The asker may have given up waiting.
        drop(reply.send((page.body, result)));
    }
}

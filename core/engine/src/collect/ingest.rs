//! Ingest threads: bytes to batches to the store to the exporters.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::{ErrorKind, PluginError};
use tokio::sync::oneshot;

use super::parsers::{Page, ParserParts, Parsers};

/// A parser that takes longer than this is left with its thread, which is replaced.
const PARSE_DEADLINE: Duration = Duration::from_secs(5);

/// The buffer of the page, and whether it was stored.
type Done = (Vec<u8>, Result<(), PluginError>);

struct Job {
    page: Page,
    reply: oneshot::Sender<Done>,
}

/// Feeds pages to parsers. The threads end when the last clone is gone.
#[derive(Clone)]
pub(super) struct Ingest {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

struct Shared {
    parts: ParserParts,
    queue: Mutex<Receiver<Job>>,
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
        let shared = Arc::new(Shared { parts, queue });
        let ingest = Self { jobs, shared };
        for _ in 0..threads.max(1) {
            ingest.spawn()?;
        }
        Ok(ingest)
    }

    fn spawn(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || work(&shared))?;
        Ok(())
    }

    fn send(&self, page: Page) -> Result<oneshot::Receiver<Done>, PluginError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.send(Job { page, reply });
        sent.map(|()| answer).map_err(|_| ended())
    }

    /// Parses and stores a page; gives the buffer back.
    pub(super) async fn page(&self, page: Page) -> Done {
        let parser = page.parser.clone();
        let answer = match self.send(page) {
            Ok(answer) => answer,
            Err(error) => return (Vec::new(), Err(error)),
        };
        match tokio::time::timeout(PARSE_DEADLINE, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => (Vec::new(), Err(ended())),
            Err(_elapsed) => {
                // The stuck thread cannot be ended; it must not be missed either.
                drop(self.spawn());
                let message = "the parser did not finish";
                let error = PluginError::new(ErrorKind::Timeout, message);
                self.shared.parts.note_stuck(parser.as_deref(), &error);
                (Vec::new(), Err(error))
            }
        }
    }

    /// As [`Ingest::page`], for threads that are no runtime's.
    pub(super) fn page_blocking(&self, page: Page) -> Result<(), PluginError> {
        let answer = self.send(page)?;
        let (_, result) = answer.blocking_recv().map_err(|_| ended())?;
        result
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
        let Ok(Job { page, reply }) = job else { return };
        let result = parsers.parse(&page, &|| reply.is_closed());
        // The asker may have given up waiting.
        drop(reply.send((page.body, result)));
    }
}

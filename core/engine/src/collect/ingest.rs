//! Ingest threads: bytes to batches to the store to the exporters.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{ParserHandle, SinkServices};
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{Descriptor, ErrorKind, Payload, PluginError, PluginKind};
use tokio::sync::oneshot;

use crate::event::Events;
use crate::http::Clock;
use crate::plugins::{Exporters, InstanceHost, Registry};
use crate::store::{EndpointId, ScrapeInfo, Store};

/// A parser that takes longer than this is left with its thread, which is replaced.
const PARSE_DEADLINE: Duration = Duration::from_secs(5);

/// The store and those who watch it grow. Records leave in the order in which they got their ids.
pub(super) struct Sinks {
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) exporters: Arc<Exporters>,
}

impl Sinks {
    /// Stores a reading and shows it to the exporters.
    pub(super) fn batch(&self, endpoint: EndpointId, info: &ScrapeInfo, batch: &BatchView<'_>) {
        let mut store = self.lock();
        for record in store.scrape(endpoint, info, batch) {
            self.exporters.scrape(&Arc::new(record));
        }
    }

    /// Stores a failed scrape and shows it to the exporters.
    pub(super) fn failure(&self, endpoint: EndpointId, info: &ScrapeInfo, failure: &ScrapeFailure) {
        let mut store = self.lock();
        for record in store.failure(endpoint, info, failure) {
            self.exporters.scrape(&Arc::new(record));
        }
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page on its way to a parser.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) endpoint: EndpointId,
    pub(super) info: ScrapeInfo,
    pub(super) source_id: Arc<str>,
    pub(super) content_type: String,
    /// Parser that the user chose; by content type if none.
    pub(super) parser: Option<Arc<str>>,
    pub(super) body: Vec<u8>,
    pub(super) clock: PayloadClock,
}

struct Job {
    page: Page,
    reply: oneshot::Sender<(Vec<u8>, Result<usize, PluginError>)>,
}

/// Opens parsers and feeds them.
#[derive(Clone)]
pub(super) struct Ingest {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

struct Shared {
    registry: Arc<Registry>,
    sinks: Arc<Sinks>,
    events: Events,
    clock: Clock,
    parser_options: Vec<(String, serde_json::Value)>,
    queue: Mutex<Receiver<Job>>,
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ingest")
    }
}

impl Ingest {
    /// Starts `threads` threads. They end when the last clone is gone.
    pub(super) fn start(
        threads: usize,
        registry: Arc<Registry>,
        sinks: Arc<Sinks>,
        parser_options: Vec<(String, serde_json::Value)>,
        events: Events,
        clock: Clock,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let queue = Mutex::new(queue);
        let shared = Shared {
            registry,
            sinks,
            events,
            clock,
            parser_options,
            queue,
        };
        let ingest = Self {
            jobs,
            shared: Arc::new(shared),
        };
        for _ in 0..threads.max(1) {
            ingest.spawn()?;
        }
        Ok(ingest)
    }

    fn spawn(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || {
                let mut parsers = Parsers {
                    shared: &shared,
                    open: Vec::new(),
                };
                loop {
                    let job = shared
                        .queue
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok(Job { page, reply }) = job else { return };
                    let result = parsers.parse(&page);
                    // The asker may have given up waiting.
                    drop(reply.send((page.body, result)));
                }
            })?;
        Ok(())
    }

    /// Parses and stores a page; gives the buffer back, and the number of samples.
    pub(super) async fn page(&self, page: Page) -> (Vec<u8>, Result<usize, PluginError>) {
        let (reply, answer) = oneshot::channel();
        if self.jobs.send(Job { page, reply }).is_err() {
            let message = "the ingest threads have ended";
            return (Vec::new(), Err(PluginError::new(ErrorKind::Other, message)));
        }
        match tokio::time::timeout(PARSE_DEADLINE, answer).await {
            Ok(Ok(done)) => done,
            late => {
                if late.is_err() {
                    // The stuck thread cannot be ended; it must not be missed either.
                    drop(self.spawn());
                }
                let message = "the parser did not finish";
                (
                    Vec::new(),
                    Err(PluginError::new(ErrorKind::Timeout, message)),
                )
            }
        }
    }
}

impl Ingest {
    /// As [`Ingest::page`], for threads that are no runtime's.
    pub(super) fn page_blocking(&self, page: Page) -> Result<(), PluginError> {
        let (reply, answer) = oneshot::channel();
        let ended = || PluginError::new(ErrorKind::Other, "the ingest threads have ended");
        self.jobs.send(Job { page, reply }).map_err(|_| ended())?;
        let (_, result) = answer.blocking_recv().map_err(|_| ended())?;
        result.map(drop)
    }
}

/// The parsers of one thread, opened when first needed.
struct Parsers<'a> {
    shared: &'a Shared,
    open: Vec<(String, ParserHandle)>,
}

impl Parsers<'_> {
    fn parse(&mut self, page: &Page) -> Result<usize, PluginError> {
        let id = self.choose(page)?;
        let shared = self.shared;
        let parser = self.opened(&id)?;
        let payload = Payload {
            source_id: &page.source_id,
            content_type: &page.content_type,
            body: &page.body,
            clock: page.clock,
        };
        let mut sink = PageSink {
            sinks: &shared.sinks,
            page,
            samples: 0,
            error: None,
        };
        parser.parse(&payload, &mut sink)?;
        match sink.error {
            Some(error) => Err(error),
            None => Ok(sink.samples),
        }
    }

    fn descriptors(&self) -> impl Iterator<Item = &Descriptor> {
        self.shared
            .registry
            .of_kind(PluginKind::Parser)
            .map(|entry| &entry.descriptor)
    }

    /// The user's choice, else by content type, else by the look of the page.
    fn choose(&mut self, page: &Page) -> Result<String, PluginError> {
        if let Some(id) = &page.parser {
            return Ok(id.to_string());
        }
        let mime = page
            .content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let by_type = self
            .descriptors()
            .find(|parser| {
                parser
                    .content_types
                    .iter()
                    .any(|t| t.eq_ignore_ascii_case(mime))
            })
            .map(|parser| parser.id.clone());
        if let Some(id) = by_type {
            return Ok(id);
        }
        let ids: Vec<_> = self.descriptors().map(|parser| parser.id.clone()).collect();
        let head = page.body.get(..4096).unwrap_or(&page.body);
        for id in ids {
            if self.opened(&id)?.sniff(head) {
                return Ok(id);
            }
        }
        let message =
            format!("no parser reads content type `{mime}`, and none knows the look of it");
        Err(PluginError::new(ErrorKind::Format, message))
    }

    fn opened(&mut self, id: &str) -> Result<&mut ParserHandle, PluginError> {
        if let Some(at) = self.open.iter().position(|(open, _)| open == id) {
            return Ok(&mut self.open[at].1);
        }
        let shared = self.shared;
        let entry = shared
            .registry
            .get(PluginKind::Parser, id)
            .map_err(|error| PluginError::new(ErrorKind::Config, error.to_string()))?;
        let label = format!("parser {id}");
        let host = InstanceHost::new(&label, shared.events.clone(), None, shared.clock.clone());
        let options = shared
            .parser_options
            .iter()
            .find(|(parser, _)| parser == id);
        let none = serde_json::json!({});
        let options = options.map_or(&none, |(_, options)| options);
        let handle = entry.factory.open_parser(options, Arc::new(host))?;
        self.open.push((id.to_owned(), handle));
        Ok(&mut self.open.last_mut().expect("just pushed").1)
    }
}

struct PageSink<'a> {
    sinks: &'a Sinks,
    page: &'a Page,
    samples: usize,
    error: Option<PluginError>,
}

impl SinkServices for PageSink<'_> {
    fn payload(&mut self, _: &Payload<'_>) -> Result<(), PluginError> {
        Err(PluginError::new(
            ErrorKind::Unsupported,
            "a parser pushes batches, not payloads",
        ))
    }

    fn batch(&mut self, _: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        if batch.is_empty() && batch.diagnostic_count() > 0 {
            let first = batch
                .diagnostics()
                .next()
                .map(|(line, reason)| format!("line {line}: {reason}"));
            let message = format!("not a metrics page ({})", first.unwrap_or_default());
            return Err(PluginError::new(ErrorKind::Format, message));
        }
        self.samples += batch.len();
        self.sinks.batch(self.page.endpoint, &self.page.info, batch);
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        self.error.get_or_insert(error);
    }
}

//! Exporters run on threads of their own, behind bounded queues: a slow, stuck or failing one costs
//! the run and the other exporters nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::hosting::ExporterHandle;
use aiperf_plugin_sdk::report::Report;
use aiperf_plugin_sdk::view::{RequestBlock, SchemaDelta, ScrapeRecord};
use aiperf_plugin_sdk::{LogLevel, PhaseEvent, PluginError, PluginKind, RunInfo};

use super::{Artifacts, InstanceHost, Registry};
use crate::config::ExporterPlan;
use crate::config::schema::OnStartError;
use crate::event::Events;
use crate::http::Clock;

/// Messages that wait for one exporter. More are dropped, counted and reported.
const QUEUE: usize = 4096;
/// How long exporters may take to finish.
const FINISH_TIMEOUT: Duration = Duration::from_mins(1);

/// An exporter whose output is missing or incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExporterFailure {
    /// Name of the instance.
    pub name: String,
    /// What happened, on one line.
    pub message: String,
}

impl std::fmt::Display for ExporterFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exporter `{}`: {}", self.name, self.message)
    }
}

enum Message {
    Scrape(Arc<ScrapeRecord>),
    Requests(Arc<RequestBlock>),
    Phase(Arc<PhaseEvent>),
    Finish(Arc<Report>),
    Abort(Arc<str>),
}

struct Running {
    name: String,
    queue: SyncSender<Message>,
    dropped: AtomicU64,
    /// Schema of scrapes that were dropped.
    owed: Mutex<SchemaDelta>,
    /// The thread's last words.
    done: Mutex<Receiver<Vec<String>>>,
    host: Arc<InstanceHost>,
}

/// All exporters of a run.
pub struct Exporters {
    running: Vec<Running>,
    failures: Vec<ExporterFailure>,
}

impl std::fmt::Debug for Exporters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.running.iter().map(|exporter| &exporter.name).collect();
        f.debug_tuple("Exporters").field(&names).finish()
    }
}

impl Exporters {
    /// Opens all exporters and tells them about the run.
    ///
    /// # Errors
    /// The first that cannot start and must.
    pub fn start(
        specs: &[ExporterPlan],
        registry: &Registry,
        run: &RunInfo,
        artifacts: &Artifacts,
        events: &Events,
        clock: &Clock,
    ) -> Result<Self, ExporterFailure> {
        let mut exporters = Self {
            running: Vec::new(),
            failures: Vec::new(),
        };
        for spec in specs {
            let label = format!("exporter {}", spec.name);
            let artifacts = Some(artifacts.clone());
            let host = InstanceHost::new(&label, events.clone(), artifacts, clock.clone());
            let failure = |message: String| ExporterFailure {
                name: spec.name.clone(),
                message,
            };
            match open(spec, registry, run, Arc::new(host)) {
                Ok(running) => exporters.running.push(running),
                Err(message) if spec.on_start_error == OnStartError::Error => {
                    exporters.abort("another exporter could not start");
                    return Err(failure(message));
                }
                Err(message) => {
                    events.log(LogLevel::Warn, &label, format!("left out: {message}"));
                    exporters.failures.push(failure(message));
                }
            }
        }
        Ok(exporters)
    }

    fn send(&self, message: impl Fn() -> Message) {
        for exporter in &self.running {
            if let Err(TrySendError::Full(_)) = exporter.queue.try_send(message()) {
                exporter.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Hands over a scrape. Never blocks. A dropped one's schema goes along with the next: without
    /// it, no later id could be understood.
    pub fn scrape(&self, record: &Arc<ScrapeRecord>) {
        for exporter in &self.running {
            let mut owed = exporter.owed.lock().unwrap_or_else(PoisonError::into_inner);
            let record = if owed.is_empty() {
                Arc::clone(record)
            } else {
                let mut whole = ScrapeRecord::clone(record);
                let fresh = std::mem::replace(&mut whole.schema, owed.clone());
                whole.schema.extend(fresh);
                Arc::new(whole)
            };
            match exporter
                .queue
                .try_send(Message::Scrape(Arc::clone(&record)))
            {
                Ok(()) => *owed = SchemaDelta::default(),
                Err(TrySendError::Full(_)) => {
                    owed.clone_from(&record.schema);
                    exporter.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
    }

    /// Hands over finished requests. Never blocks.
    pub fn requests(&self, block: &Arc<RequestBlock>) {
        self.send(|| Message::Requests(Arc::clone(block)));
    }

    /// Tells that a phase began or ended. Never blocks.
    pub fn phase(&self, event: PhaseEvent) {
        let event = Arc::new(event);
        self.send(|| Message::Phase(Arc::clone(&event)));
    }

    /// Hands over the report and waits for the files; says what is missing.
    pub fn finish(&self, report: Report) -> Vec<ExporterFailure> {
        let report = Arc::new(report);
        self.end(|| Message::Finish(Arc::clone(&report)))
    }

    /// Ends without a report; what was streamed stays.
    pub fn abort(&self, reason: &str) -> Vec<ExporterFailure> {
        let reason: Arc<str> = reason.into();
        self.end(|| Message::Abort(Arc::clone(&reason)))
    }

    fn end(&self, last: impl Fn() -> Message) -> Vec<ExporterFailure> {
        let deadline = Instant::now() + FINISH_TIMEOUT;
        for exporter in &self.running {
            exporter.host.stop();
            send_until(&exporter.queue, last(), deadline);
        }
        let mut failures = self.failures.clone();
        for Running {
            name,
            dropped,
            done,
            ..
        } in &self.running
        {
            let left = deadline.saturating_duration_since(Instant::now());
            let done = done.lock().unwrap_or_else(PoisonError::into_inner);
            let mut messages = match done.recv_timeout(left) {
                Ok(messages) => messages,
                Err(RecvTimeoutError::Timeout) => {
                    vec![format!(
                        "did not finish within {} s",
                        FINISH_TIMEOUT.as_secs()
                    )]
                }
                Err(RecvTimeoutError::Disconnected) => vec!["ended without a word".to_owned()],
            };
            let dropped = dropped.load(Ordering::Relaxed);
            if dropped > 0 {
                messages.push(format!("was too slow: {dropped} updates were dropped"));
            }
            failures.extend(messages.into_iter().map(|message| ExporterFailure {
                name: name.clone(),
                message,
            }));
        }
        failures
    }
}

/// The last message may wait for room in the queue, but not for ever.
fn send_until(queue: &SyncSender<Message>, mut message: Message, deadline: Instant) {
    while let Err(TrySendError::Full(back)) = queue.try_send(message) {
        if Instant::now() >= deadline {
            return;
        }
        message = back;
        thread::sleep(Duration::from_millis(1));
    }
}

fn open(
    spec: &ExporterPlan,
    registry: &Registry,
    run: &RunInfo,
    host: Arc<InstanceHost>,
) -> Result<Running, String> {
    let entry = registry
        .get(PluginKind::Exporter, &spec.plugin)
        .map_err(|error| error.to_string())?;
    let handle = entry
        .factory
        .open_exporter(&spec.options, Arc::<InstanceHost>::clone(&host))
        .map_err(|error| error.to_string())?;
    let (queue, messages) = sync_channel(QUEUE);
    let (ready, started) = channel();
    let (finished, done) = channel();
    let run = run.clone();
    thread::Builder::new()
        .name(format!("exp-{}", spec.name))
        .spawn(move || {
            let mut worker = Worker {
                handle,
                errors: Vec::new(),
                repeated: 0,
            };
            let first = worker.handle.begin(&run);
            let failed = first.is_err();
            // The receivers are gone only if the run is going down.
            drop(ready.send(first));
            if !failed {
                worker.work(&messages);
            }
            drop(finished.send(worker.last_words()));
        })
        .map_err(|error| format!("no thread for it: {error}"))?;
    match started.recv_timeout(FINISH_TIMEOUT) {
        Ok(Ok(())) => {
            let (name, dropped, done) = (spec.name.clone(), AtomicU64::new(0), Mutex::new(done));
            Ok(Running {
                name,
                queue,
                dropped,
                owed: Mutex::default(),
                done,
                host,
            })
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("did not begin".to_owned()),
    }
}

/// One exporter on its thread.
struct Worker {
    handle: ExporterHandle,
    errors: Vec<String>,
    repeated: u64,
}

impl Worker {
    fn work(&mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            let (result, last) = match message {
                Message::Scrape(record) => (self.handle.scrape(&record), false),
                Message::Requests(block) => (self.handle.requests(&block), false),
                Message::Phase(event) => (self.handle.phase(&event), false),
                Message::Finish(report) => (self.handle.finish(&report), true),
                Message::Abort(reason) => (self.handle.abort(&reason), true),
            };
            self.note(result);
            if last {
                break;
            }
        }
        let closed = self.handle.close();
        self.note(closed);
    }

    /// Keeps each different error once: a full disk says the same thing for every scrape.
    fn note(&mut self, result: Result<(), PluginError>) {
        let Err(error) = result else { return };
        let message = error.to_string();
        if self.errors.contains(&message) || self.errors.len() >= 3 {
            self.repeated += 1;
        } else {
            self.errors.push(message);
        }
    }

    fn last_words(mut self) -> Vec<String> {
        if let Some(last) = self.errors.last_mut().filter(|_| self.repeated > 0) {
            *last = format!("{last} (and {} more failures)", self.repeated);
        }
        self.errors
    }
}

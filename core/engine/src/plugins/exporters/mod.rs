//! Exporters run on threads of their own, behind bounded queues: a slow, stuck or failing one costs
//! the run and the other exporters nothing.
//!
//! `inbox` is such a queue: some in memory, more on disk (`spill`), what is beyond is dropped and
//! counted. `worker` is the other end of it. See `docs/decisions/0006-exporters-that-fall-behind.md`.

mod inbox;
mod message;
mod spill;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::report::Report;
use aiperf_plugin_sdk::view::{RequestBlock, ScrapeRecord};
use aiperf_plugin_sdk::{LogLevel, PhaseEvent, RunInfo};

use super::{Artifacts, InstanceHost, Registry};
use crate::config::ExporterPlan;
use crate::config::schema::OnStartError;
use crate::event::Events;
use crate::http::Clock;
use inbox::{Inbox, Limits, Tally};
use message::{End, Update};
use worker::{Opening, Words};

/// Bytes that wait in memory for one exporter.
const MEMORY: usize = 16 * 1024 * 1024;
/// How long an exporter may take to begin.
const BEGIN_TIMEOUT: Duration = Duration::from_mins(1);

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

struct Running {
    name: String,
    inbox: Arc<Inbox>,
    last_words: Mutex<Receiver<Vec<String>>>,
    host: Arc<InstanceHost>,
    finish_timeout: Duration,
}

/// All exporters of a run.
pub struct Exporters {
    running: Vec<Running>,
    failures: Vec<ExporterFailure>,
    events: Events,
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
        registry: &Arc<Registry>,
        run: &RunInfo,
        artifacts: &Artifacts,
        events: &Events,
        clock: &Clock,
    ) -> Result<Self, ExporterFailure> {
        let mut exporters = Self {
            running: Vec::new(),
            failures: Vec::new(),
            events: events.clone(),
        };
        for spec in specs {
            let label = format!("exporter {}", spec.name);
            let lent = Some(artifacts.clone());
            let host = InstanceHost::new(&label, events.clone(), lent, clock.clone())
                .with_network(spec.tls.clone(), spec.proxies.clone());
            let limits = Limits {
                memory: MEMORY,
                disk: spec.spill_limit,
                dir: artifacts.dir(),
            };
            let opening = Opening {
                spec: spec.clone(),
                registry: Arc::clone(registry),
                run: run.clone(),
                host: Arc::new(host),
                inbox: Arc::new(Inbox::new(limits)),
            };
            if let Err(failure) = exporters.open(opening) {
                exporters.abort("another exporter could not start");
                return Err(failure);
            }
        }
        Ok(exporters)
    }

    /// Starts an exporter; an error if it cannot and must.
    fn open(&mut self, opening: Opening) -> Result<(), ExporterFailure> {
        let spec = opening.spec.clone();
        let (host, inbox) = (Arc::clone(&opening.host), Arc::clone(&opening.inbox));
        let failure = |message: String| ExporterFailure {
            name: spec.name.clone(),
            message,
        };
        let Words { first, last } = opening
            .spawn()
            .map_err(|error| failure(format!("no thread for it: {error}")))?;
        let (problem, may_pass) = match first.recv_timeout(BEGIN_TIMEOUT) {
            Ok(Ok(())) => (None, true),
            Ok(Err(error)) => (Some(error.to_string()), error.retriable),
            Err(_) => (Some("it did not begin".to_owned()), true),
        };
        let waits = spec.on_start_error == OnStartError::Retry && may_pass;
        if let Some(problem) = &problem {
            if spec.on_start_error == OnStartError::Error {
                return Err(failure(problem.clone()));
            }
            let then = if waits {
                "it is tried again"
            } else {
                "left out"
            };
            let label = format!("exporter {}", spec.name);
            let message = format!("{then}: {problem}");
            self.events.log(LogLevel::Warn, &label, message);
        }
        match problem.filter(|_| !waits) {
            Some(problem) => self.failures.push(failure(problem)),
            None => self.running.push(Running {
                name: spec.name.clone(),
                inbox,
                last_words: Mutex::new(last),
                host,
                finish_timeout: spec.finish_timeout,
            }),
        }
        Ok(())
    }

    fn put(&self, update: &Update) {
        for exporter in &self.running {
            exporter.inbox.put(update.clone());
        }
    }

    /// Hands over a scrape. Never waits for an exporter.
    pub fn scrape(&self, record: &Arc<ScrapeRecord>) {
        self.put(&Update::Scrape(Arc::clone(record)));
    }

    /// Hands over finished requests. Never waits for an exporter.
    pub fn requests(&self, block: &Arc<RequestBlock>) {
        self.put(&Update::Requests(Arc::clone(block)));
    }

    /// Tells that a phase began or ended. Never waits for an exporter.
    pub fn phase(&self, event: PhaseEvent) {
        self.put(&Update::Phase(Arc::new(event)));
    }

    /// Hands over the report and waits for the files; says what is missing.
    pub fn finish(&self, report: impl Into<Arc<Report>>) -> Vec<ExporterFailure> {
        self.end(&End::Finish(report.into()))
    }

    /// Ends without a report; what was streamed stays.
    pub fn abort(&self, reason: &str) -> Vec<ExporterFailure> {
        self.end(&End::Abort(reason.into()))
    }

    /// All are told at once, and each has its own time to finish from now on.
    fn end(&self, end: &End) -> Vec<ExporterFailure> {
        let now = Instant::now();
        for exporter in &self.running {
            exporter.inbox.end(end.clone());
            exporter.host.stop();
        }
        let mut failures = self.failures.clone();
        for exporter in &self.running {
            let messages = exporter.wait(now + exporter.finish_timeout);
            failures.extend(messages.into_iter().map(|message| ExporterFailure {
                name: exporter.name.clone(),
                message,
            }));
            exporter.tell_slowness(&self.events);
        }
        failures
    }
}

impl Running {
    /// Waits until it is over; what is missing in its output.
    fn wait(&self, deadline: Instant) -> Vec<String> {
        let left = deadline.saturating_duration_since(Instant::now());
        let last_words = self.last_words.lock();
        let last_words = last_words.unwrap_or_else(PoisonError::into_inner);
        let mut messages = last_words.recv_timeout(left).unwrap_or_else(|error| {
            vec![match error {
                RecvTimeoutError::Timeout => {
                    format!("it did not finish within {:?}", self.finish_timeout)
                }
                RecvTimeoutError::Disconnected => "it ended without a word".to_owned(),
            }]
        });
        let Tally {
            dropped,
            disk_error,
            ..
        } = self.inbox.tally();
        if dropped > 0 {
            let why = disk_error.map_or_else(
                || "`spill_limit` is reached".to_owned(),
                |error| format!("they cannot be put aside: {error}"),
            );
            messages.push(format!(
                "it was too slow: {dropped} updates were dropped, {why}"
            ));
        }
        messages
    }

    fn tell_slowness(&self, events: &Events) {
        let spilled = self.inbox.tally().spilled;
        if spilled > 0 {
            let label = format!("exporter {}", self.name);
            let message = format!("it was slow: {spilled} updates waited on disk");
            events.log(LogLevel::Warn, &label, message);
        }
    }
}

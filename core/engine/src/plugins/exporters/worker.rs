//! One exporter on its thread: opens, takes its inbox, has the last word.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use aiperf_plugin_sdk::hosting::ExporterHandle;
use aiperf_plugin_sdk::{Context, PluginError, PluginKind, RunInfo};

use super::inbox::{Inbox, Next};
use super::message::{End, Update};
use crate::config::ExporterPlan;
use crate::config::schema::OnStartError;
use crate::plugins::{BackOff, InstanceHost, Registry};
use crate::priority::behind_the_load;

/// Different errors that are kept.
const MAX_ERRORS: usize = 3;

/// What a thread needs to open its exporter.
pub(super) struct Opening {
    pub(super) spec: ExporterPlan,
    pub(super) registry: Arc<Registry>,
    pub(super) run: RunInfo,
    pub(super) host: Arc<InstanceHost>,
    pub(super) inbox: Arc<Inbox>,
}

/// What a thread says.
pub(super) struct Words {
    /// How the first attempt to begin ended.
    pub(super) first: Receiver<Result<(), PluginError>>,
    /// Everything that went wrong, when it is over.
    pub(super) last: Receiver<Vec<String>>,
}

impl Opening {
    /// Starts the thread.
    pub(super) fn spawn(self) -> std::io::Result<Words> {
        let (started, first) = channel();
        let (finished, last) = channel();
        let name = format!("exp-{}", self.spec.name);
        thread::Builder::new().name(name).spawn(move || {
            behind_the_load();
            let errors = match self.begin(&started) {
                Ok(handle) => Worker::new(handle).work(&self.inbox),
                Err(error) => vec![error.to_string()],
            };
            self.inbox.close();
            // The receiver is gone only if the run is going down.
            drop(finished.send(errors));
        })?;
        Ok(Words { first, last })
    }

    /// Opens the exporter and tells it about the run. With `on_start_error = "retry"` tries again
    /// as long as the run lasts, and a last time at its end.
    fn begin(
        &self,
        started: &Sender<Result<(), PluginError>>,
    ) -> Result<ExporterHandle, PluginError> {
        let mut back_off = BackOff::default();
        let mut again = self.spec.on_start_error == OnStartError::Retry;
        loop {
            let error = match self.attempt() {
                Ok(handle) => {
                    // Only the first attempt is waited for.
                    drop(started.send(Ok(())));
                    return Ok(handle);
                }
                Err(error) => error,
            };
            drop(started.send(Err(error.clone())));
            match back_off.after(&error).filter(|_| again) {
                Some(delay) => again = self.host.pause(delay),
                None => return Err(error),
            }
        }
    }

    fn attempt(&self) -> Result<ExporterHandle, PluginError> {
        let entry = self
            .registry
            .get(PluginKind::Exporter, &self.spec.plugin)
            .map_err(|error| PluginError::config("use", error.to_string()))?;
        let host = Arc::<InstanceHost>::clone(&self.host);
        let context = Context::new(&self.spec.name);
        let mut handle = entry
            .factory
            .open_exporter(&self.spec.options, &context, host)?;
        if let Err(error) = handle.begin(&self.run) {
            // What opening took is given back before the next attempt.
            drop(handle.close());
            return Err(error);
        }
        Ok(handle)
    }
}

/// An exporter that has begun.
struct Worker {
    handle: ExporterHandle,
    errors: Vec<String>,
    repeated: u64,
}

impl Worker {
    fn new(handle: ExporterHandle) -> Self {
        Self {
            handle,
            errors: Vec::new(),
            repeated: 0,
        }
    }

    /// Takes everything up to the end; says what went wrong.
    fn work(mut self, inbox: &Inbox) -> Vec<String> {
        let end = loop {
            match inbox.next() {
                Ok(Next::Update(update)) => {
                    let result = self.update(&update);
                    self.note(result);
                }
                Ok(Next::End(end)) => break end,
                Err(lost) => self.keep(lost),
            }
        };
        let ended = match end {
            End::Finish(report) => self.handle.finish_shared(&report),
            End::Abort(reason) => self.handle.abort(&reason),
        };
        self.note(ended);
        let closed = self.handle.close();
        self.note(closed);
        self.last_words()
    }

    fn update(&mut self, update: &Update) -> Result<(), PluginError> {
        match update {
            Update::Scrape(record) => self.handle.scrape(record),
            Update::Requests(block) => self.handle.requests(block),
            Update::Phase(event) => self.handle.phase(event),
        }
    }

    fn note(&mut self, result: Result<(), PluginError>) {
        if let Err(error) = result {
            self.keep(error.to_string());
        }
    }

    /// Keeps each different error once: a full disk says the same thing for every scrape.
    fn keep(&mut self, error: String) {
        if self.errors.contains(&error) || self.errors.len() >= MAX_ERRORS {
            self.repeated += 1;
        } else {
            self.errors.push(error);
        }
    }

    fn last_words(mut self) -> Vec<String> {
        if let Some(last) = self.errors.last_mut().filter(|_| self.repeated > 0) {
            *last = format!("{last} (and {} more failures)", self.repeated);
        }
        self.errors
    }
}

//! A host in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::batch::BatchView;
use crate::hosting::{FileServices, HostServices, SinkServices};
use crate::time::Instant2;
use crate::{Context, ErrorKind, Host, LogLevel, MetricKind, Payload, PluginError, Result, Wake};

/// What [`FakeHost`] has seen.
#[derive(Debug, Default)]
struct State {
    log: Vec<(LogLevel, String)>,
    files: BTreeMap<String, Vec<u8>>,
    fail_writes: bool,
    now: Instant2,
}

/// A host that keeps files and log lines in memory and has a clock that stands still.
///
/// Clones share their state: give one to the plugin, keep one to look at.
#[derive(Debug, Clone, Default)]
pub struct FakeHost(Arc<Mutex<State>>);

impl FakeHost {
    /// A host with nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The handle that [`Plugin::open`](crate::Plugin::open) takes.
    pub fn host(&self) -> Host {
        let object = crate::hosting::host_object(Arc::new(self.clone()));
        Host::new(object, Context::new("test"))
    }

    /// For [`hosting::Factory`](crate::hosting::Factory).
    pub fn services(&self) -> Arc<dyn HostServices> {
        Arc::new(self.clone())
    }

    /// Content of a file that the plugin has written; atomic ones appear when committed.
    pub fn file(&self, name: &str) -> Option<String> {
        self.bytes(name)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// As [`FakeHost::file`], for files that are no text.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.state(|state| state.files.get(name).cloned())
    }

    /// Names of all files.
    pub fn files(&self) -> Vec<String> {
        self.state(|state| state.files.keys().cloned().collect())
    }

    /// Log lines so far.
    pub fn log_lines(&self) -> Vec<(LogLevel, String)> {
        self.state(|state| state.log.clone())
    }

    /// Makes every later write fail, as on a full disk.
    pub fn fail_writes(&self) {
        self.state(|state| state.fail_writes = true);
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Instant2) {
        self.state(|state| state.now = now);
    }
}

impl HostServices for FakeHost {
    fn log(&self, level: LogLevel, message: &str) {
        self.state(|state| state.log.push((level, message.to_owned())));
    }

    fn now(&self) -> Instant2 {
        self.state(|state| state.now)
    }

    fn artifact(&self, name: &str, atomic: bool) -> Result<Box<dyn FileServices>> {
        if !atomic {
            self.state(|state| state.files.insert(name.to_owned(), Vec::new()));
        }
        Ok(Box::new(FakeFile {
            host: self.clone(),
            name: name.to_owned(),
            pending: Vec::new(),
            atomic,
        }))
    }

    fn wait(&self, _: Duration) -> Wake {
        Wake::Stop
    }
}

struct FakeFile {
    host: FakeHost,
    name: String,
    pending: Vec<u8>,
    atomic: bool,
}

impl FakeFile {
    fn store(&mut self) -> Result<()> {
        let (name, bytes) = (self.name.clone(), std::mem::take(&mut self.pending));
        self.host.state(|state| {
            if state.fail_writes {
                return Err(PluginError::new(ErrorKind::Io, "no space left on device"));
            }
            state.files.entry(name).or_default().extend(bytes);
            Ok(())
        })
    }
}

impl FileServices for FakeFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.atomic { Ok(()) } else { self.store() }
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    fn commit(&mut self) -> Result<()> {
        self.store()
    }
    fn discard(&mut self) -> Result<()> {
        self.host.state(|state| state.files.remove(&self.name));
        Ok(())
    }
}

/// One sample that a plugin pushed.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Source it was pushed for.
    pub source_id: String,
    /// Name with suffix.
    pub name: String,
    /// Type of its family.
    pub kind: MetricKind,
    /// Labels in page order.
    pub labels: Vec<(String, String)>,
    /// Value.
    pub value: f64,
    /// Wall nanoseconds, if it has a time of its own.
    pub time_ns: Option<i64>,
}

/// Keeps everything that is pushed.
#[derive(Debug, Default)]
pub struct RecordingSink {
    /// Samples of all batches.
    pub samples: Vec<Sample>,
    /// Errors of single sources.
    pub errors: Vec<PluginError>,
    /// Bodies of payloads.
    pub payloads: Vec<Vec<u8>>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl SinkServices for RecordingSink {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<()> {
        self.payloads.push(payload.body.to_vec());
        Ok(())
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<()> {
        for row in 0..batch.len() {
            let Some(sample) = batch.sample(row) else {
                let message = format!("sample {row} names bytes outside the text");
                return Err(PluginError::new(ErrorKind::Format, message));
            };
            let labels = sample.labels.flatten();
            self.samples.push(Sample {
                source_id: source_id.to_owned(),
                name: text(sample.name),
                kind: batch.family_kind(sample.family),
                labels: labels
                    .map(|(name, value)| (text(name), text(value)))
                    .collect(),
                value: sample.value,
                time_ns: sample.time_ns,
            });
        }
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        self.errors.push(error);
    }
}

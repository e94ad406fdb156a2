//! Collectors bring data in, in one of three modes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::abi::SinkMut;
use crate::host::header;
use crate::{Batch, Payload, Plugin, PluginError, Result, TlsSettings};

/// How the host drives a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollectorMode {
    /// Names URLs, the host scrapes them.
    Targets,
    /// Is called once every interval.
    Poll,
    /// Runs by itself and pushes.
    Stream,
}

/// One URL to scrape. Made by [`Target::new`]; later versions add fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Target {
    /// Identifies the target within its collector instance; stays the same when the URL is replaced.
    pub id: String,
    /// `http://` or `https://`.
    pub url: String,
    /// Further request headers. Values may be secrets and are never shown.
    pub headers: Vec<(String, String)>,
    /// `Accept` header; empty for none.
    pub accept: String,
    /// Interval in nanoseconds if it differs from the instance's.
    pub interval_ns: Option<u64>,
    /// True if the user did not ask for it: then it writes no record until it has answered once.
    pub automatic: bool,
    /// Labels that the user attached to it.
    pub labels: BTreeMap<String, String>,
    /// TLS, where it differs from that of the instance.
    pub tls: TlsSettings,
}

impl Target {
    /// A page to scrape as the instance's settings say. Everything else is a field to be set.
    pub fn new(id: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            url: url.into(),
            ..Self::default()
        }
    }

    /// Adds an `Accept` header.
    #[must_use]
    pub fn accept(mut self, accept: impl Into<String>) -> Self {
        self.accept = accept.into();
        self
    }

    /// Adds a request header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a label of everything that is read there.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }
}

/// All targets of an instance. Made by [`Targets::new`]; later versions add fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Targets {
    /// Changes when the list does, so that the host can compare cheaply.
    pub generation: u64,
    /// The targets.
    pub targets: Vec<Target>,
}

impl Targets {
    /// The list of this `generation`.
    pub fn new(generation: u64, targets: impl IntoIterator<Item = Target>) -> Self {
        Self {
            generation,
            targets: targets.into_iter().collect(),
        }
    }
}

/// Head of an answer to a target's request. Later versions add fields: tests make it with
/// `..Response::default()`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Response<'a> {
    /// [`Target::id`].
    pub target_id: &'a str,
    /// HTTP status, `None` if there was no answer; then `error` says why.
    pub status: Option<u16>,
    /// `Content-Type`, empty if there was none.
    pub content_type: &'a str,
    /// The first bytes of the decompressed body, at most 4 KiB.
    pub head: &'a [u8],
    /// Why there was no answer.
    pub error: &'a str,
    /// All headers of the answer, as `name: value` lines.
    pub headers: &'a str,
}

impl<'a> Response<'a> {
    /// Value of a header, such as `retry-after`; the first if there are several.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.headers, name)
    }
}

/// What to do with a target after an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verdict {
    /// Go on; a 2xx answer is parsed, anything else is an error record.
    Keep,
    /// Throw the answer away and scrape this URL instead, from now on and at once.
    Replace(String),
    /// Throw the answer away and wait.
    Pause(Duration),
    /// Throw the answer away and leave the target alone for the rest of the run. The reason is
    /// shown once.
    Disable(String),
}

/// A collector that only knows *where* to read. The host scrapes all targets of all instances with
/// one asynchronous HTTP client, with keep-alive, compression, limits and clocks.
pub trait TargetsCollector: Plugin {
    /// The targets. Called at the start and again from time to time.
    ///
    /// # Errors
    /// The targets known so far stay.
    fn targets(&mut self) -> Result<Targets>;

    /// Looks at an answer (or at its absence) before it is parsed.
    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        let _ = response;
        Verdict::Keep
    }
}

/// A collector that reads when it is called: a device, a file, an API without HTTP.
pub trait PollCollector: Plugin {
    /// Reads all sources once. What was put into [`CollectorSink::batch`] is pushed on return.
    ///
    /// # Errors
    /// One error record for the instance; use [`CollectorSink::error`] for single sources.
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()>;
}

/// A collector that runs until it is told to stop: a socket, a subscription.
pub trait StreamCollector: Plugin {
    /// Runs on a thread of its own. Wait with [`Host::wait`](crate::Host::wait): it says when to
    /// stop, and when the host wants everything pushed *now* (a barrier between phases), which
    /// [`Host::synced`](crate::Host::synced) answers.
    ///
    /// # Errors
    /// Restarted with back-off if the error is retriable.
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()>;
}

/// Where a collector puts what it read.
pub struct CollectorSink<'a> {
    sink: SinkMut<'a>,
    batch: Batch,
}

impl fmt::Debug for CollectorSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorSink")
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

impl<'a> CollectorSink<'a> {
    pub(crate) fn new(sink: SinkMut<'a>, batch: Batch) -> Self {
        Self { sink, batch }
    }

    pub(crate) fn into_batch(self) -> Batch {
        self.batch
    }

    /// The batch of the instance's own source. Pushed when `collect` returns, or by
    /// [`CollectorSink::push`].
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Pushes the batch as a reading of `source_id` (empty: the instance itself) and clears it.
    ///
    /// # Errors
    /// If the host does not take it: it is malformed, or the run is stopping.
    pub fn push(&mut self, source_id: &str) -> Result<()> {
        let sink = &mut self.sink;
        let pushed = self.batch.with_abi(&[], |batch| {
            let pushed = sink.batch(source_id.into(), batch);
            pushed.into_result().map_err(PluginError::from)
        });
        self.batch.clear();
        pushed
    }

    /// Hands over bytes for the parser that the user (or the content type) chose.
    ///
    /// # Errors
    /// If the host does not take them.
    pub fn payload(&mut self, payload: &Payload<'_>) -> Result<()> {
        self.sink
            .payload(payload.into())
            .into_result()
            .map_err(PluginError::from)
    }

    /// Records that one source could not be read; the others go on.
    pub fn error(&mut self, error: PluginError) {
        self.sink.error(error.into());
    }
}

//! What the host lends to a plugin. A plugin library has its own standard library, so its prints,
//! loggers and panic hooks do not reach the host: these do.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use abi_stable::std_types::RStr;

use crate::abi::{ARTIFACT_ATOMIC, AbiHttpRequest, HostBox, WriterBox};
use crate::time::Instant2;
use crate::{Context, ErrorKind, PluginError, Result};

/// Why [`Host::wait`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wake {
    /// The time is over.
    Elapsed,
    /// The run stops: return soon.
    Stop,
    /// A barrier: push what you have, then call [`Host::synced`].
    Sync,
}

/// Severity of a log line, by consequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum LogLevel {
    /// Data was lost, or somebody has to act.
    Error = 1,
    /// Something went wrong and was put right.
    Warn = 2,
    /// Worth knowing, once a run.
    Info = 3,
    /// For the author.
    Debug = 4,
}

/// Answer to [`Host::http_get`] or [`Host::http_post`]. Later versions add fields.
#[derive(Debug, Clone, Default)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, empty if there was none.
    pub content_type: String,
    /// Decompressed body, limited by the host.
    pub body: Vec<u8>,
    /// All headers, as `name: value` lines.
    pub headers: String,
}

impl HttpResponse {
    /// Value of a header; the first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// Handle to the host, cheap to clone and to keep.
#[derive(Clone)]
pub struct Host(Arc<Lent>);

struct Lent {
    host: HostBox,
    context: Context,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Host {
    pub(crate) fn new(host: HostBox, context: Context) -> Self {
        Self(Arc::new(Lent { host, context }))
    }

    /// What the instance is called, and how it is driven.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// Writes a line to the run's log, under the instance's name.
    pub fn log(&self, level: LogLevel, message: &str) {
        self.0.host.log(level as u8, message.into());
    }

    /// Reads both clocks.
    pub fn now(&self) -> Instant2 {
        self.0.host.now().into()
    }

    /// Blocks for at most `timeout`, less if the run stops or a barrier comes.
    pub fn wait(&self, timeout: Duration) -> Wake {
        match self
            .0
            .host
            .wait(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
        {
            1 => Wake::Stop,
            2 => Wake::Sync,
            _ => Wake::Elapsed,
        }
    }

    /// Time until the deadline of the call that the instance is in: of `open`, or of a reading.
    /// `None` if it has none.
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.0.host.time_left();
        (left != u64::MAX).then(|| Duration::from_nanos(left))
    }

    /// Says that everything known when [`Wake::Sync`] came has been pushed.
    pub fn synced(&self) {
        self.0.host.synced();
    }

    /// Opens a file of the run for streaming: it has its final name at once, and what was flushed
    /// survives a crash. The host adds folder and prefix. `"-"` is stdout.
    ///
    /// # Errors
    /// If it cannot be created, or another instance writes it.
    pub fn artifact(&self, name: &str) -> Result<Artifact> {
        self.open(name, 0)
    }

    /// Opens a file of the run that appears under its name only when it is
    /// [committed](Artifact::commit), complete.
    ///
    /// # Errors
    /// As [`Host::artifact`].
    pub fn atomic_artifact(&self, name: &str) -> Result<Artifact> {
        self.open(name, ARTIFACT_ATOMIC)
    }

    fn open(&self, name: &str, flags: u32) -> Result<Artifact> {
        let writer = self.0.host.artifact(name.into(), flags).into_result()?;
        Ok(Artifact {
            writer,
            buffer: Vec::new(),
        })
    }

    /// GETs `url` with the host's client (TLS, proxies and limits as the user set them).
    ///
    /// # Errors
    /// If there is no answer within `timeout` (any status is an answer), or a header has a line
    /// break in it.
    pub fn http_get(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        timeout: Duration,
    ) -> Result<HttpResponse> {
        self.http("GET", url, headers, &[], timeout)
    }

    /// POSTs `body` to `url`, with the same client as [`Host::http_get`]. It is sent once: whoever
    /// wants it sent again after an error says so.
    ///
    /// # Errors
    /// As [`Host::http_get`].
    pub fn http_post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        timeout: Duration,
    ) -> Result<HttpResponse> {
        self.http("POST", url, headers, body, timeout)
    }

    fn http(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        timeout: Duration,
    ) -> Result<HttpResponse> {
        let parts = headers.iter().flat_map(|(name, value)| [name, value]);
        if parts.into_iter().any(|part| part.contains(['\r', '\n'])) {
            let message = "a request header has a line break in it";
            return Err(PluginError::new(ErrorKind::Other, message));
        }
        let headers: String = headers
            .iter()
            .flat_map(|(name, value)| [*name, ": ", *value, "\n"])
            .collect();
        let request = AbiHttpRequest {
            method: method.into(),
            url: url.into(),
            headers: headers.as_str().into(),
            body: body.into(),
            timeout_ns: u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX),
            more: RStr::empty(),
        };
        let response = self
            .0
            .host
            .http(request)
            .into_result()
            .map_err(PluginError::from)?;
        Ok(HttpResponse {
            status: response.status,
            content_type: response.content_type.into(),
            body: response.body.into(),
            headers: response.headers.into(),
        })
    }
}

/// Value of the header `name` in `name: value` lines.
pub(crate) fn header<'a>(lines: &'a str, name: &str) -> Option<&'a str> {
    lines.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Bytes buffered before they cross to the host.
const BUFFER: usize = 64 * 1024;

/// A file of the run, from [`Host::artifact`]. Buffered: flush what must survive a crash, and flush
/// at the end of a record: a failed write loses what was written since the last flush, as a whole.
pub struct Artifact {
    writer: WriterBox,
    buffer: Vec<u8>,
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("buffered", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

impl Artifact {
    fn drain(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.writer.write(self.buffer.as_slice().into());
        // Also after a failure: what a full disk refuses must not pile up here.
        self.buffer.clear();
        Ok(written.into_result()?)
    }

    /// Makes the file final; an atomic one appears under its name now.
    ///
    /// # Errors
    /// If it cannot be written (disk full, folder gone).
    pub fn commit(mut self) -> Result<()> {
        self.drain()?;
        Ok(self.writer.commit().into_result()?)
    }

    /// Removes the file.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn discard(mut self) -> Result<()> {
        Ok(self.writer.discard().into_result()?)
    }
}

fn io_error(error: PluginError) -> io::Error {
    io::Error::other(error.message)
}

impl io::Write for Artifact {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER {
            self.drain().map_err(io_error)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain().map_err(io_error)?;
        self.writer
            .flush()
            .into_result()
            .map_err(|error| io_error(error.into()))
    }
}

//! A plugin's process as the run sees it: started, asked, ended.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::hosting::{HostServices, SinkServices};
use aiperf_plugin_sdk::{ErrorKind, PluginError, Result as PluginResult, Wake};

use super::answers::{answer, listen, take_lines, wake_code};
use super::channel::Channel;
use super::columns::Decoded;
use super::handover::send_memory;
use super::library::IsolatedLibrary;
use super::memory::Memory;
use super::message::{Answer, Ask, BatchHead, Call, Outcome, PageHead, Said};
use super::serve::{payload, this_process};
use crate::plugins::loader::signal_of;

/// How often a silent process is looked at.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a process may take to end by itself.
const END_LIMIT: Duration = Duration::from_millis(200);
/// How long to wait for the end of a process that was killed.
const KILL_LIMIT: Duration = Duration::from_secs(1);
/// How long a call may go on once the instance has been told to stop.
const STOP_LIMIT: Duration = Duration::from_millis(500);

/// A plugin's process.
#[derive(Debug)]
pub(super) struct PluginProcess {
    child: Child,
    channel: Channel,
    /// Pages for the plugin.
    pages: Memory,
    /// What it read.
    readings: Memory,
    decoded: Decoded,
    /// A page that it brought.
    page: Vec<u8>,
}

/// What a call has to do with.
pub(super) struct Caller<'a> {
    pub(super) services: &'a dyn HostServices,
    /// Where readings go.
    pub(super) sink: &'a mut dyn SinkServices,
    /// What goes along with the call: the head of a page, or a page.
    pub(super) bytes: &'a [u8],
    /// After this the process is taken for stuck. `None`: when the instance was told to stop, and does
    /// not.
    pub(super) limit: Option<Duration>,
}

/// Why a call brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The plugin says so.
    Plugin(PluginError),
    /// There is no process any more. The text is a predicate of it.
    Ended { how: String, kind: ErrorKind },
}

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        Self::Plugin(error)
    }
}

impl PluginProcess {
    /// Starts a process for the library. It loads it with the first call.
    pub(super) fn start(
        library: &IsolatedLibrary,
        services: &Arc<dyn HostServices>,
    ) -> io::Result<Self> {
        let (calls, its_calls) = UnixStream::pair()?;
        let (asked, its_asked) = UnixStream::pair()?;
        // All that may fail comes before there is a process to be ended.
        let (pages, pages_file) = Memory::create()?;
        let (readings, readings_file) = Memory::create()?;
        let (channel, asked) = (Channel::new(calls)?, Channel::new(asked)?);
        let command = &library.command;
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .arg(&library.path)
            .arg(&library.sha256)
            .arg(this_process().to_string())
            .env_clear()
            .envs(
                command
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .env("LD_BIND_NOW", "1")
            .stdin(OwnedFd::from(its_calls))
            .stdout(OwnedFd::from(its_asked))
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal is for the run, which ends it when it has no more use for it.
            .process_group(0)
            .spawn()?;
        let errors = child.stderr.take();
        // From here on it is ended with this.
        let started = Self {
            child,
            channel,
            pages,
            readings,
            decoded: Decoded::default(),
            page: Vec::new(),
        };
        send_memory(started.channel.socket(), [&pages_file, &readings_file])?;
        let (listener, reader) = (Arc::clone(services), Arc::clone(services));
        spawn("plugin-asks", move || listen(asked, &*listener))?;
        spawn("plugin-prints", move || take_lines(errors, &*reader))?;
        Ok(started)
    }

    /// Has the plugin do something, and gives it what it needs meanwhile.
    pub(super) fn call(&mut self, call: &Call, mut caller: Caller<'_>) -> Result<Outcome, Failure> {
        self.ask(call, caller.bytes)?;
        let mut patience = Patience::new(caller.limit);
        loop {
            if let Some(after) = patience.is_over(caller.services) {
                return Err(self.stuck(after));
            }
            match self.channel.wait(patience.pause()) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(_) => return Err(self.lost()),
            }
            let ask = match self.channel.receive::<Said>() {
                Ok(Some(Said::Done { result, batch })) => {
                    return self.done(result, batch, &mut caller);
                }
                Ok(Some(Said::Ask(ask))) => ask,
                Ok(None) => return Err(self.lost()),
                Err(error) if is_end(&error) => return Err(self.lost()),
                Err(error) => return Err(self.confused(&error)),
            };
            match self.serve(ask, &mut caller, &mut patience) {
                Ok(None) => {}
                Ok(Some(after)) => return Err(self.stuck(after)),
                Err(_) => return Err(self.lost()),
            }
        }
    }

    /// Gives the plugin what it asks for; a limit of the call that was over meanwhile.
    fn serve(
        &mut self,
        ask: Ask,
        caller: &mut Caller<'_>,
        patience: &mut Patience,
    ) -> io::Result<Option<Duration>> {
        let taken = match ask {
            Ask::Payload(head) => self.payload(&head, caller.sink),
            Ask::Batch(head) => self.batch(&head, caller),
            Ask::Error(error) => {
                caller.sink.error(error);
                return Ok(None);
            }
            Ask::Wait { ns } => {
                let woken = patience.wait(Duration::from_nanos(ns), caller.services);
                return match woken {
                    Ok(wake) => self
                        .channel
                        .send(&Answer::Wake(wake_code(wake)), &[])
                        .map(|()| None),
                    Err(after) => Ok(Some(after)),
                };
            }
            ask => {
                let ask = patience.within(ask);
                return match answer(ask, self.channel.beside(), caller.services) {
                    Some((answer, beside)) => self.channel.send(&answer, &beside).map(|()| None),
                    None => Ok(None),
                };
            }
        };
        self.channel.send(&Answer::Taken(taken), &[]).map(|()| None)
    }

    /// Sends a call. A page goes through memory, anything else beside the message.
    fn ask(&mut self, call: &Call, bytes: &[u8]) -> Result<(), Failure> {
        let beside = if matches!(call, Call::Parse(_)) {
            let mut writer = self.pages.writer();
            writer.put(bytes);
            if writer.length().is_none() {
                let message = format!(
                    "a page of {} bytes is too large for its process",
                    bytes.len()
                );
                return Err(PluginError::new(ErrorKind::Limit, message).into());
            }
            &[]
        } else {
            bytes
        };
        let sent = self.channel.send(call, beside);
        sent.map_err(|_| self.lost())
    }

    /// The call is over; what the plugin says of it, unless its last batch is not taken.
    fn done(
        &mut self,
        result: PluginResult<Outcome>,
        batch: Option<BatchHead>,
        caller: &mut Caller<'_>,
    ) -> Result<Outcome, Failure> {
        // It was pushed before the plugin said how it went.
        let taken = batch.map_or(Ok(()), |head| self.batch(&head, caller));
        let outcome = result?;
        taken?;
        Ok(outcome)
    }

    fn payload(&mut self, head: &PageHead, sink: &mut dyn SinkServices) -> PluginResult<()> {
        let mut reader = self.readings.reader(head.length);
        let read = reader.take(reader.left(), &mut self.page);
        read.ok_or_else(no_reading)?;
        sink.payload(&payload(head, &self.page))
    }

    fn batch(&mut self, head: &BatchHead, caller: &mut Caller<'_>) -> PluginResult<()> {
        let read = self.decoded.read(&mut self.readings.reader(head.length));
        read.ok_or_else(no_reading)?;
        let body = head.of_page.then_some(caller.bytes);
        let sink = &mut *caller.sink;
        let pushed = self
            .decoded
            .view(body, |view| sink.batch(&head.source_id, view));
        pushed.map_err(|error| PluginError::new(ErrorKind::Format, error.to_string()))?
    }

    /// The other side of the channel is gone.
    fn lost(&mut self) -> Failure {
        let how = match self.reap(END_LIMIT) {
            Some(status) => how_it_ended(status),
            None => "stopped talking and was ended".to_owned(),
        };
        let kind = ErrorKind::Crashed;
        Failure::Ended { how, kind }
    }

    fn stuck(&mut self, after: Duration) -> Failure {
        self.reap(Duration::ZERO);
        let how = format!("was ended, as it did not answer within {after:?}");
        let kind = ErrorKind::Timeout;
        Failure::Ended { how, kind }
    }

    fn confused(&mut self, error: &io::Error) -> Failure {
        self.reap(Duration::ZERO);
        let how = format!("was ended, as what it sends makes no sense: {error}");
        let kind = ErrorKind::Crashed;
        Failure::Ended { how, kind }
    }

    /// Waits for the process to end, and ends it after `limit`; then there is no status.
    fn reap(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_micros(200));
                }
                _ => break,
            }
        }
        // It fails only if it has been waited for already.
        self.child.kill().ok();
        let deadline = Instant::now() + KILL_LIMIT;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return None;
            }
            thread::sleep(Duration::from_micros(200));
        }
        // In the middle of something that the kernel does not give up, such as a call of a driver. What is
        // left of it goes when that ends, or with the run.
        None
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        // At the end of its calls it ends by itself, and drops what it has.
        self.channel
            .socket()
            .shutdown(std::net::Shutdown::Both)
            .ok();
        self.reap(END_LIMIT);
    }
}

/// Whether the other side has ended in the middle of something.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof)
}

fn no_reading() -> PluginError {
    PluginError::new(ErrorKind::Format, "its process sent no reading")
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(())
}

fn how_it_ended(status: ExitStatus) -> String {
    match signal_of(status) {
        Some(signal) => format!("crashed ({signal})"),
        None => format!(
            "ended by itself (status {})",
            status.code().unwrap_or_default()
        ),
    }
}

/// How long a call may still go on.
struct Patience {
    started: Instant,
    limit: Option<Duration>,
    /// When the instance was seen to have been told to stop.
    stopping: Option<Instant>,
}

impl Patience {
    fn new(limit: Option<Duration>) -> Self {
        Self {
            started: Instant::now(),
            limit,
            stopping: None,
        }
    }

    /// The limit that is over, if one is.
    fn is_over(&mut self, services: &dyn HostServices) -> Option<Duration> {
        if services.is_stopping() {
            self.stopping.get_or_insert_with(Instant::now);
        }
        let over = |since: Instant, limit: Duration| since.elapsed() >= limit;
        let limit = self.limit.filter(|limit| over(self.started, *limit));
        limit.or_else(|| {
            self.stopping
                .filter(|since| over(*since, STOP_LIMIT))
                .map(|_| STOP_LIMIT)
        })
    }

    /// Waits as the plugin asks, but for no longer than its call may go on; the limit that is over.
    fn wait(&mut self, time: Duration, services: &dyn HostServices) -> Result<Wake, Duration> {
        let begun = Instant::now();
        loop {
            if let Some(after) = self.is_over(services) {
                return Err(after);
            }
            let left = time.saturating_sub(begun.elapsed());
            match services.wait(left.min(self.pause())) {
                Wake::Elapsed if begun.elapsed() < time => {}
                wake => return Ok(wake),
            }
        }
    }

    /// What is asked, so that it does not take longer than the call may go on.
    fn within(&self, mut ask: Ask) -> Ask {
        if let (Ask::Http { timeout_ns, .. }, Some(limit)) = (&mut ask, self.limit) {
            let left = limit.saturating_sub(self.started.elapsed());
            let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
            *timeout_ns = left.min(*timeout_ns);
        }
        ask
    }

    fn pause(&self) -> Duration {
        let left = |limit: Duration| limit.saturating_sub(self.started.elapsed());
        // A poll of 0 ms would be a loop without pause.
        self.limit.map_or(PAUSE, |limit| {
            left(limit).clamp(Duration::from_millis(1), PAUSE)
        })
    }
}

//! The plugin's side of its host: everything is asked of the run.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{FileServices, HostServices, HttpRequest, SinkServices};
use aiperf_plugin_sdk::time::Instant2;
use aiperf_plugin_sdk::{ErrorKind, HttpResponse, LogLevel, Payload, PluginError, Result, Wake};

use super::channel::{Channel, LONG};
use super::columns::encode;
use super::memory::{Memory, SIZE, Writer};
use super::message::{Answer, Ask, BatchHead, PageHead, Said};
use crate::http::Clock;

/// Longest that one of the plugin's own threads keeps the others from asking.
const SLICE: Duration = Duration::from_millis(50);

/// The host of the one instance of this process.
#[derive(Debug)]
pub(super) struct RemoteHost {
    /// The thread that calls the plugin; what it asks is part of the call.
    caller: ThreadId,
    pub(super) calls: Mutex<Channel>,
    /// For what the plugin's own threads ask.
    services: Mutex<Channel>,
    clock: Clock,
    /// Wall minus monotonic nanoseconds of the run's clock.
    offset: AtomicI64,
    /// For what the plugin reads.
    readings: Mutex<Memory>,
}

impl RemoteHost {
    /// For plugins that are called from this thread.
    pub(super) fn new(calls: Channel, services: Channel, readings: Memory) -> Self {
        Self {
            caller: thread::current().id(),
            calls: Mutex::new(calls),
            services: Mutex::new(services),
            clock: Clock::new(),
            offset: AtomicI64::default(),
            readings: Mutex::new(readings),
        }
    }

    /// Goes by the run's clock from now on.
    pub(super) fn set_clock(&self, wall_minus_mono: i64) {
        self.offset.store(wall_minus_mono, Relaxed);
    }

    fn is_caller(&self) -> bool {
        thread::current().id() == self.caller
    }

    fn channel(&self) -> MutexGuard<'_, Channel> {
        let channel = if self.is_caller() {
            &self.calls
        } else {
            &self.services
        };
        channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for something that is not answered. Without a run nobody misses it.
    fn tell(&self, ask: Ask) {
        self.channel().send(&Said::Ask(ask), &[]).ok();
    }

    /// Asks, and waits for the answer and what is beside it.
    fn ask(&self, ask: Ask, beside: &[u8]) -> Result<(Answer, Vec<u8>)> {
        let mut channel = self.channel();
        let exchange = || {
            channel.send(&Said::Ask(ask), beside)?;
            while !channel.wait(LONG)? {}
            let answer = channel.receive()?;
            Ok((answer, channel.beside().to_vec()))
        };
        let gone = || PluginError::new(ErrorKind::Stopped, "the run is gone");
        let answered: std::io::Result<_> = exchange();
        match answered {
            Ok((Some(answer), beside)) => Ok((answer, beside)),
            _ => Err(gone()),
        }
    }

    fn wait_once(&self, timeout: Duration) -> Wake {
        let ns = nanoseconds(timeout);
        match self.ask(Ask::Wait { ns }, &[]) {
            Ok((Answer::Wake(0), _)) => Wake::Elapsed,
            Ok((Answer::Wake(2), _)) => Wake::Sync,
            _ => Wake::Stop,
        }
    }

    /// Writes a reading where the run sees it; its length.
    fn write(&self, write: impl FnOnce(&mut Writer<'_>)) -> Result<usize> {
        let mut memory = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writer = memory.writer();
        write(&mut writer);
        writer.length().ok_or_else(|| {
            let message = format!("a reading of more than {SIZE} bytes");
            PluginError::new(ErrorKind::Limit, message)
        })
    }

    fn hand_over(&self, ask: Ask) -> Result<()> {
        match self.ask(ask, &[])? {
            (Answer::Taken(taken), _) => taken,
            _ => Err(nonsense()),
        }
    }
}

fn nonsense() -> PluginError {
    PluginError::new(ErrorKind::Other, "the run answers something else")
}

impl HostServices for RemoteHost {
    fn log(&self, level: LogLevel, message: &str) {
        let (level, message) = (level as u8, message.to_owned());
        self.tell(Ask::Log { level, message });
    }

    fn now(&self) -> Instant2 {
        // All processes of a machine have the same monotonic clock.
        let mono_ns = self.clock.now().0;
        Instant2 {
            mono_ns,
            wall_ns: mono_ns.saturating_add(self.offset.load(Relaxed)),
        }
    }

    fn artifact(&self, _: &str, _: bool) -> Result<Box<dyn FileServices>> {
        let message = "this kind of plugin writes no files";
        Err(PluginError::new(ErrorKind::Unsupported, message))
    }

    fn http(&self, request: &HttpRequest<'_>) -> Result<HttpResponse> {
        let ask = Ask::Http {
            method: request.method.to_owned(),
            url: request.url.to_owned(),
            headers: request.headers.to_owned(),
            timeout_ns: nanoseconds(request.timeout),
        };
        let (Answer::Http(answer), body) = self.ask(ask, request.body)? else {
            return Err(nonsense());
        };
        let head = answer?;
        Ok(HttpResponse {
            status: head.status,
            content_type: head.content_type,
            body,
            headers: head.headers,
        })
    }

    fn wait(&self, timeout: Duration) -> Wake {
        if self.is_caller() {
            return self.wait_once(timeout);
        }
        // The plugin's own threads share a channel: none may hold it for long.
        let mut left = timeout;
        loop {
            let slice = left.min(SLICE);
            left = left.saturating_sub(slice);
            let wake = self.wait_once(slice);
            if wake != Wake::Elapsed || left.is_zero() {
                return wake;
            }
        }
    }

    fn synced(&self) {
        self.tell(Ask::Synced);
    }

    fn time_left(&self) -> Option<Duration> {
        match self.ask(Ask::TimeLeft, &[]) {
            Ok((Answer::TimeLeft(left), _)) => left.map(Duration::from_nanos),
            _ => None,
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Where a call's readings go.
pub(super) struct RemoteSink<'a> {
    host: &'a RemoteHost,
    /// The page that the call came with, if it did: it is on the other side already.
    page: Option<&'a [u8]>,
    /// A batch of the page that is in memory, and goes along with the end of the call.
    kept: Option<BatchHead>,
}

impl<'a> RemoteSink<'a> {
    pub(super) fn new(host: &'a RemoteHost, page: Option<&'a [u8]>) -> Self {
        let kept = None;
        Self { host, page, kept }
    }

    /// The batch that has not been handed over yet.
    pub(super) fn into_kept(self) -> Option<BatchHead> {
        self.kept
    }

    /// There is one place in memory.
    fn make_room(&mut self) -> Result<()> {
        match self.kept.take() {
            Some(kept) => self.host.hand_over(Ask::Batch(kept)),
            None => Ok(()),
        }
    }
}

impl SinkServices for RemoteSink<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<()> {
        self.make_room()?;
        let length = self.host.write(|memory| memory.put(payload.body))?;
        self.host.hand_over(Ask::Payload(PageHead {
            source_id: payload.source_id.to_owned(),
            content_type: payload.content_type.to_owned(),
            clock: payload.clock,
            length,
        }))
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<()> {
        self.make_room()?;
        let of_page = self
            .page
            .is_some_and(|page| std::ptr::eq(page, batch.text()));
        let length = self.host.write(|memory| encode(batch, !of_page, memory))?;
        let head = BatchHead {
            source_id: source_id.to_owned(),
            of_page,
            length,
        };
        if self.page.is_none() {
            return self.host.hand_over(Ask::Batch(head));
        }
        self.kept = Some(head);
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        self.host.tell(Ask::Error(error));
    }
}

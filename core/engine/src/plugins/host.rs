//! What the engine lends to one plugin instance.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::hosting::{FileServices, HostServices, HttpRequest};
use aiperf_plugin_sdk::time::Instant2;
use aiperf_plugin_sdk::{ErrorKind, HttpResponse, LogLevel, PluginError, Result, Wake};

use super::{Artifacts, Budget};
use crate::collect::fetch_once;
use crate::event::Events;
use crate::http::{Clock, MonoNs, Proxies, Tls};

/// Lines that one instance may log in a second.
const LOG_LINES: u32 = 20;

/// Host of one instance.
#[derive(Debug)]
pub struct InstanceHost {
    name: String,
    events: Events,
    artifacts: Option<Artifacts>,
    clock: Clock,
    tls: Tls,
    proxies: Proxies,
    log_lines: Budget,
    signal: Mutex<Signal>,
    changed: Condvar,
    /// Of the call that the instance is in.
    deadline: Mutex<Option<MonoNs>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Signal {
    stop: bool,
    sync_wanted: bool,
    syncs_done: u64,
}

impl InstanceHost {
    /// A host for the instance called `name`, such as `exporter jsonl`. Without artifacts it lends
    /// no files.
    pub fn new(name: &str, events: Events, artifacts: Option<Artifacts>, clock: Clock) -> Self {
        let (signal, changed) = (Mutex::default(), Condvar::new());
        Self {
            name: name.to_owned(),
            events,
            artifacts,
            clock,
            tls: Tls::default(),
            proxies: Proxies::default(),
            log_lines: Budget::new(LOG_LINES),
            signal,
            changed,
            deadline: Mutex::default(),
        }
    }

    /// Lends connections that trust, and go through, what the run says; without it, as the system says
    /// and through nothing.
    #[must_use]
    pub fn with_network(mut self, tls: Tls, proxies: Proxies) -> Self {
        self.tls = tls;
        self.proxies = proxies;
        self
    }

    /// Runs a call of the instance that has to be over at `deadline`.
    pub fn within<T>(&self, deadline: MonoNs, call: impl FnOnce() -> T) -> T {
        let set = |deadline| {
            *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
        };
        set(Some(deadline));
        let result = call();
        set(None);
        result
    }

    fn signal<T>(&self, change: impl FnOnce(&mut Signal) -> T) -> T {
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut signal);
        drop(signal);
        self.changed.notify_all();
        result
    }

    /// Tells the instance to stop, at its next wait.
    pub fn stop(&self) {
        self.signal(|signal| signal.stop = true);
    }

    /// Waits for `delay`; false if the instance is to stop.
    pub fn pause(&self, delay: Duration) -> bool {
        self.wait(delay) != Wake::Stop
    }

    /// Asks the instance to push what it has. The number is for [`InstanceHost::wait_for_sync`].
    pub fn ask_to_sync(&self) -> u64 {
        self.signal(|signal| {
            signal.sync_wanted = true;
            signal.syncs_done
        })
    }

    /// Waits until the instance has pushed what it was asked for; false if it takes longer than
    /// `timeout`.
    pub fn wait_for_sync(&self, asked: u64, timeout: Duration) -> bool {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let (signal, _) = self
            .changed
            .wait_timeout_while(signal, timeout, |signal| signal.syncs_done == asked)
            .unwrap_or_else(PoisonError::into_inner);
        signal.syncs_done != asked
    }
}

impl HostServices for InstanceHost {
    fn log(&self, level: LogLevel, message: &str) {
        match self.log_lines.take(self.clock.now()) {
            Some(0) => self.events.log(level, &self.name, message),
            Some(held_back) => {
                let message = format!("{message} (after {held_back} lines that are left out)");
                self.events.log(level, &self.name, message);
            }
            None => {}
        }
    }

    fn now(&self) -> Instant2 {
        let moment = self.clock.moment();
        Instant2 {
            mono_ns: moment.mono.0,
            wall_ns: moment.wall_ns,
        }
    }

    fn artifact(&self, name: &str, atomic: bool) -> Result<Box<dyn FileServices>> {
        let artifacts = self.artifacts.as_ref().ok_or_else(|| {
            PluginError::new(
                ErrorKind::Unsupported,
                "this kind of plugin writes no files",
            )
        })?;
        artifacts.open(&self.name, name, atomic)
    }

    fn http(&self, request: &HttpRequest<'_>) -> Result<HttpResponse> {
        fetch_once(request, &self.clock, &self.tls, &self.proxies)
    }

    fn wait(&self, timeout: Duration) -> Wake {
        let deadline = Instant::now() + timeout.min(Duration::from_hours(24));
        let mut signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if signal.stop {
                return Wake::Stop;
            }
            if std::mem::take(&mut signal.sync_wanted) {
                return Wake::Sync;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Wake::Elapsed;
            }
            let waited = self.changed.wait_timeout(signal, left);
            signal = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn synced(&self) {
        self.signal(|signal| signal.syncs_done += 1);
    }

    fn is_stopping(&self) -> bool {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        signal.stop
    }

    fn time_left(&self) -> Option<Duration> {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.map(|deadline| deadline.until(self.clock.now()))
    }
}

//! Opens collectors, each on a thread of its own, at the start or when it can be opened at last.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aiperf_plugin_sdk::hosting::{CollectorHandle, HostServices};
use aiperf_plugin_sdk::{
    CollectorMode, Context as PluginContext, ErrorKind, LogLevel, PluginError, PluginKind,
};

use super::context::Context;
use super::driver::Source;
use super::instance::{Instance, Jobs};
use super::poll::Poller;
use super::roster::{Responsive, Roster, SharedRoster, Stream};
use super::route::Route;
use super::schedule::TickOptions;
use super::stream::run_stream;
use super::target_list::TargetList;
use crate::config::CollectorPlan;
use crate::config::schema::OnStartError;
use crate::plugins::{BackOff, InstanceHost, Registry};
use crate::store::EndpointId;

/// Longest wait for a collector to open. It may join later.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// Opens collectors and lets their sources join the roster.
#[derive(Debug, Clone)]
pub(super) struct Opener {
    pub(super) context: Context,
    pub(super) registry: Arc<Registry>,
    pub(super) roster: SharedRoster,
    pub(super) ticks: TickOptions,
}

/// A collector that was told to open.
pub(super) struct Opening {
    pub(super) thread: JoinHandle<()>,
    pub(super) host: Arc<InstanceHost>,
    /// How the first attempt ended.
    pub(super) first: Result<(), PluginError>,
}

impl Opener {
    /// Opens a collector on its own thread. Waits for the first attempt; with
    /// `on_start_error = "retry"` the thread makes others.
    pub(super) fn open(&self, spec: &CollectorPlan) -> std::io::Result<Opening> {
        let label = format!("collector {}", spec.name);
        let (events, clock) = (self.context.events.clone(), self.context.clock.clone());
        let host = InstanceHost::new(&label, events, None, clock)
            .with_network(spec.tls.clone(), spec.proxies.clone());
        let host = Arc::new(host);
        let (tried, first) = channel();
        let attempts = Attempts {
            opener: self.clone(),
            spec: spec.clone(),
            host: Arc::clone(&host),
        };
        let thread = thread::Builder::new()
            .name(format!("col-{}", spec.name))
            .spawn(move || attempts.run(&tried))?;
        let first = first.recv_timeout(OPEN_LIMIT).unwrap_or_else(|error| {
            let message = match error {
                RecvTimeoutError::Timeout => format!("it did not open within {OPEN_LIMIT:?}"),
                RecvTimeoutError::Disconnected => "its thread has ended".to_owned(),
            };
            let error = PluginError::new(ErrorKind::Timeout, message);
            self.roster.lock().note_absent(spec, &error);
            Err(error)
        });
        Ok(Opening {
            thread,
            host,
            first,
        })
    }
}

impl Opener {
    /// Lets a source join that is read every `interval`.
    pub(super) fn join_source(
        &self,
        roster: &mut Roster,
        source: Source,
        spec: &CollectorPlan,
        interval: Duration,
    ) {
        let EndpointId(number) = source.endpoint();
        // Each source draws its own ticks, or all would be read at the same moments.
        let seed = self.ticks.seed.wrapping_add(u64::from(number));
        let ticks = TickOptions {
            interval,
            seed,
            ..self.ticks
        };
        roster.join(source, spec.timeout, ticks);
    }
}

/// The life of one instance's thread.
struct Attempts {
    opener: Opener,
    spec: CollectorPlan,
    host: Arc<InstanceHost>,
}

impl Attempts {
    /// Opens the collector, if need be again and again, then serves it.
    fn run(self, tried: &Sender<Result<(), PluginError>>) {
        let mut back_off = BackOff::default();
        loop {
            let error = match self.attempt() {
                Ok((handle, jobs)) => {
                    // Only the first attempt is waited for.
                    drop(tried.send(Ok(())));
                    let host = Arc::clone(&self.host);
                    // The roster must not be kept alive by those who wait for its end.
                    drop(self);
                    if let Err(error) = jobs.serve(handle) {
                        host.log(LogLevel::Warn, &format!("closing it failed: {error}"));
                    }
                    return;
                }
                Err(error) => error,
            };
            self.opener.roster.lock().note_absent(&self.spec, &error);
            drop(tried.send(Err(error.clone())));
            let again = self.spec.on_start_error == OnStartError::Retry;
            let delay = back_off.after(&error).filter(|_| again);
            if !delay.is_some_and(|delay| self.host.pause(delay)) {
                return;
            }
        }
    }

    /// Opens the collector and lets its sources join.
    fn attempt(&self) -> Result<(CollectorHandle, Jobs), PluginError> {
        let registry = &self.opener.registry;
        let entry = registry
            .get(PluginKind::Collector, &self.spec.plugin)
            .map_err(|error| PluginError::config("use", error.to_string()))?;
        let host = Arc::<InstanceHost>::clone(&self.host);
        let spec = &self.spec;
        let mut context = PluginContext::new(&spec.name).read_every(spec.interval, spec.timeout);
        let labels = spec.labels.iter();
        context.labels = labels.map(|(k, v)| (k.clone(), v.clone())).collect();
        let deadline = self.opener.context.clock.now().after(OPEN_LIMIT);
        let open = || entry.factory.open_collector(&spec.options, &context, host);
        let mut handle = self.host.within(deadline, open)?;
        let mode = entry.descriptor.mode.unwrap_or(CollectorMode::Poll);
        let (instance, jobs) = Instance::new(&self.spec.name);
        match self.admit(mode, &mut handle, instance) {
            Ok(()) => Ok((handle, jobs)),
            Err(error) => {
                // What opening took is given back before the next attempt.
                drop(handle.close());
                Err(error)
            }
        }
    }

    fn admit(
        &self,
        mode: CollectorMode,
        handle: &mut CollectorHandle,
        instance: Instance,
    ) -> Result<(), PluginError> {
        match mode {
            CollectorMode::Targets => {
                let targets = handle.targets()?;
                let access = TargetList::access(&targets, &self.spec)?;
                let mut list = TargetList::new(self.opener.clone(), self.spec.clone(), instance);
                self.join(|roster| {
                    list.take(roster, targets, access);
                    roster.watch(list);
                })
            }
            CollectorMode::Poll => self.join(|roster| {
                let route = Route::new(self.opener.context.clone(), &self.spec);
                let host = Arc::clone(&self.host);
                let poller = Poller::new(route, instance, host, self.spec.timeout);
                let source = Source::Poll(Box::new(poller));
                let interval = self.spec.interval;
                self.opener
                    .join_source(roster, source, &self.spec, interval);
            }),
            CollectorMode::Stream => self.join(|roster| self.join_stream(roster, &instance)),
        }
    }

    /// Lets sources join, unless the run is over.
    fn join(&self, join: impl FnOnce(&mut Roster)) -> Result<(), PluginError> {
        let mut roster = self.opener.roster.lock();
        if roster.is_closed() {
            return Err(PluginError::new(ErrorKind::Stopped, "the run is over"));
        }
        let name = &self.spec.name;
        let failed = roster.note_present(name);
        join(&mut roster);
        drop(roster);
        if failed > 0 {
            let message = format!("opened after {failed} attempts that failed");
            let events = &self.opener.context.events;
            events.log(LogLevel::Info, &format!("collector {name}"), message);
        }
        Ok(())
    }

    fn join_stream(&self, roster: &mut Roster, instance: &Instance) {
        let route = Route::new(self.opener.context.clone(), &self.spec);
        roster.streams.push(Stream {
            endpoint: route.endpoint,
            host: Arc::clone(&self.host),
            responsive: Responsive::default(),
        });
        let (place, host) = (
            Arc::clone(&self.opener.roster.place),
            Arc::clone(&self.host),
        );
        instance.run(move |handle| {
            run_stream(handle, &route, &place, &|delay| host.pause(delay));
        });
    }
}

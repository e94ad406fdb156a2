//! All collectors of a run, as the dispatcher drives them.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::LogLevel;
use aiperf_plugin_sdk::report::SettleReport;

use super::barrier::{Asked, BARRIER_LIMIT};
use super::context::Context;
use super::driver;
use super::opener::{Opener, Opening};
use super::parts::{CollectionParts, StartError};
use super::roster::SharedRoster;
use super::schedule::TickOptions;
use super::settle::{Expected, Settle, SettleOptions};
use super::settling::{Settling, answered, watched};
use super::tag::{Place, Tag};
use crate::config::CollectorPlan;
use crate::config::schema::OnStartError;
use crate::event::EndpointState;
use crate::http::MonoNs;
use crate::plugins::InstanceHost;
use crate::store::{EndpointId, EndpointInfo, Store};

/// The running collectors. Sources are read when asked, and closed by [`Collection::stop`].
///
/// A phase is [`begin_phase`](Self::begin_phase), [`tick`](Self::tick), load,
/// [`rest`](Self::rest), [`end_phase`](Self::end_phase). Where load goes on from one phase to the
/// next, [`hand_over`](Self::hand_over) stands for the end of the one and the beginning of the
/// other.
#[derive(Debug)]
pub struct Collection {
    context: Context,
    roster: SharedRoster,
    settle: Settle,
    /// Hosts of all instances, also of those that do not open.
    hosts: Vec<Arc<InstanceHost>>,
    /// With what they are called in the log.
    threads: Vec<(String, JoinHandle<()>)>,
}

impl Collection {
    /// Opens all collectors, one after the other: endpoints are numbered in the order of `specs`.
    /// Nothing is read yet.
    ///
    /// # Errors
    /// The first that cannot start and must.
    pub fn start(
        specs: &[CollectorPlan],
        ticks: TickOptions,
        parts: CollectionParts,
    ) -> Result<Self, StartError> {
        let registry = Arc::clone(&parts.registry);
        let context = parts.context()?;
        let (roster, newcomers) = SharedRoster::new();
        let mut collection = Self {
            context,
            roster,
            settle: Settle::default(),
            hosts: Vec::new(),
            threads: Vec::new(),
        };
        let driver = driver::spawn(collection.context.clone(), newcomers)?;
        collection.threads.push(("scrape".to_owned(), driver));
        let opener = Opener {
            context: collection.context.clone(),
            registry,
            roster: collection.roster.clone(),
            ticks,
        };
        for spec in specs {
            if let Err(error) = collection.open(&opener, spec) {
                collection.close();
                return Err(error);
            }
        }
        Ok(collection)
    }

    fn open(&mut self, opener: &Opener, spec: &CollectorPlan) -> Result<(), StartError> {
        let Opening {
            thread,
            host,
            first,
        } = opener.open(spec)?;
        let label = format!("collector {}", spec.name);
        self.threads.push((label, thread));
        self.hosts.push(host);
        let Err(error) = first else { return Ok(()) };
        let name = spec.name.clone();
        let then = match spec.on_start_error {
            OnStartError::Error => return Err(StartError::Collector { name, error }),
            OnStartError::Retry if error.retriable => "not there yet, it is tried again",
            OnStartError::Retry | OnStartError::Ignore => "left out",
        };
        let source = format!("collector {name}");
        let events = &self.context.events;
        events.log(LogLevel::Warn, &source, format!("{then}: {error}"));
        Ok(())
    }

    /// The barrier before a phase: one reading of every source.
    pub fn begin_phase(&mut self, phase: u32) {
        let answers =
            Asked::all(&self.roster).read(&self.roster, &self.context.clock, Tag::start(phase));
        let answered = answered(&answers);
        let watched = watched(&self.context, &answered);
        self.settle.begin(&answered, &watched);
    }

    /// Reads all sources regularly as part of phase `phase`, from `start` on.
    pub fn tick(&self, phase: u32, start: MonoNs) {
        self.roster.place.set(Place::tick(phase));
        self.roster.tick(&Place::tick(phase), start);
    }

    /// Phase `phase` takes over while requests are in flight. Asks every source for one reading,
    /// which ends the phase before and starts this one, and goes on reading regularly. Does not
    /// wait; call it at the moment from which on requests belong to `phase`.
    ///
    /// What [`end_phase`](Self::end_phase) is given to expect afterwards must cover all phases
    /// since [`begin_phase`](Self::begin_phase).
    pub fn hand_over(&self, phase: u32) {
        let clock = &self.context.clock;
        let now = clock.now();
        Asked::all(&self.roster).read_in_passing(&self.roster, clock, Tag::start(phase));
        self.roster.tick(&Place::tick(phase), now);
    }

    /// Nothing more is sent from `since` on: what is in flight ends, and gauges fall. Reads sources
    /// more often, so that the end of a short phase is not taken for its middle.
    pub fn ending(&self, since: MonoNs) {
        self.roster.closer(since);
    }

    /// Stops the regular readings.
    pub fn rest(&self) {
        self.roster.rest();
    }

    /// The barrier after a phase: readings until the counters are true by the settle rule.
    ///
    /// `last_response` is when the last response came; when `given_up` says so, one reading must do.
    pub fn end_phase(
        &mut self,
        phase: u32,
        last_response: MonoNs,
        expected: &Expected,
        options: &SettleOptions,
        given_up: &dyn Fn() -> bool,
    ) -> Vec<SettleReport> {
        let limit = if expected.troubled {
            options.troubled_timeout
        } else {
            options.timeout
        };
        let settling = Settling {
            context: &self.context,
            roster: &self.roster,
            rule: &mut self.settle,
            expected,
            last_response,
            limit,
            given_up,
        };
        let reports = settling.run(phase);
        self.roster.place.set(Place::default());
        reports
    }

    /// The last reading of a phase without load, which has nothing to wait for.
    pub fn final_reading(&mut self, phase: u32) {
        let asked = Asked::all(&self.roster);
        asked.read(&self.roster, &self.context.clock, Tag::end(phase));
    }

    /// URLs of the sources whose certificates are not checked.
    pub fn unverified(&self) -> Vec<String> {
        self.context.unverified.urls()
    }

    /// The shortest interval of all sources.
    pub fn interval(&self) -> Duration {
        let roster = self.roster.lock();
        let intervals = roster.sources.iter().map(|source| source.ticks.interval);
        intervals.min().unwrap_or_default()
    }

    /// How late the regular readings of phase `phase` started: nanoseconds from due to sent, in the
    /// order of their start. All of them up to 65 536, then evenly thinned out, with the largest.
    pub fn lateness(&self, phase: u32) -> Vec<i64> {
        self.context.lateness.of(phase)
    }

    /// Number of sources.
    pub fn sources(&self) -> usize {
        self.roster.lock().sources.len()
    }

    /// What became of the endpoints so far.
    pub fn states(&self) -> Vec<EndpointState> {
        let roster = self.roster.lock();
        let store = self.context.sinks.lock();
        let sources = roster.sources.iter().map(|source| source.endpoint);
        let streams = roster.streams.iter().map(|stream| stream.endpoint);
        let known = sources.chain(streams).map(|id| state(&store, id));
        let absent = roster.absent.iter().map(|absent| EndpointState {
            display: absent.name.clone(),
            automatic: absent.optional,
            problem: Some(absent.problem()),
        });
        known.chain(absent).collect()
    }

    /// Stops all sources and closes the collectors. A stuck plugin's thread is left behind. Who
    /// never opened becomes an endpoint of the report.
    pub fn stop(mut self) {
        self.close();
        let roster = self.roster.lock();
        let sinks = &self.context.sinks;
        for absent in &roster.absent {
            let id = sinks.add_endpoint(EndpointInfo {
                url: absent.name.clone(),
                display: absent.name.clone(),
                collector: absent.name.clone(),
                automatic: absent.optional,
                ..EndpointInfo::default()
            });
            sinks.disable(id, &absent.problem());
        }
    }

    fn close(&mut self) {
        for host in &self.hosts {
            host.stop();
        }
        self.context.ingest.begin_to_stop();
        self.roster.lock().close();
        let deadline = Instant::now() + BARRIER_LIMIT;
        for (label, thread) in self.threads.drain(..) {
            while !thread.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A panic there has been reported by whoever asked.
                drop(thread.join());
            } else {
                let message = "it does not end: its thread is left behind";
                self.context.events.log(LogLevel::Warn, &label, message);
            }
        }
        if !self.context.ingest.stop(BARRIER_LIMIT) {
            let message = "closing them does not end: a thread is left behind";
            self.context.events.log(LogLevel::Warn, "parsers", message);
        }
    }
}

fn state(store: &Store, endpoint: EndpointId) -> EndpointState {
    let view = store.endpoint(endpoint);
    let problem = (!view.is_reached()).then(|| {
        let failure = view.failures().1.map(|failure| failure.message.clone());
        let why = view.disabled().map(str::to_owned).or(failure);
        why.unwrap_or_else(|| "no answer yet".to_owned())
    });
    EndpointState {
        display: view.info().display.clone(),
        automatic: view.info().automatic,
        problem,
    }
}

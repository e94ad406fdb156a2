//! Who takes part: sources and streams that are open, and collectors that are not yet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aiperf_plugin_sdk::PluginError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::driver::{Command, Driven, Newcomer, Source};
use super::schedule::TickOptions;
use super::tag::{Place, SharedPlace};
use super::target_list::TargetList;
use crate::config::CollectorPlan;
use crate::config::schema::OnStartError;
use crate::http::MonoNs;
use crate::plugins::InstanceHost;
use crate::store::EndpointId;

/// Whether a source has answered since it was last given up waiting for.
#[derive(Debug, Clone)]
pub(super) struct Responsive(Arc<AtomicBool>);

impl Default for Responsive {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Responsive {
    pub(super) fn set(&self, responsive: bool) {
        self.0.store(responsive, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One source as the dispatcher sees it.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) endpoint: EndpointId,
    pub(super) timeout: Duration,
    pub(super) responsive: Responsive,
    pub(super) ticks: TickOptions,
    commands: UnboundedSender<Command>,
}

impl Handle {
    /// A driver ends only with the run, so that nothing is lost here.
    pub(super) fn send(&self, command: Command) {
        drop(self.commands.send(command));
    }

    pub(super) fn tick(&self, place: Place, start: MonoNs) {
        let options = self.ticks;
        self.send(Command::Tick {
            place,
            start,
            options,
        });
    }
}

/// A stream collector and its host.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) endpoint: EndpointId,
    pub(super) host: Arc<InstanceHost>,
    pub(super) responsive: Responsive,
}

/// A collector that does not open.
#[derive(Debug, Clone)]
pub(super) struct Absent {
    pub(super) name: String,
    /// The user said that it may be missing.
    pub(super) optional: bool,
    pub(super) attempts: u64,
    /// What the last attempt said.
    pub(super) error: PluginError,
}

impl Absent {
    /// One line for the user.
    pub(super) fn problem(&self) -> String {
        match self.attempts {
            1 => format!("it does not open: {}", self.error),
            n => format!(
                "it did not open in {n} attempts, the last with: {}",
                self.error
            ),
        }
    }
}

/// Who reads an address.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// See [`address_of`].
    pub(super) address: String,
    pub(super) endpoint: EndpointId,
    /// Collector instance.
    pub(super) collector: String,
    /// The user did not ask for it.
    pub(super) automatic: bool,
}

/// What makes two URLs the same page: host, port and path, whatever the scheme; `localhost` is
/// `127.0.0.1`.
pub(super) fn address_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let local = rest.strip_prefix("localhost");
    let local = local.filter(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']));
    local.map_or_else(|| rest.to_owned(), |rest| format!("127.0.0.1{rest}"))
}

/// Everyone who takes part. May grow while the run goes on.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) sources: Vec<Handle>,
    pub(super) streams: Vec<Stream>,
    pub(super) absent: Vec<Absent>,
    /// Pages that collectors read by URL.
    pub(super) claims: Vec<Claim>,
    /// What newcomers have to do at once.
    ticking: Option<(Place, MonoNs)>,
    /// `None` once the run is over.
    newcomers: Option<UnboundedSender<Newcomer>>,
    /// Ends the watch over lists of targets.
    watches: Vec<UnboundedSender<()>>,
}

/// Where [`Roster`] and its threads meet.
#[derive(Debug, Clone)]
pub(super) struct SharedRoster {
    roster: Arc<Mutex<Roster>>,
    /// Place of what streams push.
    pub(super) place: Arc<SharedPlace>,
}

impl SharedRoster {
    /// An empty roster, and the sources to be driven as they join.
    pub(super) fn new() -> (Self, UnboundedReceiver<Newcomer>) {
        let (newcomers, driven) = unbounded_channel();
        let roster = Roster {
            sources: Vec::new(),
            streams: Vec::new(),
            absent: Vec::new(),
            claims: Vec::new(),
            ticking: None,
            newcomers: Some(newcomers),
            watches: Vec::new(),
        };
        let roster = Arc::new(Mutex::new(roster));
        let place = Arc::default();
        (Self { roster, place }, driven)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads regularly from `start` on, newcomers included.
    pub(super) fn tick(&self, place: &Place, start: MonoNs) {
        let mut roster = self.lock();
        for source in &roster.sources {
            source.tick(place.clone(), start);
        }
        roster.ticking = Some((place.clone(), start));
    }

    /// Reads more often while a phase ends.
    pub(super) fn closer(&self, since: MonoNs) {
        for source in &self.lock().sources {
            source.send(Command::Closer { since });
        }
    }

    /// Stops the regular readings.
    pub(super) fn rest(&self) {
        let mut roster = self.lock();
        roster.ticking = None;
        for source in &roster.sources {
            source.send(Command::Rest);
        }
    }
}

impl Roster {
    /// True once the run is over: nobody joins any more.
    pub(super) fn is_closed(&self) -> bool {
        self.newcomers.is_none()
    }

    /// Lets a source take part.
    pub(super) fn join(&mut self, source: Source, timeout: Duration, ticks: TickOptions) {
        let (commands, received) = unbounded_channel();
        let handle = Handle {
            endpoint: source.endpoint(),
            timeout,
            responsive: Responsive::default(),
            ticks,
            commands,
        };
        if let Some((place, start)) = &self.ticking {
            handle.tick(place.clone(), *start);
        }
        let driven = Driven {
            source,
            responsive: handle.responsive.clone(),
            commands: received,
        };
        if let Some(newcomers) = &self.newcomers {
            drop(newcomers.send(Newcomer::Source(driven)));
            self.sources.push(handle);
        }
    }

    /// Has the collector of a list of targets asked for it from time to time.
    pub(super) fn watch(&mut self, list: TargetList) {
        let (watch, end) = unbounded_channel();
        if let Some(newcomers) = &self.newcomers {
            drop(newcomers.send(Newcomer::Targets(Box::new(list), end)));
            self.watches.push(watch);
        }
    }

    /// Who of another collector reads the page already.
    pub(super) fn claimed(&self, address: &str, collector: &str) -> Option<&Claim> {
        let other = |claim: &&Claim| claim.address == address && claim.collector != collector;
        self.claims.iter().find(other)
    }

    /// Ends the reading of a source; its driver ends with its commands.
    pub(super) fn leave(&mut self, endpoint: EndpointId) {
        self.sources.retain(|source| source.endpoint != endpoint);
        self.claims.retain(|claim| claim.endpoint != endpoint);
    }

    /// Notes a failed attempt to open a collector.
    pub(super) fn note_absent(&mut self, spec: &CollectorPlan, error: &PluginError) {
        let error = error.clone();
        if let Some(known) = self.absent.iter_mut().find(|a| a.name == spec.name) {
            known.attempts += 1;
            known.error = error;
            return;
        }
        self.absent.push(Absent {
            name: spec.name.clone(),
            optional: spec.on_start_error == OnStartError::Ignore,
            attempts: 1,
            error,
        });
    }

    /// A collector opened after all; says how many attempts failed before.
    pub(super) fn note_present(&mut self, name: &str) -> u64 {
        let at = self.absent.iter().position(|absent| absent.name == name);
        at.map_or(0, |at| self.absent.remove(at).attempts)
    }

    /// Ends the drivers, and lets nobody join any more. Leaves who never opened.
    pub(super) fn close(&mut self) {
        self.newcomers = None;
        self.watches.clear();
        self.sources.clear();
        self.streams.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn one_page_has_one_address() {
        let check = |url, expect| assert_eq!(address_of(url), expect);
        check("http://localhost:9400/metrics", "127.0.0.1:9400/metrics");
        check("https://127.0.0.1:9400/metrics", "127.0.0.1:9400/metrics");
        check(
            "http://localhost2:1/a?b=http://localhost",
            "localhost2:1/a?b=http://localhost",
        );
    }
}

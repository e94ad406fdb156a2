//! The targets that one collector names: they join at the start, and come and go when it names others.

use std::collections::BTreeMap;
use std::time::Duration;

use aiperf_plugin_sdk::hosting::CollectorHandle;
use aiperf_plugin_sdk::{ErrorKind, LogLevel, PluginError, Target, Targets};
use tokio::sync::mpsc::UnboundedReceiver;

use super::access::Access;
use super::driver::Source;
use super::instance::Instance;
use super::opener::Opener;
use super::roster::{Claim, Roster, address_of};
use super::scrape::Scraper;
use crate::config::CollectorPlan;
use crate::store::{EndpointId, EndpointInfo, display_of};

/// How long a collector may take to name its targets while the run goes on.
const LIMIT: Duration = Duration::from_secs(5);
/// The list is asked for after this many intervals, within these bounds.
const INTERVALS: u32 = 20;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Targets of one instance.
#[derive(Debug)]
pub(super) struct TargetList {
    opener: Opener,
    spec: CollectorPlan,
    instance: Instance,
    generation: u64,
    /// With their endpoints; `None` if another collector reads the page.
    known: Vec<(Target, Option<EndpointId>)>,
    /// The last list could not be had, which was told.
    has_failed: bool,
}

impl TargetList {
    pub(super) fn new(opener: Opener, spec: CollectorPlan, instance: Instance) -> Self {
        Self {
            opener,
            spec,
            instance,
            generation: 0,
            known: Vec::new(),
            has_failed: false,
        }
    }

    /// What the targets' requests need.
    ///
    /// # Errors
    /// The first that cannot be asked as its collector wants.
    pub(super) fn access(
        targets: &Targets,
        spec: &CollectorPlan,
    ) -> Result<Vec<Access>, PluginError> {
        let targets = targets.targets.iter();
        targets.map(|target| Access::of(target, spec)).collect()
    }

    /// Goes by this list from now on. Targets that are as before stay as they are.
    pub(super) fn take(&mut self, roster: &mut Roster, targets: Targets, access: Vec<Access>) {
        self.generation = targets.generation;
        let mut before = std::mem::take(&mut self.known);
        for (target, access) in targets.targets.into_iter().zip(access) {
            if let Some(same) = before.iter().position(|(known, _)| *known == target) {
                self.known.push(before.swap_remove(same));
                continue;
            }
            if let Some(at) = before.iter().position(|(known, _)| known.id == target.id) {
                let (_, endpoint) = before.swap_remove(at);
                self.leave(roster, endpoint, "its collector names another page for it");
            }
            let endpoint = self.join(roster, target.clone(), access);
            self.known.push((target, endpoint));
        }
        for (_, endpoint) in before {
            self.leave(roster, endpoint, "its collector names it no more");
        }
    }

    fn leave(&self, roster: &mut Roster, endpoint: Option<EndpointId>, reason: &str) {
        if let Some(endpoint) = endpoint {
            roster.leave(endpoint);
            self.opener.context.sinks.disable(endpoint, reason);
        }
    }

    fn join(&self, roster: &mut Roster, mut target: Target, access: Access) -> Option<EndpointId> {
        let (spec, context) = (&self.spec, &self.opener.context);
        let address = address_of(&target.url);
        if !self.may_read(roster, &address, target.automatic) {
            return None;
        }
        // What is said of one target goes before what is said of all.
        for (name, value) in &spec.labels {
            let label = target.labels.entry(name.clone());
            label.or_insert_with(|| value.clone());
        }
        let endpoint = context.sinks.add_endpoint(EndpointInfo {
            display: display_of(&target.url),
            url: target.url.clone(),
            collector: spec.name.clone(),
            automatic: target.automatic,
            labels: BTreeMap::clone(&target.labels),
            families: Some(spec.families.clone()),
        });
        roster.claims.push(Claim {
            address,
            endpoint,
            collector: spec.name.clone(),
            automatic: target.automatic,
        });
        let interval = target
            .interval_ns
            .map_or(spec.interval, Duration::from_nanos);
        let (context, instance) = (context.clone(), self.instance.clone());
        let scraper = Scraper::new(context, instance, endpoint, target, access, spec);
        let source = Source::Target(Box::new(scraper));
        self.opener.join_source(roster, source, spec, interval);
        Some(endpoint)
    }

    /// Two collectors may find the same page by themselves: the first one reads it, and what the user
    /// named goes before what was found. What the user named twice is read twice.
    fn may_read(&self, roster: &mut Roster, address: &str, automatic: bool) -> bool {
        let Some(claim) = roster.claimed(address, &self.spec.name) else {
            return true;
        };
        if automatic {
            return false;
        }
        if claim.automatic {
            let endpoint = claim.endpoint;
            roster.leave(endpoint);
            let reason = format!("the collector `{}` reads it", self.spec.name);
            self.opener.context.sinks.disable(endpoint, &reason);
        }
        true
    }

    /// Asks for the list again and again, until `end` says that the run is over.
    pub(super) async fn watch(mut self, mut end: UnboundedReceiver<()>) {
        let pause = self.spec.interval.saturating_mul(INTERVALS);
        let pause = pause.clamp(SHORTEST, LONGEST);
        loop {
            tokio::select! {
                biased;
                _ = end.recv() => return,
                () = tokio::time::sleep(pause) => {}
            }
            tokio::select! {
                biased;
                _ = end.recv() => return,
                () = self.refresh() => {}
            }
        }
    }

    async fn refresh(&mut self) {
        let instance = self.instance.clone();
        let asked = instance.ask(CollectorHandle::targets);
        tokio::pin!(asked);
        let named = match tokio::time::timeout(LIMIT, &mut asked).await {
            Ok(named) => named,
            Err(_elapsed) => {
                let message = format!("it did not name its targets within {LIMIT:?}");
                self.note(&PluginError::new(ErrorKind::Timeout, message));
                // It is not asked again before it has answered.
                asked.await
            }
        };
        let targets = match named {
            Ok(targets) if targets.generation == self.generation => {
                self.has_failed = false;
                return;
            }
            Ok(targets) => targets,
            Err(error) => return self.note(&error),
        };
        match Self::access(&targets, &self.spec) {
            Ok(access) => {
                let shared = self.opener.roster.clone();
                let mut roster = shared.lock();
                if !roster.is_closed() {
                    self.has_failed = false;
                    self.take(&mut roster, targets, access);
                }
            }
            Err(error) => self.note(&error),
        }
    }

    /// Says that the list could not be had: once, until it can.
    fn note(&mut self, error: &PluginError) {
        // Of the end of its process it was told already.
        let is_told = std::mem::replace(&mut self.has_failed, true);
        if is_told || error.kind == ErrorKind::Crashed {
            return;
        }
        let label = format!("collector {}", self.spec.name);
        let message = format!("its targets stay as they are: {error}");
        let events = &self.opener.context.events;
        events.log(LogLevel::Warn, &label, message);
    }
}

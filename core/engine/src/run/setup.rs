//! What both kinds of run need: files, exporters, store, collectors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aiperf_plugin_sdk::time::Instant2;
use aiperf_plugin_sdk::{LogLevel, PhaseEvent, RunInfo};

use super::glance::Glances;
use super::{RunError, RunParts, info};
use crate::collect::{Collection, CollectionParts, SettleOptions, TickOptions};
use crate::config::RunPlan;
use crate::config::schema::Ui;
use crate::event::{Event, Events, Logged, Scrubbed};
use crate::http::{Clock, MonoNs};
use crate::load::{LoadPlan, OpenFiles};
use crate::plugins::{Artifacts, Exporters};
use crate::store::Store;

/// A run that has begun.
pub(super) struct Setup {
    pub(super) clock: Clock,
    pub(super) run: RunInfo,
    pub(super) artifacts: Artifacts,
    pub(super) events: Events,
    pub(super) exporters: Arc<Exporters>,
    pub(super) store: Arc<Mutex<Store>>,
    /// Looks at the servers for those who watch the run.
    glances: Option<Glances>,
}

impl Setup {
    /// Claims the folder, writes what makes the run repeatable, opens the exporters.
    pub(super) fn begin(
        plan: &RunPlan,
        parts: &RunParts,
        load: Option<&LoadPlan>,
        clock: Clock,
    ) -> Result<Self, RunError> {
        let mut run = info::run_info(plan, parts, load, &clock);
        let dir = info::artifact_dir(plan, load);
        let prefix = plan.artifacts.prefix.as_deref().unwrap_or_default();
        let (artifacts, log) = Artifacts::claim(&dir, prefix, Arc::clone(&parts.stdout))?;
        let artifacts = artifacts.without(Arc::clone(&plan.secrets));
        run.artifact_dir = artifacts.dir().display().to_string();
        artifacts.write("aiperf.toml", &plan.to_toml())?;
        let events = Logged::events(parts.events.clone(), log);
        let events = Scrubbed::events(events, Arc::clone(&plan.secrets));
        for library in parts.registry.libraries() {
            events.log(LogLevel::Debug, "plugins", library.to_string());
        }
        let exporters = Exporters::start(
            &plan.exporters,
            &parts.registry,
            &run,
            &artifacts,
            &events,
            &clock,
        )
        .map_err(RunError::Exporter)?;
        let store = Arc::new(Mutex::new(Store::new(plan.store.clone())));
        Ok(Self {
            clock,
            run,
            artifacts,
            events,
            exporters: Arc::new(exporters),
            store,
            glances: (plan.ui == Ui::Dashboard).then(|| Glances::new(plan.knowledge.clone())),
        })
    }

    /// Ends the exporters of a run that does not come about.
    pub(super) fn give_up(&self, why: &dyn std::fmt::Display) {
        // What they could not write is not what the user wants to know now.
        drop(self.exporters.abort(&why.to_string()));
    }

    /// Opens the collectors. `from_start`: without load there is no first send to wait for. `files`:
    /// what is open beside.
    pub(super) fn collection(
        &self,
        plan: &RunPlan,
        parts: &RunParts,
        phases: Vec<String>,
        from_start: bool,
        files: OpenFiles,
    ) -> Result<Collection, RunError> {
        let ticks = TickOptions {
            interval: Duration::from_millis(500),
            jitter: plan.jitter,
            seed: plan.random_seed,
            from_start,
            slice: plan.slice_duration,
        };
        let parts = CollectionParts {
            registry: Arc::clone(&parts.registry),
            store: Arc::clone(&self.store),
            exporters: Arc::clone(&self.exporters),
            events: self.events.clone(),
            clock: self.clock.clone(),
            secrets: Arc::clone(&plan.secrets),
            phases,
            parsers: plan.parsers.clone(),
        };
        let started = Collection::start(&plan.collectors, ticks, parts);
        let collection = started.inspect_err(|error| self.give_up(error))?;
        let sources = collection.sources() as u64;
        let files = OpenFiles { sources, ..files };
        if let Err(error) = files.provide() {
            collection.stop();
            self.give_up(&error);
            return Err(RunError::Load(error));
        }
        Ok(collection)
    }

    /// The store.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever watches what the servers say, if it is time for that.
    pub(super) fn glance(&self) {
        let now = self.clock.now();
        let due = self.glances.as_ref().filter(|one| one.is_due(now));
        if let Some(glances) = due {
            let servers = glances.of(&self.store());
            self.events.send(&Event::Servers(servers));
        }
    }

    /// An instant on both clocks.
    pub(super) fn instant(&self, at: MonoNs) -> Instant2 {
        Instant2 {
            mono_ns: at.0,
            wall_ns: self.clock.wall_ns(at),
        }
    }

    /// Tells everybody that a phase began or ended.
    pub(super) fn phase(&self, event: PhaseEvent) {
        self.events.send(&Event::Phase(event.clone()));
        self.exporters.phase(event);
    }
}

/// Limits of the waiting for counters.
pub(super) fn settle_options(plan: &RunPlan) -> SettleOptions {
    plan.settle_timeout
        .map_or_else(SettleOptions::default, |timeout| SettleOptions {
            timeout,
            troubled_timeout: timeout,
        })
}

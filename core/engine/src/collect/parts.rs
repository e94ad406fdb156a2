//! What the collectors are lent, and why they may not start.

use std::sync::{Arc, Mutex, PoisonError};

use aiperf_plugin_sdk::PluginError;

use super::context::Context;
use super::ingest::Ingest;
use super::lateness::Lateness;
use super::limits::Limits;
use super::parsers::ParserParts;
use super::sinks::Sinks;
use super::unverified::Unverified;
use crate::config::ParserPlan;
use crate::event::Events;
use crate::http::Clock;
use crate::plugins::{Exporters, Registry};
use crate::secrets::Secrets;
use crate::store::Store;

/// Threads that parse pages.
const INGEST_THREADS: usize = 2;

/// Why the collectors cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A collector does not open, and must.
    #[error("collector `{name}`: {error}")]
    Collector {
        /// Name of the instance.
        name: String,
        /// What it says.
        error: PluginError,
    },
    /// No thread or runtime can be had.
    #[error("cannot start a thread for the collectors: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the engine lends to the collectors.
#[derive(Debug)]
pub struct CollectionParts {
    /// Plugins that can be used.
    pub registry: Arc<Registry>,
    /// Where readings go.
    pub store: Arc<Mutex<Store>>,
    /// Who sees them at once.
    pub exporters: Arc<Exporters>,
    /// Log and progress.
    pub events: Events,
    /// The run's clock.
    pub clock: Clock,
    /// What must be shown nowhere.
    pub secrets: Arc<Secrets>,
    /// Names of the phases, by index.
    pub phases: Vec<String>,
    /// Parsers with options of their own.
    pub parsers: Vec<ParserPlan>,
}

impl CollectionParts {
    /// What all sources share. Starts the ingest threads.
    pub(super) fn context(self) -> std::io::Result<Context> {
        let max_series = {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            store.max_series()
        };
        let sinks = Arc::new(Sinks {
            limits: Limits::for_series(max_series),
            store: self.store,
            exporters: self.exporters,
            secrets: self.secrets,
        });
        let parsers = ParserParts {
            registry: self.registry,
            sinks: Arc::clone(&sinks),
            events: self.events.clone(),
            clock: self.clock.clone(),
            plans: self.parsers,
            faulty: Mutex::default(),
            hosts: Mutex::default(),
        };
        Ok(Context {
            sinks,
            ingest: Ingest::start(INGEST_THREADS, parsers)?,
            events: self.events,
            clock: self.clock,
            unverified: Unverified::default(),
            lateness: Arc::new(Lateness::default()),
            phases: self.phases.into(),
        })
    }
}

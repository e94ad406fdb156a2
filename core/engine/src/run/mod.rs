//! A run from its plan to its files: the one place that decides what happens when.

mod collect;
mod dispatch;
mod error;
mod glance;
mod info;
mod model;
mod notes;
mod profile;
mod record;
mod replay;
mod requests;
mod setup;
mod unverified;

use aiperf_plugin_sdk::report::Report;
use aiperf_plugin_sdk::run::Terminal;
use std::path::PathBuf;
use std::sync::Arc;

pub use error::RunError;
pub use record::RUN_FILE;
pub use replay::{Recomputed, Recording, Replayed, replay};

use crate::config::{Command, RunPlan};
use crate::event::Events;
use crate::load::StopSignal;
use crate::plugins::{ExporterFailure, Registry, SharedWriter};

/// What whoever runs the engine lends to a run.
#[derive(Clone)]
pub struct RunParts {
    /// Plugins that can be used.
    pub registry: Arc<Registry>,
    /// Told what happens.
    pub events: Events,
    /// Asks the run to end early.
    pub stop: StopSignal,
    /// Standard output, for exporters that write there.
    pub stdout: SharedWriter,
    /// What standard output can show.
    pub terminal: Terminal,
    /// Version of the program.
    pub version: &'static str,
}

impl std::fmt::Debug for RunParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunParts")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct RunOutcome {
    /// Everything it found out.
    pub report: Report,
    /// Exporters whose output is missing or incomplete.
    pub failures: Vec<ExporterFailure>,
    /// Folder of its files.
    pub artifact_dir: PathBuf,
}

/// What exporters say, without secrets.
fn without_secrets(mut failures: Vec<ExporterFailure>, plan: &RunPlan) -> Vec<ExporterFailure> {
    for failure in &mut failures {
        failure.message = plan.secrets.scrub(&failure.message).into_owned();
    }
    failures
}

/// Carries out a plan. Blocks until the files are written. For [`Command::Report`] see [`replay`].
///
/// # Errors
/// If the run cannot start, or cannot go on; failures of single requests, sources and exporters
/// are part of the outcome instead.
pub fn run(plan: &RunPlan, parts: &RunParts) -> Result<RunOutcome, RunError> {
    let collectors = plan.collectors.iter().map(|collector| &collector.tls);
    for tls in std::iter::once(&plan.tls).chain(collectors) {
        tls.check().map_err(RunError::Tls)?;
    }
    let outcome = match plan.command {
        Command::Collect => collect::run(plan, parts),
        Command::Profile | Command::Demo => profile::run(plan, parts),
        Command::Report => Err(RunError::NoRecording),
    }?;
    Ok(RunOutcome {
        failures: without_secrets(outcome.failures, plan),
        ..outcome
    })
}

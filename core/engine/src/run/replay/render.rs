//! The report of a recording goes to exporters, as that of a run does.

use std::path::PathBuf;
use std::sync::Arc;

use aiperf_plugin_sdk::report::{Report, Warning};

use super::{Recomputed, Recording};
use crate::config::RunPlan;
use crate::event::{Events, Logged, Scrubbed};
use crate::http::Clock;
use crate::plugins::{Artifacts, ExporterFailure, Exporters};
use crate::run::{RunError, RunParts, without_secrets};

/// A recorded run that was reported again.
#[derive(Debug)]
pub struct Replayed {
    /// The report.
    pub report: Report,
    /// What the recording lacks.
    pub gaps: Vec<Warning>,
    /// Exporters whose output is missing or incomplete.
    pub failures: Vec<ExporterFailure>,
    /// Folder of the new files, if there are any.
    pub artifact_dir: Option<PathBuf>,
}

/// Makes the report of a recording again and renders it with the plan's exporters: into the plan's
/// folder, or, if it names none, on standard output only. The recording stays as it is.
///
/// # Errors
/// If there is no recording, or an exporter cannot start.
pub fn replay(
    recording: &Recording,
    plan: &RunPlan,
    parts: &RunParts,
) -> Result<Replayed, RunError> {
    let Recomputed {
        report,
        mut run,
        gaps,
    } = recording.recompute(plan.slice_duration, Some(&plan.goodput))?;
    let (artifacts, events) = output(plan, parts)?;
    run.terminal = parts.terminal;
    if plan.artifacts.dir.is_some() {
        run.artifact_dir = artifacts.dir().display().to_string();
    }
    let clock = Clock::new();
    let (exporters, registry) = (&plan.exporters, &parts.registry);
    let exporters = Exporters::start(exporters, registry, &run, &artifacts, &events, &clock)
        .map_err(RunError::Exporter)?;
    let report = Arc::new(report);
    let failures = exporters.finish(Arc::clone(&report));
    Ok(Replayed {
        failures: without_secrets(failures, plan),
        artifact_dir: plan.artifacts.dir.as_ref().map(|_| artifacts.dir()),
        report: Arc::unwrap_or_clone(report),
        gaps,
    })
}

fn output(plan: &RunPlan, parts: &RunParts) -> Result<(Artifacts, Events), RunError> {
    let stdout = Arc::clone(&parts.stdout);
    let secrets = || Arc::clone(&plan.secrets);
    let scrubbed = |events| Scrubbed::events(events, secrets());
    let Some(dir) = &plan.artifacts.dir else {
        let artifacts = Artifacts::stdout_only(stdout).without(secrets());
        return Ok((artifacts, scrubbed(parts.events.clone())));
    };
    let prefix = plan.artifacts.prefix.as_deref().unwrap_or_default();
    let (artifacts, log) = Artifacts::claim(dir, prefix, stdout)?;
    let events = Logged::events(parts.events.clone(), log);
    Ok((artifacts.without(secrets()), scrubbed(events)))
}

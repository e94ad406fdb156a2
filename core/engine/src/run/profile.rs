//! Load on the one side, the servers' metrics on the other.

use std::sync::Arc;

use aiperf_plugin_sdk::display::json_text;
use aiperf_plugin_sdk::report::{RunStatus, Warning};
use aiperf_plugin_sdk::run::PhaseKind;
use aiperf_plugin_sdk::{LogLevel, PluginError};

use super::dispatch::Dispatcher;
use super::model;
use super::record::{RUN_FILE, RunRecord};
use super::requests::Requests;
use super::setup::Setup;
use super::{RunError, RunOutcome, RunParts, unverified};
use crate::config::RunPlan;
use crate::event::Event;
use crate::http::{Clock, ClockSource};
use crate::load::{self, LoadGenerator, LoadPlan, PhasePlan, Stop};
use crate::plugins::{ArtifactError, ExporterFailure};
use crate::report::{PhaseWindow, RequestLog};

pub(super) fn run(plan: &RunPlan, parts: &RunParts) -> Result<RunOutcome, RunError> {
    let clock = Clock::new();
    let settings = plan.load.as_ref().ok_or(RunError::NothingToCollect)?;
    let files = settings.without_model().open_files();
    files.provide().map_err(RunError::Load)?;
    let load = model::resolve(settings, &clock, &parts.stop)?;
    let setup = Setup::begin(plan, parts, Some(&load), clock)?;
    write_inputs(&setup, &load).inspect_err(|error| setup.give_up(error))?;
    let phases = load.phases.iter().map(|phase| phase.name.clone()).collect();
    let collection = setup.collection(plan, parts, phases, false, files)?;
    unverified::tell(
        unverified::warning(Some(&load), &collection).as_ref(),
        &setup.events,
    );
    let planned = load.phases.iter().zip(0..).map(planned).collect();
    let mut record = setup.record(planned, true, plan)?;
    let requests = Arc::new(Requests::new(
        setup.clock.clone(),
        Arc::clone(&setup.exporters),
        RequestLog::new(plan.store.memory_limit).judging(plan.goodput.clone()),
    ));
    let sink: Arc<dyn load::RecordSink> = Arc::<Requests>::clone(&requests);
    let generator = LoadGenerator::start(load.clone(), setup.clock.clone(), sink)
        .map_err(RunError::Load)
        .inspect_err(|error| setup.give_up(error))?;
    let mut dispatcher = Dispatcher {
        plan,
        load: &load,
        setup: &setup,
        stop: &parts.stop,
        requests: &requests,
        collection,
        generator,
        windows: Vec::new(),
        warnings: Vec::new(),
        reads_by_clock: (0, 0),
        by_version: (0, 0),
    };
    let died = dispatcher.run_phases().err();
    let went_on = died.is_none();
    let Dispatcher {
        collection,
        generator,
        windows,
        mut warnings,
        reads_by_clock,
        by_version,
        ..
    } = dispatcher;
    generator.shutdown();
    warnings.extend(unverified::warning(Some(&load), &collection));
    collection.stop();
    if let Some(error) = died {
        let message = error.to_string();
        setup.events.log(LogLevel::Error, "load", message.clone());
        warnings.push(Warning {
            code: "load_failed".to_owned(),
            message,
            ..Warning::default()
        });
    }
    let status = match parts.stop.state() {
        Stop::Run if went_on => RunStatus::Completed,
        Stop::Drain => RunStatus::Interrupted,
        Stop::Run | Stop::Abort => RunStatus::Aborted,
    };
    record.clock = clock_source(reads_by_clock);
    record.by_version = by_version;
    record.warnings = warnings;
    let requests = requests.take();
    record.end(status, windows, &setup.store(), &requests);
    Ok(finish(&setup, &mut record, &requests))
}

/// Sees to the folder, makes the report, notes its warnings in the log, keeps what it was made from, and hands it to the
/// exporters.
pub(super) fn finish(setup: &Setup, record: &mut RunRecord, requests: &RequestLog) -> RunOutcome {
    setup.events.send(&Event::Reporting);
    let homeless = secure(setup, record).err();
    let report = record.report(&setup.store(), requests);
    for warning in &report.warnings {
        setup.events.send(&Event::Warning(warning.clone()));
    }
    let unwritten = record.write(&setup.artifacts).err();
    let report = Arc::new(report);
    let mut failures = setup.exporters.finish(Arc::clone(&report));
    failures.extend(unwritten.map(|error| ExporterFailure {
        name: RUN_FILE.to_owned(),
        message: error.to_string(),
    }));
    failures.extend(homeless.map(|error| ExporterFailure {
        name: "run".to_owned(),
        message: error.to_string(),
    }));
    for failure in &failures {
        setup
            .events
            .log(LogLevel::Error, "exporters", failure.to_string());
    }
    if let Err(error) = setup.artifacts.restore() {
        let (name, message) = ("run".to_owned(), error.to_string());
        failures.push(ExporterFailure { name, message });
    }
    RunOutcome {
        report: Arc::unwrap_or_clone(report),
        failures,
        artifact_dir: setup.artifacts.dir(),
    }
}

/// A folder that was taken away is made again, and the report says so.
fn secure(setup: &Setup, record: &mut RunRecord) -> Result<(), ArtifactError> {
    let before = setup.artifacts.dir();
    if let Some(now) = setup.artifacts.secure()? {
        record.warnings.push(Warning {
            code: "folder_removed".to_owned(),
            message: format!(
                "`{}` was removed while the run went on: its files were written again, to `{}`",
                before.display(),
                now.display()
            ),
            remedy: "leave the folder alone while a run goes on".to_owned(),
            ..Warning::default()
        });
    }
    Ok(())
}

/// A phase that has not begun.
pub(super) fn planned((plan, index): (&PhasePlan, u32)) -> PhaseWindow {
    PhaseWindow {
        index,
        name: plan.name.clone(),
        kind: kind_of(plan.kind),
        ..PhaseWindow::default()
    }
}

fn clock_source((kernel, user): (u64, u64)) -> Option<ClockSource> {
    match (kernel, user) {
        (0, 0) => None,
        (0, _) => Some(ClockSource::User),
        _ => Some(ClockSource::Kernel),
    }
}

/// Prompts of the run, or how to make them again.
fn write_inputs(setup: &Setup, load: &LoadPlan) -> Result<(), RunError> {
    let source = load::PromptSource::new(load);
    let phases: Vec<_> = (0..load.phases.len())
        .map(|phase| source.describe(phase, 10))
        .collect();
    let inputs = serde_json::json!({ "phases": phases });
    let text = json_text(&inputs).map_err(PluginError::from)?;
    let text = String::from_utf8_lossy(&text);
    Ok(setup.artifacts.write("inputs.json", &text)?)
}

pub(super) fn kind_of(kind: load::PhaseKind) -> PhaseKind {
    match kind {
        load::PhaseKind::Warmup => PhaseKind::Warmup,
        load::PhaseKind::Profiling => PhaseKind::Profiling,
    }
}

//! Load on the one side, the servers' metrics on the other.

use std::sync::Arc;

use aiperf_plugin_sdk::display::json_text;
use aiperf_plugin_sdk::report::{RunStatus, Warning};
use aiperf_plugin_sdk::run::PhaseKind;
use aiperf_plugin_sdk::{LogLevel, PhaseEvent, PluginError};

use super::model;
use super::notes;
use super::record::{RUN_FILE, RunRecord};
use super::requests::Requests;
use super::setup::{Setup, settle_options};
use super::{RunError, RunOutcome, RunParts, unverified};
use crate::collect::Collection;
use crate::config::RunPlan;
use crate::event::{Event, Progress};
use crate::http::{Clock, ClockSource};
use crate::load::{
    self, EndReason, LoadError, LoadGenerator, LoadPlan, PhaseOutcome, PhasePlan, Stop, StopSignal,
};
use crate::plugins::{ArtifactError, ExporterFailure};
use crate::report::{Effort, PhaseWindow, RequestLog};

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
        plan.store.memory_limit,
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
    };
    let died = dispatcher.run_phases().err();
    let went_on = died.is_none();
    let Dispatcher {
        collection,
        generator,
        windows,
        mut warnings,
        reads_by_clock,
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
    record.warnings = warnings;
    let requests = requests.take();
    record.end(status, windows, &setup.store(), &requests);
    Ok(finish(&setup, &mut record, &requests))
}

/// Sees to the folder, makes the report, notes its warnings in the log, keeps what it was made from, and hands it to the
/// exporters.
pub(super) fn finish(setup: &Setup, record: &mut RunRecord, requests: &RequestLog) -> RunOutcome {
    let homeless = secure(setup, record).err();
    let report = record.report(&setup.store(), requests);
    for warning in &report.warnings {
        setup.events.send(&Event::Warning(warning.clone()));
    }
    let unwritten = record.write(&setup.artifacts).err();
    let mut failures = setup.exporters.finish(report.clone());
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
        report,
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
fn planned((plan, index): (&PhasePlan, u32)) -> PhaseWindow {
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

struct Dispatcher<'a> {
    plan: &'a RunPlan,
    load: &'a LoadPlan,
    setup: &'a Setup,
    stop: &'a StopSignal,
    requests: &'a Requests,
    collection: Collection,
    generator: LoadGenerator,
    windows: Vec<PhaseWindow>,
    warnings: Vec<Warning>,
    reads_by_clock: (u64, u64),
}

impl Dispatcher<'_> {
    fn run_phases(&mut self) -> Result<(), LoadError> {
        for index in 0..self.load.phases.len() {
            if self.stop.state() != Stop::Run {
                break;
            }
            let reason = self.run_phase(index)?;
            if reason == EndReason::TooManyErrors {
                break;
            }
        }
        Ok(())
    }

    fn run_phase(&mut self, index: usize) -> Result<EndReason, LoadError> {
        let number = u16::try_from(index).unwrap_or(u16::MAX);
        let phase = u32::from(number);
        self.collection.begin_phase(phase);
        if index == 0 {
            self.setup
                .events
                .send(&Event::Endpoints(self.collection.states()));
        }
        self.tell(index, false);
        self.collection.tick(phase, self.setup.clock.now());
        let (setup, load) = (self.setup, self.load);
        let (collection, mut ending) = (&self.collection, false);
        let mut on_progress = |progress: &load::Progress| {
            if !progress.sending && !ending {
                ending = true;
                collection.ending(setup.clock.now());
            }
            show(setup, load, progress);
        };
        let outcome = self.generator.run_phase(index, &mut on_progress, self.stop);
        self.collection.rest();
        let outcome = outcome?;
        let reason = outcome.reason;
        self.tell(index, true);
        let settle = if self.stop.state() == Stop::Abort {
            Vec::new()
        } else {
            let expected = self.requests.expected(number);
            let last = outcome.last_response.unwrap_or(outcome.end);
            let options = settle_options(self.plan);
            let given_up = || self.stop.state() == Stop::Abort;
            self.collection
                .end_phase(phase, last, &expected, &options, &given_up)
        };
        self.note(&outcome);
        self.windows.push(self.window(index, &outcome, settle));
        Ok(reason)
    }

    fn window(
        &self,
        index: usize,
        outcome: &PhaseOutcome,
        settle: Vec<aiperf_plugin_sdk::report::SettleReport>,
    ) -> PhaseWindow {
        let plan = &self.load.phases[index];
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let effort = Effort {
            used: outcome.used.clone(),
            reads_by_clock: outcome.reads_by_clock,
            scrape_lateness_ns: self.collection.lateness(number),
        };
        let first_send = outcome.first_send.unwrap_or(outcome.start);
        let last_response = outcome.last_response.unwrap_or(outcome.end).max(first_send);
        PhaseWindow {
            first_send: self.setup.instant(first_send),
            last_response: self.setup.instant(last_response),
            settle,
            health: Some(self.requests.health(number, &effort)),
            ..planned((plan, number))
        }
    }

    fn tell(&self, index: usize, ended: bool) {
        let plan = &self.load.phases[index];
        self.setup.phase(PhaseEvent {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            name: plan.name.clone(),
            kind: kind_of(plan.kind),
            ended,
            at: self.setup.instant(self.setup.clock.now()),
        });
    }

    /// Keeps what the load generator says of itself.
    fn note(&mut self, outcome: &PhaseOutcome) {
        let (kernel, user) = outcome.reads_by_clock;
        self.reads_by_clock.0 += kernel;
        self.reads_by_clock.1 += user;
        for warning in &outcome.warnings {
            let code = warning.as_str();
            if !self.warnings.iter().any(|known| known.code == code) {
                self.warnings.push(notes::warning_of(*warning));
            }
        }
        let phase = &self.load.phases[outcome.phase];
        self.warnings.extend(notes::ended_early(phase, outcome));
    }
}

fn kind_of(kind: load::PhaseKind) -> PhaseKind {
    match kind {
        load::PhaseKind::Warmup => PhaseKind::Warmup,
        load::PhaseKind::Profiling => PhaseKind::Profiling,
    }
}

fn show(setup: &Setup, load: &LoadPlan, progress: &load::Progress) {
    let Some(plan) = load.phases.get(progress.phase) else {
        return;
    };
    setup.events.send(&Event::Progress(Progress {
        phase: plan.name.clone(),
        planned: plan.stop.request_count,
        duration: plan.stop.duration,
        elapsed: progress.elapsed,
        sent: progress.sent,
        done: progress.ok,
        failed: progress.failed,
        in_flight: progress.in_flight(),
        tokens: progress.chunks,
        recent_ttft: progress.recent_ttft,
    }));
}

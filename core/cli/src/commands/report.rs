//! `report`: a recorded run again.

use std::sync::Arc;

use aiperf_core::config::schema::Ui;
use aiperf_core::config::{Diagnostics, RunPlan};
use aiperf_core::load::StopSignal;
use aiperf_core::plugins::Registry;
use aiperf_core::run::Replayed;

use super::World;
use super::recorded::{self, Recorded};
use super::run::{fresh_seed, parts};
use crate::args::{RECORDER, ReportArgs, Surroundings, resolve};
use crate::exit_code::ExitCode;
use crate::output;

/// The exporter that people read.
const CONSOLE: &str = "console";
/// Name of standard output among the files of a run.
const STDOUT: &str = "-";

/// Makes the report of a recorded run again and renders it.
pub(crate) fn report(args: &ReportArgs, world: &World) -> ExitCode {
    let recorded = match recorded::find(&args.recording) {
        Ok(recorded) => recorded,
        Err(problem) => {
            output::error(&problem);
            return ExitCode::Usage;
        }
    };
    let mut registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    let plan = match plan(args, &recorded, &mut registry, world) {
        Ok(plan) => plan,
        Err(problems) => {
            output::say(&problems.render(world.error_color));
            return ExitCode::Usage;
        }
    };
    let parts = parts(Arc::new(registry), StopSignal::new(), Ui::None, world);
    match aiperf_core::run::replay(&recorded.recording, &plan, &parts) {
        Ok(replayed) => {
            conclude(&replayed);
            ExitCode::of_replayed(&replayed, plan.strict)
        }
        Err(error) => {
            output::error(&plan.secrets.scrub(&error.to_string()));
            ExitCode::of_error(&error)
        }
    }
}

fn plan(
    args: &ReportArgs,
    recorded: &Recorded,
    registry: &mut Registry,
    world: &World,
) -> Result<RunPlan, Diagnostics> {
    let settings = recorded.settings.as_ref();
    let mut plan = resolve(
        args,
        &Surroundings {
            fresh_seed: fresh_seed(),
            recorded: settings.map(|(name, text)| (name.as_str(), text.as_str())),
            ..world.surroundings(&world.environment)
        },
        registry,
    )?;
    // A folder that other settings name is for new runs.
    plan.artifacts.dir.clone_from(&args.artifact_dir);
    plan.artifacts
        .prefix
        .clone_from(&args.profile_export_prefix);
    choose_exporters(&mut plan, &args.format);
    Ok(plan)
}

/// Keeps the exporters that were asked for. Without a folder their file is standard output.
fn choose_exporters(plan: &mut RunPlan, formats: &[String]) {
    let has_folder = plan.artifacts.dir.is_some();
    plan.exporters.retain(|exporter| match formats {
        [] if has_folder => exporter.plugin != RECORDER,
        [] => exporter.plugin == CONSOLE,
        formats => formats.contains(&exporter.name),
    });
    let files = plan
        .exporters
        .iter_mut()
        .filter(|exporter| exporter.plugin != CONSOLE);
    for exporter in files.filter(|_| !has_folder) {
        if let Some(options) = exporter.options.as_object_mut() {
            options.insert("path".to_owned(), STDOUT.into());
        }
    }
}

/// The last lines on stderr: what is missing, and where the files are.
fn conclude(replayed: &Replayed) {
    for gap in &replayed.gaps {
        let subject = match gap.subject.as_str() {
            "" => String::new(),
            subject => format!("{subject}: "),
        };
        output::warning(&format!("{subject}{}; {}", gap.message, gap.remedy));
    }
    for failure in &replayed.failures {
        output::error(failure);
    }
    if let Some(dir) = &replayed.artifact_dir {
        let dir = dir.display().to_string();
        output::say(&output::lines(&format!("Files are in {dir}")));
    }
}

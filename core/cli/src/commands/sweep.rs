//! Several runs instead of one.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aiperf_core::config::schema::Ui;
use aiperf_core::config::{Diagnostics, RunPlan, Setting, SettingValue};
use aiperf_core::load::{Stop, StopSignal};
use aiperf_core::plugins::{Registry, RegistryError};
use aiperf_core::sweep::{Place, Ran, Summary, SweepFiles, SweepPlan, conduct};
use serde_json::json;

use super::World;
use super::run::{conclude, parts, width};
use crate::args::{RunArgs, Surroundings, resolve};
use crate::exit_code::ExitCode;
use crate::output;
use crate::signals;

/// Where files go if nobody says.
const DEFAULT_DIR: &str = "artifacts/sweep";

/// Seeds stay below, so that every reader of JSON gets them exactly.
const SEEDS: u64 = 1 << 53;

/// Carries out all runs that `plan` stands for, and shows what came of them.
pub(super) fn run<A: RunArgs>(
    args: &A,
    forced: &[Setting],
    world: &World,
    plan: &RunPlan,
    sweep: &SweepPlan,
) -> ExitCode {
    let dir = plan.artifacts.dir.clone();
    let dir = dir.unwrap_or_else(|| PathBuf::from(DEFAULT_DIR));
    let mut maker = Maker {
        args,
        forced,
        world,
        plan,
        dir,
    };
    // What is wrong with the last run should not show after hours.
    for cell in sweep.cells() {
        let place = Place {
            cell: &cell,
            number: 0,
            run: 1,
            folder: String::new(),
        };
        if let Err(code) = maker.make(&place) {
            return code;
        }
    }
    let claimed = SweepFiles::claim(&maker.dir, Arc::clone(&plan.secrets)).and_then(|files| {
        files.put("aiperf.toml", plan.to_toml().as_bytes())?;
        Ok(files)
    });
    let mut files = match claimed {
        Ok(files) => files,
        Err(error) => {
            output::error(&format!("`{}`: {error}", maker.dir.display()));
            return ExitCode::Usage;
        }
    };
    maker.dir = files.dir().to_path_buf();
    let stop = StopSignal::new();
    signals::watch(stop.clone());
    let mut code = ExitCode::Success;
    let talkative = plan.ui != Ui::None;
    let summary = conduct(
        sweep,
        env!("CARGO_PKG_VERSION"),
        &mut files,
        &mut |place| {
            if place.number > 0 {
                rest(sweep.cooldown, &stop);
            }
            if stop.state() != Stop::Run {
                code = code.graver(ExitCode::Interrupted);
                return None;
            }
            if talkative {
                output::say(&heading(place, sweep));
            }
            let (ran, its_code) = maker.run(place, &stop);
            code = code.graver(its_code);
            Some(ran)
        },
        &mut |summary, at| {
            if talkative {
                output::say(&output::sweep_line(&summary.cells[at]));
            }
        },
    );
    finish(&summary, &files, world, code, sweep.search.is_some())
}

fn finish(
    summary: &Summary,
    files: &SweepFiles,
    world: &World,
    code: ExitCode,
    is_search: bool,
) -> ExitCode {
    for line in output::sweep_table(summary, width(world)) {
        output::stdout_line(&line);
    }
    if let Some(problem) = files.problem() {
        output::error(&problem);
    }
    let dir = files.dir().display().to_string();
    output::say(&output::lines(&format!("Files are in {dir}")));
    // A search that could not end has no result.
    let has_ended = summary.complete || !is_search;
    if files.problem().is_some() || !has_ended {
        code.graver(ExitCode::Partial)
    } else {
        code
    }
}

/// `Run 3 of 12: concurrency 8`.
fn heading(place: &Place<'_>, sweep: &SweepPlan) -> String {
    let of = sweep
        .runs()
        .map_or_else(String::new, |n| format!(" of {n}"));
    let title = place.cell.title();
    let colon = if title.is_empty() { "" } else { ": " };
    format!("Run {}{of}{colon}{title}", place.number + 1)
}

/// Waits, but not for longer than anybody wants.
fn rest(time: Duration, stop: &StopSignal) {
    let begun = Instant::now();
    while stop.state() == Stop::Run {
        let left = time.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(Duration::from_millis(50)));
    }
}

/// Makes the plan of each run and carries it out.
struct Maker<'a, A> {
    args: &'a A,
    forced: &'a [Setting],
    world: &'a World,
    /// What all runs have in common.
    plan: &'a RunPlan,
    /// The folder of their folders.
    dir: PathBuf,
}

impl<A: RunArgs> Maker<'_, A> {
    /// The plan of a run, or the code of what was said to be wrong with it.
    fn make(&self, place: &Place<'_>) -> Result<(RunPlan, Registry), ExitCode> {
        match self.resolve(place) {
            Ok((Ok(plan), registry)) => Ok((plan, registry)),
            Ok((Err(problems), _)) => {
                output::say(&problems.render(self.world.error_color));
                Err(ExitCode::Usage)
            }
            Err(error) => {
                output::error(&error);
                Err(ExitCode::Failure)
            }
        }
    }

    fn resolve(
        &self,
        place: &Place<'_>,
    ) -> Result<(Result<RunPlan, Diagnostics>, Registry), RegistryError> {
        let mut registry = Registry::with_builtins()?;
        let seed = self.plan.random_seed.wrapping_add(place.number) % SEEDS;
        let dir = self.dir.join(&place.folder);
        let number = |value| SettingValue::Part {
            value,
            written: seed.to_string(),
        };
        let own = [
            Setting::flag("--random-seed", "load.random_seed", number(json!(seed))),
            Setting::flag(
                "--artifact-dir",
                "run.artifact_dir",
                SettingValue::Text(dir.display().to_string()),
            ),
            // One table for all, not one after the other.
            Setting::flag(
                "--no-exporter",
                "exporters.console.enabled",
                SettingValue::Switch(false),
            ),
        ];
        let mut forced = self.forced.to_vec();
        forced.extend(place.cell.settings());
        forced.extend(own);
        let surroundings = Surroundings {
            forced: &forced,
            is_part: true,
            ..self.world.surroundings(&self.world.environment)
        };
        Ok((resolve(self.args, &surroundings, &mut registry), registry))
    }

    /// Carries a run out. The code is that of the run alone.
    fn run(&self, place: &Place<'_>, stop: &StopSignal) -> (Ran, ExitCode) {
        let nothing = |error: String, go_on| Ran {
            report: Err(error),
            folder: None,
            go_on,
        };
        let (plan, registry) = match self.make(place) {
            Ok(made) => made,
            Err(code) => return (nothing("its settings are wrong".to_owned(), false), code),
        };
        let parts = parts(Arc::new(registry), stop.clone(), plan.ui, self.world);
        match aiperf_core::run::run(&plan, &parts) {
            Ok(outcome) => {
                let code = ExitCode::of_outcome(&outcome, plan.strict);
                conclude(&outcome, code);
                for warning in &outcome.report.warnings {
                    output::warning(&plan.secrets.scrub(&warning.message));
                }
                let folder = outcome.artifact_dir.strip_prefix(&self.dir);
                let ran = Ran {
                    report: Ok(outcome.report),
                    folder: folder.ok().map(|folder| folder.display().to_string()),
                    go_on: stop.state() == Stop::Run,
                };
                (ran, code)
            }
            Err(error) => {
                let message = plan.secrets.scrub(&error.to_string()).into_owned();
                output::error(&message);
                // What keeps the first run from beginning keeps the others as well.
                let go_on = place.number > 0 && stop.state() == Stop::Run;
                (nothing(message, go_on), ExitCode::of_error(&error))
            }
        }
    }
}

//! `profile`, `collect`, and what `demo` has in common with them.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aiperf_core::config::schema::Ui;
use aiperf_core::config::{RunPlan, Setting};
use aiperf_core::event::Events;
use aiperf_core::load::StopSignal;
use aiperf_core::plugins::Registry;
use aiperf_core::run::{RunOutcome, RunParts};
use aiperf_plugin_sdk::report::RequestTotals;
use aiperf_plugin_sdk::run::Terminal;
use console::Term;

use super::{World, sweep};
use crate::args::{RunArgs, Surroundings, resolve};
use crate::exit_code::{ExitCode, grave};
use crate::output::{self, Screen};
use crate::signals;

/// Resolves the plan, carries it out, and says how it ended.
pub(crate) fn run<A: RunArgs>(args: &A, forced: &[Setting], world: &World) -> ExitCode {
    let mut registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    let surroundings = Surroundings {
        fresh_seed: fresh_seed(),
        forced,
        ..world.surroundings(&world.environment)
    };
    match resolve(args, &surroundings, &mut registry) {
        Ok(plan) => match &plan.sweep {
            None => carry_out(&plan, Arc::new(registry), world),
            Some(several) => {
                show_warnings(&plan, world);
                sweep::run(args, forced, world, &plan, several)
            }
        },
        Err(problems) => {
            output::say(&problems.render(world.error_color));
            ExitCode::Usage
        }
    }
}

fn carry_out(plan: &RunPlan, registry: Arc<Registry>, world: &World) -> ExitCode {
    show_warnings(plan, world);
    let stop = StopSignal::new();
    signals::watch(stop.clone());
    let parts = parts(registry, stop, plan.ui, world);
    match aiperf_core::run::run(plan, &parts) {
        Ok(outcome) => {
            let code = ExitCode::of_outcome(&outcome, plan.strict);
            conclude(&outcome, code);
            let dir = outcome.artifact_dir.display().to_string();
            output::say(&output::lines(&format!("Files are in {dir}")));
            code
        }
        Err(error) => {
            output::error(&plan.secrets.scrub(&error.to_string()));
            ExitCode::of_error(&error)
        }
    }
}

fn show_warnings(plan: &RunPlan, world: &World) {
    if !plan.warnings.is_empty() {
        output::say(&plan.warnings.render(world.error_color));
    }
}

/// What the engine is lent.
pub(super) fn parts(registry: Arc<Registry>, stop: StopSignal, ui: Ui, world: &World) -> RunParts {
    RunParts {
        registry,
        events: Events::new(Arc::new(Screen::new(ui))),
        stop,
        stdout: Arc::new(Mutex::new(io::stdout())),
        terminal: terminal(world),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// The last lines on stderr about a run: what failed.
pub(super) fn conclude(outcome: &RunOutcome, code: ExitCode) {
    let requests = outcome.report.requests.as_ref();
    if let Some(requests) = requests.filter(|r| r.done == 0 && r.failed > 0) {
        output::error(&format!(
            "all {} requests failed: {}",
            requests.failed,
            example(requests)
        ));
    }
    let unanswered = !outcome
        .report
        .endpoints
        .iter()
        .any(|endpoint| endpoint.reachable);
    if outcome.report.metadata.command == "collect" && unanswered {
        output::error(&"no endpoint answered; name one that does with `--server-metrics URL`");
    }
    if code == ExitCode::Strict {
        let codes: Vec<_> = grave(&outcome.report.warnings)
            .map(|warning| warning.code.as_str())
            .collect();
        output::error(&format!("`--strict` does not allow {}", codes.join(", ")));
    }
}

fn example(requests: &RequestTotals) -> &str {
    requests
        .errors
        .first()
        .map(|class| class.example.as_str())
        .unwrap_or_default()
}

/// Columns of standard output.
pub(super) fn width(world: &World) -> usize {
    usize::from(terminal(world).width)
}

fn terminal(world: &World) -> Terminal {
    let term = Term::stdout();
    let from_environment = world
        .environment
        .non_empty("COLUMNS")
        .and_then(|n| n.parse().ok());
    let width = from_environment.or_else(|| term.size_checked().map(|(_, columns)| columns));
    Terminal {
        width: width.unwrap_or(100),
        color: world.color,
        tty: term.is_term(),
    }
}

/// Differs from run to run; the run's files tell which it was.
pub(super) fn fresh_seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs() << 20
}

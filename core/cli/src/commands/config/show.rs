//! `config show`.

use aiperf_core::config::RunPlan;
use aiperf_core::plugins::Registry;

use crate::args::{
    CollectArgs, ConfigShowArgs, ProfileArgs, RunArgs, ShownRun, WithFiles, resolve,
};
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// Shows the settings that a run would have.
pub(crate) fn show_config(args: &ConfigShowArgs, world: &World) -> ExitCode {
    let files = &args.config;
    let plan = match &args.run {
        Some(ShownRun::Profile(run)) => plan(&WithFiles::new(files, Some(run.as_ref())), world),
        Some(ShownRun::Collect(run)) => {
            plan::<WithFiles<'_, CollectArgs>>(&WithFiles::new(files, Some(run.as_ref())), world)
        }
        None => plan(&WithFiles::<ProfileArgs>::new(files, None), world),
    };
    match plan {
        Ok(plan) => {
            if !plan.warnings.is_empty() {
                output::say(&plan.warnings.render(world.error_color));
            }
            output::stdout_line(&plan.show(args.origin));
            ExitCode::Success
        }
        Err(code) => code,
    }
}

fn plan<A: RunArgs>(args: &A, world: &World) -> Result<RunPlan, ExitCode> {
    let mut registry = Registry::with_builtins().map_err(|error| {
        output::error(&error);
        ExitCode::Failure
    })?;
    let surroundings = world.surroundings(&world.environment);
    resolve(args, &surroundings, &mut registry).map_err(|problems| {
        output::say(&problems.render(world.error_color));
        ExitCode::Usage
    })
}

//! `config schema`.

use aiperf_core::plugins::Registry;

use crate::args::{ConfigSchemaArgs, load_libraries};
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// Prints the JSON schema of files of settings.
pub(crate) fn config_schema(args: &ConfigSchemaArgs, world: &World) -> ExitCode {
    let mut registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    let surroundings = world.surroundings(&world.environment);
    let settings = load_libraries(&args.config, &surroundings, &mut registry);
    let schema = settings.editor_schema(&registry);
    match settings.findings() {
        Ok(findings) => {
            if !findings.is_empty() {
                output::say(&findings.render(world.error_color));
            }
            output::stdout_line(&format!("{schema:#}"));
            ExitCode::Success
        }
        // Without some plugins it would call right what is wrong.
        Err(problems) => {
            output::say(&problems.render(world.error_color));
            ExitCode::Usage
        }
    }
}

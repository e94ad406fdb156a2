//! `config init`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use aiperf_core::config::nearest;
use aiperf_core::plugins::Registry;
use aiperf_plugin_sdk::Descriptor;
use aiperf_plugin_sdk::display::printable;

use crate::args::{ConfigInitArgs, EXAMPLE_CONFIG, EnvSnapshot, load_libraries};
use crate::commands::World;
use crate::commands::sample::sample;
use crate::exit_code::ExitCode;
use crate::output;
use crate::schema;

/// Output file that stands for standard output.
const STDOUT: &str = "-";

/// Writes a file of settings to begin with.
pub(crate) fn init_config(args: &ConfigInitArgs, world: &World) -> ExitCode {
    let mut registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    // What variables hold is for runs.
    let environment = EnvSnapshot::unknown();
    let surroundings = world.surroundings(&environment);
    let settings = load_libraries(&args.config, &surroundings, &mut registry);
    if let Err(problems) = settings.findings() {
        output::say(&problems.render(world.error_color));
        return ExitCode::Usage;
    }
    let text = match text(&args.plugins, &registry) {
        Ok(text) => text,
        Err(problem) => {
            output::error(&problem);
            return ExitCode::Usage;
        }
    };
    if args.output == Path::new(STDOUT) {
        output::stdout_line(text.trim_end());
        return ExitCode::Success;
    }
    let shown = args.output.display();
    match write_new(&args.output, &text) {
        Ok(()) => {
            let line = format!("Wrote {shown}; `aiperf config check` checks it");
            output::say(&printable(&line));
            ExitCode::Success
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            output::error(&format!(
                "`{shown}` exists already and is left as it is; name another file with `--output`"
            ));
            ExitCode::Usage
        }
        Err(error) => {
            output::error(&format!("cannot write `{shown}`: {error}"));
            ExitCode::Usage
        }
    }
}

/// Every option at its default, commented out, and the tables of the named plugins.
fn text(ids: &[String], registry: &Registry) -> Result<String, String> {
    let mut text = EXAMPLE_CONFIG.to_owned();
    for id in ids {
        let entries = registry.entries();
        let plugins: Vec<_> = entries
            .map(|entry| &entry.descriptor)
            .filter(|plugin| plugin.id == *id)
            .collect();
        if plugins.is_empty() {
            return Err(unknown(id, registry));
        }
        // A parser that has no options and the name of a collector is not what is meant.
        let has_options = |plugin: &&&Descriptor| !schema::options(&plugin.schema).is_empty();
        let with_options: Vec<_> = plugins.iter().filter(has_options).copied().collect();
        let chosen = if with_options.is_empty() {
            plugins
        } else {
            with_options
        };
        for plugin in chosen {
            text.push('\n');
            text.push_str(&table(plugin));
        }
    }
    Ok(text)
}

fn unknown(id: &str, registry: &Registry) -> String {
    let mut known: Vec<_> = registry
        .entries()
        .map(|entry| format!("`{}`", entry.descriptor.id))
        .collect();
    known.sort();
    known.dedup();
    let ids = registry.entries().map(|entry| entry.descriptor.id.as_str());
    let meant = nearest(id, ids).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    format!(
        "there is no plugin `{id}`; {meant}installed: {}",
        known.join(", ")
    )
}

fn table(plugin: &Descriptor) -> String {
    let mut lines = vec![format!("# {}", plugin.summary)];
    lines.extend(sample(plugin));
    lines.join("\n") + "\n"
}

/// Makes a file that was not there.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes())
}

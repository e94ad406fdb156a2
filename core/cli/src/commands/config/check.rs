//! `config check`.

use std::collections::HashSet;
use std::path::PathBuf;

use aiperf_core::config::Diagnostics;
use aiperf_plugin_sdk::display::printable;

use crate::args::{ConfigCheckArgs, EnvSnapshot, examine};
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// Checks settings and says everything that is wrong with them: on standard error what and where, on
/// standard output a line for each file.
pub(crate) fn check_config(args: &ConfigCheckArgs, world: &World) -> ExitCode {
    let unknown = EnvSnapshot::unknown();
    let environment = if args.no_environment {
        &unknown
    } else {
        &world.environment
    };
    let mut told = HashSet::new();
    let mut code = ExitCode::Success;
    for (name, files) in subjects(args) {
        let surroundings = world.surroundings(environment);
        let found = match examine(&files, &surroundings, !args.no_plugins) {
            Ok(found) => found,
            Err(error) => {
                output::error(&error);
                return ExitCode::Failure;
            }
        };
        // What lies under several files is told once.
        let (Ok(findings) | Err(findings)) = &found;
        for text in findings.rendered(world.error_color) {
            if told.insert(text.clone()) {
                output::say(&format!("{text}\n"));
            }
        }
        let name = name.unwrap_or_else(|| names(findings));
        output::stdout_line(&format!("{}: {}", printable(&name), verdict(findings)));
        if found.is_err() {
            code = ExitCode::Findings;
        }
    }
    code
}

/// What is checked at a time: its name, if it is one file, and the files that lie over each other.
fn subjects(args: &ConfigCheckArgs) -> Vec<(Option<String>, Vec<PathBuf>)> {
    if args.files.is_empty() {
        return vec![(None, args.config.clone())];
    }
    let with = |file: &PathBuf| {
        let files = args.config.iter().chain([file]).cloned().collect();
        (Some(file.display().to_string()), files)
    };
    args.files.iter().map(with).collect()
}

fn names(findings: &Diagnostics) -> String {
    let files: Vec<_> = findings.files().collect();
    if files.is_empty() {
        "defaults".to_owned()
    } else {
        files.join(" + ")
    }
}

fn verdict(findings: &Diagnostics) -> String {
    let errors = findings.errors();
    output::verdict(errors, findings.len() - errors)
}

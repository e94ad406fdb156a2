//! `completions` and `man`: what shells and readers want to know of the command line.

use std::fs;

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::exit_code::ExitCode;
use crate::output;

/// Prints a script that completes the command line.
pub(crate) fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(args.shell, &mut command, "aiperf", &mut script);
    output::stdout_line(String::from_utf8_lossy(&script).trim_end());
    ExitCode::Success
}

/// Prints the manual page, or writes those of all commands.
pub(crate) fn man(args: &ManArgs) -> ExitCode {
    let command = Cli::command();
    let written = match &args.dir {
        None => page(command).map(|page| output::stdout_line(page.trim_end())),
        // A manual of one's own is often the first of its folder.
        Some(dir) => fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(command, dir)),
    };
    match (written, &args.dir) {
        (Ok(()), _) => ExitCode::Success,
        (Err(error), Some(dir)) => {
            output::error(&format!("cannot write into `{}`: {error}", dir.display()));
            ExitCode::Usage
        }
        (Err(error), None) => {
            output::error(&error);
            ExitCode::Failure
        }
    }
}

fn page(command: clap::Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

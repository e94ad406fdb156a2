//! `plugins header`: what a plugin in C includes.

use crate::exit_code::ExitCode;
use crate::output;

const HEADER: &str = include_str!("../../../../../plugin-sdk/c/aiperf_plugin.h");

/// Prints the header.
pub(crate) fn print_header() -> ExitCode {
    output::stdout_line(HEADER.trim_end());
    ExitCode::Success
}

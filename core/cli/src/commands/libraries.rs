//! Plugin libraries: this program tries them in a child process that is itself.

use std::path::Path;
use std::time::Duration;

use aiperf_core::plugins::loader::{Loader, ProbeCommand, serve_probe};

use crate::args::PROBE;
use crate::exit_code::ExitCode;
use crate::output;

/// Time for a library to load and to say what is in it.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// Loads libraries after a child process has. Where this program cannot be found again (its file
/// was removed), they are loaded without.
pub(super) fn loader() -> Loader {
    let program = std::env::current_exe().ok();
    Loader {
        probe: program.map(|program| ProbeCommand {
            program,
            arguments: vec![PROBE.into()],
            limit: PROBE_LIMIT,
        }),
    }
}

/// The child process.
pub(crate) fn probe_plugin(path: &Path) -> ExitCode {
    output::stdout_line(&serve_probe(path));
    ExitCode::Success
}

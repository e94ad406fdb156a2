//! `aiperf plugins`.

use aiperf_core::plugins::Registry;

use crate::exit_code::ExitCode;
use crate::output;

/// Lists the installed plugins, one a line.
pub(crate) fn list_plugins() -> ExitCode {
    let registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    output::stdout_line(&line("KIND", "ID", "VERSION", "ORIGIN", "SUMMARY"));
    for entry in registry.entries() {
        let descriptor = &entry.descriptor;
        let origin = entry.origin.to_string();
        let kind = descriptor.kind.as_str();
        let row = line(
            kind,
            &descriptor.id,
            &descriptor.version,
            &origin,
            &descriptor.summary,
        );
        output::stdout_line(&row);
    }
    ExitCode::Success
}

fn line(kind: &str, id: &str, version: &str, origin: &str, summary: &str) -> String {
    format!("{kind:<10} {id:<12} {version:<8} {origin:<9} {summary}")
}

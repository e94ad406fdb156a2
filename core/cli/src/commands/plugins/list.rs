//! `plugins list`.

use serde_json::Value;

use super::installed::{installed, origin, print_json, to_json, width};
use crate::args::ListArgs;
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// Lists the installed plugins.
pub(crate) fn list_plugins(args: &ListArgs, world: &World) -> ExitCode {
    let (registry, code) = match installed(&args.installed, world) {
        Ok(installed) => installed,
        Err(code) => return code,
    };
    if args.installed.json {
        let plugins = registry.entries().map(|entry| to_json(&registry, entry));
        print_json(&Value::Array(plugins.collect()));
        return code;
    }
    let mut rows = vec![["KIND", "ID", "VERSION", "ORIGIN", "SUMMARY"].map(str::to_owned)];
    rows.extend(registry.entries().map(|entry| {
        let plugin = &entry.descriptor;
        [
            plugin.kind.as_str().to_owned(),
            plugin.id.clone(),
            plugin.version.clone(),
            origin(entry),
            plugin.summary.clone(),
        ]
    }));
    for line in output::table(&rows, width(world)) {
        output::stdout_line(&line);
    }
    code
}

//! `plugins show`: the reference page of a plugin.

use aiperf_core::plugins::{Entry, Registry};
use aiperf_plugin_sdk::Descriptor;
use serde_json::{Value, json};

use super::check::panics;
use super::installed::{installed, library, print_json, to_json, width};
use crate::args::ShowArgs;
use crate::commands::World;
use crate::commands::sample::sample;
use crate::exit_code::ExitCode;
use crate::output;
use crate::schema;

/// Shows all plugins with an id, or the one of a kind.
pub(crate) fn show_plugin(args: &ShowArgs, world: &World) -> ExitCode {
    let (registry, code) = match installed(&args.installed, world) {
        Ok(installed) => installed,
        Err(code) => return code,
    };
    let found = match find(&registry, args) {
        Ok(found) => found,
        Err(problem) => {
            output::error(&problem);
            return ExitCode::Usage;
        }
    };
    if args.installed.json {
        let plugins = found.iter().map(|entry| whole_json(&registry, entry));
        print_json(&Value::Array(plugins.collect()));
        return code;
    }
    let pages = found
        .iter()
        .map(|entry| page(&registry, entry, width(world)));
    let pages: Vec<String> = pages.collect();
    output::stdout_line(&output::lines(&pages.join("\n\n")));
    code
}

fn find<'a>(registry: &'a Registry, args: &ShowArgs) -> Result<Vec<&'a Entry>, String> {
    if let Some(kind) = args.kind {
        let entry = registry.get(kind.into(), &args.id);
        return entry
            .map(|entry| vec![entry])
            .map_err(|error| error.to_string());
    }
    let entries = registry.entries();
    let found: Vec<_> = entries
        .filter(|entry| entry.descriptor.id == args.id)
        .collect();
    if found.is_empty() {
        return Err(format!(
            "there is no plugin `{}`; `aiperf plugins list` shows which there are",
            args.id
        ));
    }
    Ok(found)
}

fn whole_json(registry: &Registry, entry: &Entry) -> Value {
    let mut json = to_json(registry, entry);
    if let Some(fields) = json.as_object_mut() {
        let options = schema::options(&entry.descriptor.schema);
        fields.insert("options".to_owned(), json!(options));
    }
    json
}

fn page(registry: &Registry, entry: &Entry, width: Option<usize>) -> String {
    let plugin = &entry.descriptor;
    let mut lines = vec![format!("{} {}", plugin.kind.as_str(), plugin.id)];
    lines.extend(output::wrap(&plugin.summary, width.unwrap_or(usize::MAX)));
    lines.push(String::new());
    let facts: Vec<_> = facts(registry, entry)
        .into_iter()
        .map(|(name, value)| [name.to_owned(), value])
        .collect();
    lines.extend(output::table(&facts, width));
    lines.push(String::new());
    lines.extend(options(plugin, width));
    if !plugin.sample.trim().is_empty() {
        lines.push(String::new());
        lines.extend(["In aiperf.toml:".to_owned(), String::new()]);
        lines.extend(sample(plugin));
    }
    lines.join("\n")
}

fn facts(registry: &Registry, entry: &Entry) -> Vec<(&'static str, String)> {
    let plugin = &entry.descriptor;
    let mut facts = vec![
        ("version", plugin.version.clone()),
        ("stability", word(&plugin.stability)),
    ];
    if let Some(mode) = &plugin.mode {
        facts.push(("mode", word(mode)));
    }
    if !plugin.content_types.is_empty() {
        facts.push(("reads", plugin.content_types.join(", ")));
    }
    facts.push(("origin", entry.origin.to_string()));
    if let Some(library) = library(registry, entry) {
        facts.push(("SHA-256", library.sha256.clone()));
    }
    facts.push(("SDK", plugin.sdk.clone()));
    facts.push(("compiler", plugin.rustc.clone()));
    facts.push(("panics", panics(&plugin.sdk, plugin.panic_abort).to_owned()));
    facts
}

/// The name that an enum's value has in files.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn options(plugin: &Descriptor, width: Option<usize>) -> Vec<String> {
    let rows = schema::options(&plugin.schema);
    if rows.is_empty() {
        return vec!["It has no options.".to_owned()];
    }
    let mut cells = vec![["OPTION", "TYPE", "DEFAULT", "MEANING"].map(str::to_owned)];
    cells.extend(rows.into_iter().map(|row| {
        let default = match row.default {
            None if row.required => "(required)".to_owned(),
            default => default.unwrap_or_default(),
        };
        [row.name, row.kind, default, row.meaning]
    }));
    output::table(&cells, width)
}

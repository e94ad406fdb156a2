//! What the commands have in common.

use std::path::{Path, PathBuf};

use aiperf_core::plugins::loader::LibraryFacts;
use aiperf_core::plugins::{Entry, Origin, Registry};
use aiperf_plugin_sdk::display::json_text;
use console::Term;
use serde_json::{Value, json};

use crate::args::{Installed, load_libraries};
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// The plugins that can be used, and how the command ends that shows them: a library that cannot be
/// loaded does not hide the others.
///
/// # Errors
/// The exit code, after saying what is wrong.
pub(super) fn installed(args: &Installed, world: &World) -> Result<(Registry, ExitCode), ExitCode> {
    let mut registry = Registry::with_builtins().map_err(|error| {
        output::error(&error);
        ExitCode::Failure
    })?;
    let surroundings = world.surroundings(&world.environment);
    let found = load_libraries(&args.config, &surroundings, &mut registry).findings();
    let code = match found {
        Ok(_) => ExitCode::Success,
        Err(_) => ExitCode::Usage,
    };
    let (Ok(findings) | Err(findings)) = found;
    if !findings.is_empty() {
        output::say(&findings.render(world.error_color));
    }
    Ok((registry, code))
}

/// The library that a plugin is from.
pub(super) fn library<'a>(registry: &'a Registry, entry: &Entry) -> Option<&'a LibraryFacts> {
    let (Origin::Library(path) | Origin::Process(path)) = &entry.origin else {
        return None;
    };
    let mut libraries = registry.libraries().iter();
    libraries.find(|facts| facts.path == *path)
}

/// Columns of the terminal; none if standard output is no terminal: what reads it there wants a row
/// on a line.
pub(super) fn width(world: &World) -> Option<usize> {
    let size = Term::stdout().size_checked()?;
    let from_environment = world.environment.non_empty("COLUMNS");
    let from_environment = from_environment.and_then(|columns| columns.parse().ok());
    Some(from_environment.unwrap_or(size.1.into()))
}

/// Where a plugin comes from; files below the current folder as seen from there.
pub(super) fn origin(entry: &Entry) -> String {
    let here = std::env::current_dir().ok();
    match (&entry.origin, here) {
        (Origin::Library(path), Some(here)) => Origin::Library(below(path, &here)).to_string(),
        (Origin::Process(path), Some(here)) => Origin::Process(below(path, &here)).to_string(),
        (origin, _) => origin.to_string(),
    }
}

/// `path` as seen from `here`.
fn below(path: &Path, here: &Path) -> PathBuf {
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// All that a plugin says of itself, and where it comes from.
pub(super) fn to_json(registry: &Registry, entry: &Entry) -> Value {
    let mut json = json!(entry.descriptor);
    if let Some(fields) = json.as_object_mut() {
        let library = library(registry, entry);
        fields.insert("built_in".to_owned(), library.is_none().into());
        fields.insert("library".to_owned(), json!(library));
    }
    json
}

/// Prints `value`, indented.
pub(super) fn print_json(value: &Value) {
    // A JSON value is always JSON.
    let text = json_text(value).unwrap_or_default();
    output::stdout_line(String::from_utf8_lossy(&text).trim_end());
}

//! `aiperf plugins`.

use aiperf_core::plugins::{Entry, Registry};

use super::World;
use crate::args::{ListArgs, Surroundings, load_libraries};
use crate::exit_code::ExitCode;
use crate::output;

const HEADER: [&str; 5] = ["KIND", "ID", "VERSION", "ORIGIN", "SUMMARY"];

/// Lists the installed plugins, one a line.
pub(crate) fn list_plugins(args: &ListArgs, world: &World) -> ExitCode {
    let mut registry = match Registry::with_builtins() {
        Ok(registry) => registry,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    let surroundings = Surroundings {
        environment: &world.environment,
        loader: &world.loader,
        read_file: &|path| std::fs::read_to_string(path),
        fresh_seed: 0,
        recorded: None,
        forced: &[],
    };
    let found = load_libraries(&args.config, &surroundings, &mut registry);
    let code = match found {
        Ok(_) => ExitCode::Success,
        Err(_) => ExitCode::Usage,
    };
    let (Ok(findings) | Err(findings)) = found;
    if !findings.is_empty() {
        output::say(&findings.render(world.error_color));
    }
    print(&registry);
    code
}

fn print(registry: &Registry) {
    let rows: Vec<[String; 5]> = std::iter::once(HEADER.map(str::to_owned))
        .chain(registry.entries().map(cells))
        .collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    });
    for [kind, id, version, origin, summary] in &rows {
        let [a, b, c, d] = widths;
        output::stdout_line(&format!(
            "{kind:<a$}  {id:<b$}  {version:<c$}  {origin:<d$}  {summary}"
        ));
    }
}

fn cells(entry: &Entry) -> [String; 5] {
    let descriptor = &entry.descriptor;
    [
        descriptor.kind.as_str().to_owned(),
        descriptor.id.clone(),
        descriptor.version.clone(),
        entry.origin.to_string(),
        descriptor.summary.clone(),
    ]
}

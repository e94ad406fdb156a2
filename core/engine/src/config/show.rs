//! Writes settings as TOML that people read: a value a line, and behind it where it comes from.

use aiperf_plugin_sdk::display::printable;

use super::check::join;
use super::document::{Document, is_empty_table};
use super::node::{Entry, Node, Table};
use super::source::{Origin, SourceKind};

/// Lines longer than this get their origin without being lined up with the others.
const MAX_ALIGNED: usize = 60;

/// A key with its value, and where the value comes from.
struct Line {
    text: String,
    origin: String,
}

impl Document {
    /// Everything, defaults included, without what this run alone has drawn.
    pub(super) fn show(&self, with_origins: bool) -> String {
        let mut blocks = Vec::new();
        if let Some(table) = self.root.as_table() {
            self.show_table(table, "", with_origins, &mut blocks);
        }
        blocks.join("\n\n")
    }

    /// One block for the table's own values, one for each table in it.
    fn show_table(&self, table: &Table, path: &str, origins: bool, blocks: &mut Vec<String>) {
        let is_table = |entry: &Entry| entry.node.as_table().is_some();
        let shown = table.iter().filter(|(name, entry)| {
            !is_empty_table(entry) && !is_drawn(&join(path, name), &entry.node)
        });
        let (tables, values): (Vec<_>, Vec<_>) = shown.partition(|(_, entry)| is_table(entry));
        let lines: Vec<_> = values
            .into_iter()
            .map(|(name, entry)| self.show_value(name, &entry.node, &join(path, name)))
            .collect();
        // A table that holds tables only needs no header of its own.
        if !path.is_empty() && (!lines.is_empty() || tables.is_empty()) {
            blocks.push(format!("[{path}]{}", show_lines(&lines, origins)));
        }
        for (name, entry) in tables {
            let inner = entry.node.as_table();
            self.show_table(
                inner.unwrap_or(&Table::new()),
                &join(path, name),
                origins,
                blocks,
            );
        }
    }

    fn show_value(&self, name: &str, node: &Node, path: &str) -> Line {
        Line {
            text: format!("{} = {}", join("", name), inline(&self.written(node, path))),
            origin: self.describe(node.origin.as_ref()),
        }
    }

    /// `default`, `file:line`, `env NAME` or the flag.
    fn describe(&self, origin: Option<&Origin>) -> String {
        let place = origin.and_then(|origin| Some((origin, self.sources.at(origin)?)));
        match place {
            Some((origin, source)) => match source.kind {
                SourceKind::BuiltIn => "default".to_owned(),
                SourceKind::File => {
                    format!("{}:{}", printable(&source.name), source.line(origin))
                }
                SourceKind::Variable => format!("env {}", source.name),
                SourceKind::Flag => source.name.clone(),
            },
            None => "default".to_owned(),
        }
    }
}

/// The value on one line, with escapes for what a terminal would obey: TOML itself lets bidirectional marks
/// and the like stand as they are.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) if printable(text) != text.as_str() => basic(text),
        toml::Value::Array(items) => {
            let items: Vec<_> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A TOML string in double quotes.
fn basic(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if printable(c.encode_utf8(&mut [0; 4])) == c.to_string() => quoted.push(c),
            c => quoted.extend(format!("\\U{:08x}", u32::from(c)).chars()),
        }
    }
    quoted.push('"');
    quoted
}

/// A seed that nobody wrote is another one in each run.
fn is_drawn(path: &str, node: &Node) -> bool {
    path == "load.random_seed" && node.origin.is_none()
}

fn show_lines(lines: &[Line], origins: bool) -> String {
    let width = |line: &Line| line.text.chars().count();
    let widths = lines.iter().map(width);
    let aligned = widths.filter(|width| *width <= MAX_ALIGNED).max();
    let aligned = aligned.unwrap_or_default();
    let shown = lines.iter().map(|line| {
        if origins {
            format!("\n{:aligned$}  # {}", line.text, line.origin)
        } else {
            format!("\n{}", line.text)
        }
    });
    shown.collect()
}

//! Tables: unknown and missing keys.

use serde_json::{Map, Value as Json};

use super::{Checker, shape};
use crate::config::error::Problem;
use crate::config::node::{Entry, Node, Value};
use crate::config::suggest::{alternatives, nearest};

impl Checker<'_> {
    pub(super) fn check_table(&mut self, node: &mut Node, schema: &Json, path: &str) -> bool {
        let missing = missing_keys(node, schema);
        let Value::Table(table) = &mut node.value else {
            return true;
        };
        let known = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let open = known.is_none() && others.is_none() || others == Some(&Json::Bool(true));
        table.retain(|name, entry| {
            let place = join(path, name);
            if let Some(part) = known.and_then(|known| known.get(name)) {
                self.check_value(&mut entry.node, part, &place)
            } else if let Some(part) = others.filter(|part| part.is_object()) {
                self.check_value(&mut entry.node, part, &place)
            } else if open || others.is_none() {
                self.check_value(&mut entry.node, &Json::Bool(true), &place)
            } else {
                self.unknown_key(name, entry, known, path)
            }
        });
        for name in &missing {
            let place = join(path, name);
            self.problems.push(Problem::error(
                format!("`{place}` is missing"),
                node.origin.as_ref(),
            ));
        }
        missing.is_empty()
    }

    fn unknown_key(
        &mut self,
        name: &str,
        entry: &Entry,
        known: Option<&Map<String, Json>>,
        path: &str,
    ) -> bool {
        let table = if path.is_empty() {
            "at the top level".to_owned()
        } else {
            format!("in `[{path}]`")
        };
        let names = || {
            known
                .into_iter()
                .flat_map(|known| known.keys().map(String::as_str))
        };
        let help = match nearest(name, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => match self.table_that_has(name) {
                Some(table) => format!("`{name}` belongs in `[{table}]`"),
                None => format!("known here: {}", alternatives(names())),
            },
        };
        let origin = entry.key.as_ref().or(entry.node.origin.as_ref());
        let problem = Problem::error(format!("unknown key `{name}` {table}"), origin);
        self.problems.push(problem.help(help));
        false
    }

    /// The top-level table that has a key of this name: the usual mistake is a missing header.
    fn table_that_has(&self, name: &str) -> Option<&str> {
        let tables = self.schema.get("properties")?.as_object()?;
        let found = tables.iter().find(|(_, part)| {
            let properties = shape::follow(self.schema, part).get("properties");
            properties
                .and_then(|properties| properties.get(name))
                .is_some()
        });
        found.map(|(table, _)| table.as_str())
    }
}

fn missing_keys(node: &Node, schema: &Json) -> Vec<String> {
    let required = schema.get("required").and_then(Json::as_array);
    required
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .filter(|name| node.get(&[name]).is_none())
        .map(str::to_owned)
        .collect()
}

/// Path of a key in a table, written as in TOML.
pub(crate) fn join(path: &str, name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let name = if bare {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    };
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

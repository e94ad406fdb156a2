//! Checks settings against a JSON schema and finds everything that is wrong with them.
//!
//! Serde stops at the first error and knows no places, so it only sees what passed here. The same
//! code checks the options of plugins, whose schemas are their authors' own: what it does not know
//! in a schema it lets pass, since the plugin checks its options itself as well.

mod scalar;
mod secrets;
mod shape;
mod stand_in;
mod sweep;
mod table;

pub(crate) use shape::is_secret_path;
pub(crate) use table::join;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::error::Problem;
use super::node::{Node, Value};
use super::source::Sources;

/// Checks one tree of settings.
pub(crate) struct Checker<'a> {
    /// The whole schema, for its `$defs`.
    pub(crate) schema: &'a Json,
    /// What is secret is hidden here.
    pub(crate) sources: &'a mut Sources,
    pub(crate) problems: &'a mut Vec<Problem>,
    /// Paths of what is secret are added here.
    pub(crate) secrets: &'a mut BTreeSet<String>,
}

impl Checker<'_> {
    /// Checks `node`, which stands at `path`. Untyped values take the type that is asked for, and
    /// what is wrong is taken out, so that the rest can be used to find further errors.
    ///
    /// Returns whether `node` itself is usable.
    pub(crate) fn check(&mut self, node: &mut Node, path: &str) -> bool {
        self.check_value(node, self.schema, path)
    }

    fn check_value(&mut self, node: &mut Node, schema: &Json, path: &str) -> bool {
        self.hide_secrets(node, schema, path);
        let schema = shape::select(self.schema, schema, node);
        if matches!(node.value, Value::Unset) {
            if let Some(value) = stand_in::for_schema(schema) {
                node.value = value;
            }
            return true;
        }
        if !self.adopt_type(node, schema, path) {
            return false;
        }
        match &mut node.value {
            Value::Table(_) => self.check_table(node, schema, path),
            Value::List(items) => {
                let fewest = schema.get("minItems").and_then(Json::as_u64);
                if items.is_empty() && fewest.is_some_and(|fewest| fewest > 0) {
                    return self.wrong(node, path, "must not be empty", None);
                }
                if let Some(item_schema) = schema.get("items") {
                    let mut index = 0;
                    items.retain_mut(|item| {
                        let usable =
                            self.check_value(item, item_schema, &format!("{path}[{index}]"));
                        index += 1;
                        usable
                    });
                }
                true
            }
            _ => self.check_scalar(node, schema, path),
        }
    }

    fn hide_secrets(&mut self, node: &Node, schema: &Json, path: &str) {
        if shape::is_secret(schema) || is_secret_path(path) {
            // Whatever its type: a key in a list is a mistake, but still a key.
            self.secrets.insert(path.to_owned());
            if let Some(origin) = &node.origin {
                self.sources.hide(origin);
            }
            secrets::collect(node, path, &mut self.sources.secrets);
        } else if let Value::String(text) | Value::Untyped(text) = &node.value {
            if let Some(origin) = &node.origin {
                self.sources.hide_parts(origin);
            }
            self.sources.secrets.add_parts(text);
        } else if let Value::Table(table) = &node.value {
            secrets::collect_login(table, &mut self.sources.secrets);
        }
    }

    /// Records an error about the value at `path`.
    fn wrong(&mut self, node: &Node, path: &str, what: &str, help: Option<String>) -> bool {
        let subject = self.sources.subject(node.origin.as_ref(), path);
        let what = match (&node.template, &node.value) {
            // What a variable holds may be a secret.
            (Some(template), Value::String(text)) if !text.is_empty() => {
                what.replace(text.as_str(), template)
            }
            _ => what.to_owned(),
        };
        let mut problem = Problem::error(format!("`{subject}` {what}"), node.origin.as_ref());
        problem.help = help;
        self.problems.push(problem);
        false
    }
}

#[cfg(test)]
mod tests;

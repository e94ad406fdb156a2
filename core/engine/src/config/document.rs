//! The settings behind a plan: to say where one was written, and to write all of them again.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aiperf_plugin_sdk::{PluginError, PluginKind};

use super::catalog::table_of;
use super::check::{is_secret_path, join};
use super::error::Problem;
use super::interpolate::{escape, literals};
use super::location::Location;
use super::node::{Entry, Node, Table, Value};
use super::source::{Origin, Sources};
use crate::secrets::{MASK, is_scheme, secret_parts, without};

/// Settings with their places. `Debug` leaves out what they are: some are secrets.
#[derive(Clone)]
pub(crate) struct Document {
    pub(super) sources: Arc<Sources>,
    /// Everything, defaults included.
    pub(super) root: Node,
    /// Options of each instance as its plugin gets them.
    pub(super) options: HashMap<(PluginKind, String), Node>,
    /// Paths of what is secret.
    pub(super) secrets: BTreeSet<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.sources).finish()
    }
}

impl Document {
    pub(super) fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.sources)
    }

    pub(super) fn locate(&self, kind: PluginKind, instance: &str, path: &str) -> Location {
        let options = self.options.get(&(kind, instance.to_owned()));
        let origin = options
            .and_then(|options| place(options, path))
            .or_else(|| self.instance_key(kind, instance));
        Location {
            sources: self.sources(),
            origin,
        }
    }

    pub(super) fn option_problem(
        &self,
        kind: PluginKind,
        instance: &str,
        error: &PluginError,
    ) -> Problem {
        let path = error.path.as_deref().unwrap_or_default();
        let location = self.locate(kind, instance, path);
        let options = format!("{}.options", join(table_of(kind), instance));
        let dotted = if path.is_empty() {
            options
        } else {
            format!("{options}.{path}")
        };
        let subject = self.sources.subject(location.origin.as_ref(), &dotted);
        let said = self.sources.secrets.scrub(&error.message);
        let message = format!("`{subject}`: {said}");
        let mut problem = Problem::error(message, location.origin.as_ref());
        let remedy = error.remedy.as_deref();
        problem.help = remedy.map(|remedy| self.sources.secrets.scrub(remedy).into());
        problem
    }

    fn instance_key(&self, kind: PluginKind, instance: &str) -> Option<Origin> {
        self.root
            .get(&[table_of(kind)])?
            .as_table()?
            .get(instance)?
            .key
            .clone()
    }

    pub(super) fn to_toml(&self) -> String {
        let value = self.written(&self.root, "");
        // Strings, numbers, lists and tables with text keys are all that can be in there.
        toml::to_string(&value).expect("settings came from TOML and can be written as TOML")
    }

    pub(super) fn written(&self, node: &Node, path: &str) -> toml::Value {
        if let Some(template) = &node.template {
            return toml::Value::String(self.written_template(template, path));
        }
        match &node.value {
            // It has a template.
            Value::Unset => toml::Value::String(String::new()),
            Value::Untyped(text) | Value::String(text) => {
                toml::Value::String(self.written_text(text, path))
            }
            Value::Integer(number) => toml::Value::Integer(*number),
            Value::Float(number) => toml::Value::Float(*number),
            Value::Boolean(flag) => toml::Value::Boolean(*flag),
            Value::List(items) => {
                let items = items.iter().enumerate();
                let written =
                    items.map(|(index, item)| self.written(item, &format!("{path}[{index}]")));
                toml::Value::Array(written.collect())
            }
            Value::Table(table) => toml::Value::Table(self.written_table(table, path)),
        }
    }

    fn is_secret(&self, path: &str) -> bool {
        self.secrets.contains(path) || is_secret_path(path)
    }

    fn written_text(&self, text: &str, path: &str) -> String {
        if self.is_secret(path) {
            return MASK.to_owned();
        }
        escape(&without(text, &secret_parts(text)))
    }

    /// Names of variables and files stay; what stands beside them in a secret does not.
    fn written_template(&self, template: &str, path: &str) -> String {
        let said = literals(template);
        let is_hidden = |range: &Range<usize>| {
            let text = template.get(range.clone()).unwrap_or_default();
            !text.trim().is_empty() && !is_scheme(text)
        };
        let hidden: Vec<_> = if self.is_secret(path) {
            said.into_iter().filter(is_hidden).collect()
        } else {
            let secrets = secret_parts(template);
            let parts = secrets.iter().flat_map(|secret| {
                let inside = said
                    .iter()
                    .map(|range| range.start.max(secret.start)..range.end.min(secret.end));
                inside.filter(|range| !range.is_empty())
            });
            parts.collect()
        };
        without(template, &hidden)
    }

    fn written_table(&self, table: &Table, path: &str) -> toml::Table {
        table
            .iter()
            .filter(|(_, entry)| !is_empty_table(entry))
            .map(|(name, entry)| (name.clone(), self.written(&entry.node, &join(path, name))))
            .collect()
    }
}

/// Default tables that hold nothing say nothing; a user's own may be an instance.
pub(super) fn is_empty_table(entry: &Entry) -> bool {
    entry.key.is_none() && entry.node.as_table().is_some_and(Table::is_empty)
}

/// Where `path` was written, or else the nearest thing above it.
fn place(options: &Node, path: &str) -> Option<Origin> {
    let mut node = options;
    let mut nearest = options.origin.clone();
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        let next = match &node.value {
            Value::Table(table) => table
                .get(part)
                .map(|entry| (&entry.node, entry.key.as_ref())),
            Value::List(items) => part
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| (item, None)),
            _ => None,
        };
        let Some((found, key)) = next else { break };
        nearest = found.origin.clone().or_else(|| key.cloned()).or(nearest);
        node = found;
    }
    nearest
}

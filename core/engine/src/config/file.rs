//! Reads a TOML file into a tree that keeps the place of every key and value.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::interpolate::{InterpolateError, interpolate};
use super::node::{Entry, Node, Table, Value};
use super::source::Origin;

/// Reads one file.
pub(crate) struct FileReader<'a> {
    /// Number of the file's text among the sources.
    pub(crate) source: usize,
    pub(crate) text: &'a str,
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl FileReader<'_> {
    /// Reads the file; what is wrong with it becomes problems.
    pub(crate) fn read(mut self) -> Node {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let origin = error.span().map(|span| self.origin(span));
            let problem = Problem::error(error.message(), origin.as_ref());
            self.problems.push(problem);
        }
        if !errors.is_empty() {
            // Behind a broken header every key would seem to be in the wrong table.
            return Node::table(None);
        }
        let table = self.table(document.into_inner());
        Node::new(Value::Table(table), None)
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        Origin {
            source: self.source,
            span,
        }
    }

    fn table(&mut self, table: DeTable<'_>) -> Table {
        let mut read = Table::with_capacity(table.len());
        for (key, value) in table {
            let origin = self.origin(key.span());
            // A table's own span is its header or braces; its name says better where it is.
            if let Some(node) = self.node(value) {
                let name = key.into_inner().into_owned();
                read.insert(
                    name,
                    Entry {
                        key: Some(origin),
                        node,
                    },
                );
            }
        }
        read
    }

    fn node(&mut self, spanned: Spanned<DeValue<'_>>) -> Option<Node> {
        let origin = self.origin(spanned.span());
        let value = match spanned.into_inner() {
            DeValue::String(text) => return self.string(&text, origin),
            DeValue::Boolean(flag) => Value::Boolean(flag),
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(integer) => Value::Integer(integer),
                    Err(_) => return self.rejected("this number is too large", &origin),
                }
            }
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(float) => Value::Float(float),
                Err(_) => return self.rejected("this is no number", &origin),
            },
            DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .into_iter()
                    .filter_map(|item| self.node(item))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Some(Node::new(value, Some(origin)))
    }

    fn rejected(&mut self, message: &str, origin: &Origin) -> Option<Node> {
        self.problems.push(Problem::error(message, Some(origin)));
        None
    }

    fn string(&mut self, text: &str, origin: Origin) -> Option<Node> {
        match interpolate(text, self.environment) {
            Ok(None) => Some(Node::new(Value::String(text.to_owned()), Some(origin))),
            Ok(Some(filled)) => Some(Node {
                value: Value::String(filled),
                origin: Some(origin),
                template: Some(text.to_owned()),
            }),
            Err(error) => {
                let problem = self.interpolation_problem(&error, &origin);
                self.problems.push(problem);
                None
            }
        }
    }

    fn interpolation_problem(&self, error: &InterpolateError, origin: &Origin) -> Problem {
        match error {
            InterpolateError::NotSet(name) => {
                let origin = self.narrowed(origin, &format!("${{{name}"));
                Problem::error(
                    format!("environment variable `{name}` is not set"),
                    Some(&origin),
                )
                .help(format!(
                    "set it, or write `${{{name}:-...}}` to have a value without it"
                ))
            }
            InterpolateError::Malformed => {
                let origin = self.narrowed(origin, "${");
                Problem::error("`${` begins no variable here", Some(&origin))
                    .help("write `${NAME}` or `${NAME:-default}`; a literal `${` is `$${`")
            }
        }
    }

    /// The place of `part` inside a string, if it is written there as it is.
    fn narrowed(&self, origin: &Origin, part: &str) -> Origin {
        let found = self
            .text
            .get(origin.span.clone())
            .and_then(|text| text.find(part));
        let span = found.map_or(origin.span.clone(), |offset| {
            let start = origin.span.start + offset;
            let rest = self.text.get(start..origin.span.end).unwrap_or_default();
            start..start + rest.find('}').map_or(part.len(), |end| end + 1)
        });
        self.origin(span)
    }
}

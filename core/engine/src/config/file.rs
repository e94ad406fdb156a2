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
    /// None: no variable is missing, whatever it would hold.
    pub(crate) environment: Option<&'a BTreeMap<String, String>>,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl FileReader<'_> {
    /// Reads the file; what is wrong with it becomes problems.
    pub(crate) fn read(mut self) -> Node {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let origin = error.span().map(|span| self.origin(span));
            let problem = Problem::error(error.message(), origin.as_ref());
            self.problems.push(problem.hiding_file());
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
            let entry = Entry {
                key: Some(origin),
                node: self.node(value),
            };
            read.insert(key.into_inner().into_owned(), entry);
        }
        read
    }

    fn node(&mut self, spanned: Spanned<DeValue<'_>>) -> Node {
        let origin = self.origin(spanned.span());
        let value = match spanned.into_inner() {
            DeValue::String(text) => return self.string(&text, origin),
            DeValue::Boolean(flag) => Value::Boolean(flag),
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(integer) => Value::Integer(integer),
                    Err(_) => self.rejected("this number is too large", &origin),
                }
            }
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(float) => Value::Float(float),
                Err(_) => self.rejected("this is no number", &origin),
            },
            DeValue::Datetime(datetime) => Value::String(datetime.to_string()),
            DeValue::Array(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node::new(value, Some(origin))
    }

    fn rejected(&mut self, message: &str, origin: &Origin) -> Value {
        self.problems.push(Problem::error(message, Some(origin)));
        Value::Unset
    }

    fn string(&mut self, text: &str, origin: Origin) -> Node {
        let nothing = BTreeMap::new();
        let (value, problem) = match interpolate(text, self.environment.unwrap_or(&nothing)) {
            Ok(None) => return Node::new(Value::String(text.to_owned()), Some(origin)),
            Ok(Some(filled)) => (Value::String(filled), None),
            Err(InterpolateError::NotSet(name)) => {
                let is_known = self.environment.is_some();
                (Value::Unset, is_known.then(|| self.not_set(&name, &origin)))
            }
            Err(InterpolateError::Malformed) => (Value::Unset, Some(self.malformed(&origin))),
        };
        self.problems.extend(problem);
        Node {
            value,
            origin: Some(origin),
            template: Some(text.to_owned()),
        }
    }

    fn not_set(&self, name: &str, origin: &Origin) -> Problem {
        let origin = self.narrowed(origin, &format!("${{{name}"));
        let message = format!("environment variable `{name}` is not set");
        let help = format!("set it, or write `${{{name}:-...}}` to have a value without it");
        Problem::error(message, Some(&origin)).help(help)
    }

    fn malformed(&self, origin: &Origin) -> Problem {
        let origin = self.narrowed(origin, "${");
        Problem::error("`${` begins no variable here", Some(&origin))
            .help("write `${NAME}` or `${NAME:-default}`; a literal `${` is `$${`")
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

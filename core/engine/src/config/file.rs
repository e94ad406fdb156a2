//! Reads a TOML file into a tree that keeps the place of every key and value.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::interpolate::{InterpolateError, Reference, interpolate};
use super::node::{Entry, Node, Table, Value};
use super::source::Origin;
use crate::secrets::Secrets;

/// A file larger than this is no secret but a mistake.
const MAX_SECRET: usize = 64 * 1024;

/// Reads one file.
pub(crate) struct FileReader<'a> {
    /// Number of the file's text among the sources.
    pub(crate) source: usize,
    pub(crate) text: &'a str,
    /// None: no variable and no file is missing, whatever it would hold.
    pub(crate) environment: Option<&'a BTreeMap<String, String>>,
    /// Reads a file that holds a secret.
    pub(crate) read_secret: &'a dyn Fn(&Path) -> io::Result<String>,
    /// What such files hold is added here.
    pub(crate) secrets: &'a mut Secrets,
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
        let filled = interpolate(text, &mut |reference| match reference {
            Reference::Variable(name) => Ok(self
                .environment
                .and_then(|environment| environment.get(name).cloned())),
            Reference::File(path) => {
                if self.environment.is_none() {
                    return Ok(None);
                }
                let secret = read_secret(self.read_secret, Path::new(path))?;
                self.secrets.add(&secret);
                Ok(Some(secret))
            }
        });
        let (value, problem) = match filled {
            Ok(None) => return Node::new(Value::String(text.to_owned()), Some(origin)),
            Ok(Some(filled)) => (Value::String(filled), None),
            Err(InterpolateError::NotSet(_)) if self.environment.is_none() => (Value::Unset, None),
            Err(error) => (Value::Unset, Some(self.unfilled(&error, &origin))),
        };
        self.problems.extend(problem);
        Node {
            value,
            origin: Some(origin),
            template: Some(text.to_owned()),
        }
    }

    fn unfilled(&self, error: &InterpolateError, origin: &Origin) -> Problem {
        let (written, message, help) = match error {
            InterpolateError::NotSet(name) => (
                format!("${{{name}"),
                format!("environment variable `{name}` is not set"),
                format!("set it, or write `${{{name}:-...}}` to have a value without it"),
            ),
            InterpolateError::Unreadable { path, why } => (
                format!("${{file:{path}"),
                format!("`{path}` cannot be read: {why}"),
                format!(
                    "check the path, or write `${{file:{path}:-...}}` to have a value without it"
                ),
            ),
            InterpolateError::Malformed => (
                "${".to_owned(),
                "`${` begins no variable here".to_owned(),
                "write `${NAME}`, `${file:PATH}` or `${NAME:-default}`; a literal `${` is `$${`"
                    .to_owned(),
            ),
        };
        let origin = self.narrowed(origin, &written);
        Problem::error(message, Some(&origin)).help(help)
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

/// What a file with a secret holds, without the line break at its end. The error says why it is of no
/// use.
fn read_secret(read: &dyn Fn(&Path) -> io::Result<String>, path: &Path) -> Result<String, String> {
    let text = read(path).map_err(|error| error.to_string())?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err("it is empty".to_owned());
    }
    if secret.len() > MAX_SECRET {
        return Err(format!("it has more than {MAX_SECRET} bytes"));
    }
    Ok(secret.to_owned())
}

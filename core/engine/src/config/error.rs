//! What is wrong with a configuration: all of it at once.

use std::fmt;
use std::sync::Arc;

use super::report;
use super::source::{Origin, Sources};

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    /// Lower-case fragment without a final period.
    pub(crate) message: String,
    pub(crate) origin: Option<Origin>,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// Settings of a whole file are not known because of it.
    pub(crate) hides_file: bool,
}

impl Problem {
    pub(crate) fn error(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            origin: origin.cloned(),
            help: None,
            hides_file: false,
        }
    }

    pub(crate) fn warning(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message, origin)
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    #[must_use]
    pub(crate) fn hiding_file(mut self) -> Self {
        self.hides_file = true;
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Errors or warnings of a configuration, each with the place that it comes from.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    sources: Arc<Sources>,
    problems: Vec<Problem>,
}

impl Diagnostics {
    pub(crate) fn new(sources: Arc<Sources>, mut problems: Vec<Problem>) -> Self {
        // In the order of the texts, so that one pass over a file mends it.
        problems.sort_by_key(|problem| {
            problem
                .origin
                .as_ref()
                .map_or((usize::MAX, 0), |origin| (origin.source, origin.span.start))
        });
        Self { sources, problems }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The messages alone, without place and help.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(|problem| problem.message.as_str())
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }

    /// Names of the files that were read, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.sources.files()
    }

    /// Every finding with file, line, caret and help.
    pub fn rendered(&self, color: bool) -> Vec<String> {
        report::render(&self.sources, &self.problems, color)
    }

    /// Every finding with file, line, caret and help, separated by blank lines; no final newline.
    pub fn render(&self, color: bool) -> String {
        self.rendered(color).join("\n\n")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

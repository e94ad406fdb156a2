//! What is wrong with a file of prompts.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file of prompts that cannot be used: which file, where in it, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetError {
    path: PathBuf,
    /// From 1.
    line: Option<usize>,
    what: String,
}

impl DatasetError {
    pub(super) fn of_file(path: &Path, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            what: what.into(),
        }
    }

    pub(super) fn of_line(path: &Path, line: usize, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(path, what)
        }
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for DatasetError {}

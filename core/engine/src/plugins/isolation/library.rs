//! A library that is never in this process.

use std::path::PathBuf;

use crate::plugins::loader::HostCommand;

/// A library with processes of its own.
#[derive(Debug)]
pub(super) struct IsolatedLibrary {
    pub(super) path: PathBuf,
    /// Of the file that was looked at; another one is refused.
    pub(super) sha256: String,
    pub(super) command: HostCommand,
}

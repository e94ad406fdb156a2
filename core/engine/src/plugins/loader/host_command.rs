//! How processes of plugins are started.

use std::ffi::OsString;
use std::path::PathBuf;

/// How to start a plugin's process: a program that calls `isolation::serve_plugin_host` with what is
/// appended to its arguments: the library, its SHA-256, and the number of the process that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before those that are appended.
    pub arguments: Vec<OsString>,
    /// Its whole environment. A plugin has no business with the run's.
    pub environment: Vec<(OsString, OsString)>,
}

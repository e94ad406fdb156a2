//! Why a library is not loaded: one line each, the rest on demand.

use std::path::{Path, PathBuf};

use aiperf_plugin_sdk::hosting::OpenError;
use serde::{Deserialize, Serialize};

use crate::event::one_line;

/// A library that is not loaded. It crosses from the probe's process as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`{}` {reason}", path.display())]
pub struct LoadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: Reason,
    /// Everything that is known, in many lines, if one line cannot say it.
    pub detail: Option<String>,
}

/// What is wrong with a library. The texts are predicates of the file, without line breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Reason {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is a folder, a device or a pipe.
    #[error("is {0}, not a file")]
    NoFile(String),
    /// Anybody could have replaced it.
    #[error("may be written by every user (mode {mode:o}): remove that right, `chmod o-w`")]
    WorldWritable {
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else could have replaced it.
    #[error("belongs to user {owner}, who is neither you (user {user}) nor root")]
    ForeignOwner {
        /// Its owner.
        owner: u32,
        /// Whom this process runs as.
        user: u32,
    },
    /// Its hash is not the one in the configuration.
    #[error("has the SHA-256 {found}, not the one that is pinned")]
    Pin {
        /// Its hash in hex.
        found: String,
    },
    /// It is no shared library.
    #[error("is not an ELF shared library{0}")]
    NoLibrary(String),
    /// It is for another processor.
    #[error("is built for another machine ({0})")]
    Machine(String),
    /// Its end is missing. To load it would kill the process.
    #[error("is truncated ({size} bytes, its headers need {needed})")]
    Truncated {
        /// Bytes that are there.
        size: u64,
        /// Bytes that its headers speak of.
        needed: u64,
    },
    /// It is a library of another kind.
    #[error("is not an aiperf plugin: it lacks the root symbol")]
    NoRoot,
    /// It cannot be opened, or speaks another boundary.
    #[error("{0}")]
    Incompatible(String),
    /// A panic in it would end the run.
    #[error(
        "ends the process when it panics (it was built with `panic = \"abort\"`); \
         `require_unwind = false` accepts that"
    )]
    PanicAborts,
    /// One of its plugins does not say what it is.
    #[error("has a plugin that does not describe itself: {0}")]
    NoDescription(String),
    /// It has no plugins.
    #[error("has no plugins: `export_plugin!` is missing")]
    Empty,
    /// Only a newer version can use its plugins.
    #[error("has nothing that this aiperf can use: {0}")]
    TooNew(String),
    /// The probe ended by a signal.
    #[error("crashed while loading ({0})")]
    Crashed(String),
    /// The probe ended by itself.
    #[error("ended the process while loading (status {0})")]
    Exited(i32),
    /// The probe did not end.
    #[error("did not finish loading within {0}")]
    Hangs(String),
    /// It is to run in a process of its own.
    #[error("cannot have a process of its own here: `isolation = \"thread\"` is all there is")]
    NoIsolation,
    /// The child process cannot be had.
    #[error("cannot be tried in a child process: {0}")]
    NoProbe(String),
}

impl LoadError {
    pub(super) fn new(path: &Path, reason: Reason) -> Self {
        Self {
            path: path.to_owned(),
            reason,
            detail: None,
        }
    }

    pub(super) fn of_open(path: &Path, error: &OpenError) -> Self {
        let reason = Reason::Incompatible(one_line(&error.to_string()));
        let detail = error.detail().map(str::to_owned);
        Self {
            detail,
            ..Self::new(path, reason)
        }
    }
}

//! What goes wrong in a plugin, in a form that crosses the boundary.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Result of everything that a plugin does.
pub type Result<T, E = PluginError> = std::result::Result<T, E>;

/// Class of a [`PluginError`]. The host decides by it, users see the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An option is wrong. [`PluginError::path`] names it.
    Config = 1,
    /// A file or device could not be read or written.
    Io = 2,
    /// A peer could not be reached or broke the connection.
    Network = 3,
    /// Nothing came within the deadline.
    Timeout = 4,
    /// The data is not what the plugin reads.
    Format = 5,
    /// The host or the machine lacks what the plugin needs.
    Unsupported = 6,
    /// A limit was reached (size, series, memory).
    Limit = 7,
    /// The plugin panicked. Set by the SDK's adapters.
    Panic = 8,
    /// The run is stopping.
    Stopped = 9,
    /// The plugin's own process has ended. Set by the host.
    Crashed = 10,
    /// Anything else.
    Other = 0,
}

impl ErrorKind {
    pub(crate) fn from_u8(code: u8) -> Self {
        match code {
            1 => Self::Config,
            2 => Self::Io,
            3 => Self::Network,
            4 => Self::Timeout,
            5 => Self::Format,
            6 => Self::Unsupported,
            7 => Self::Limit,
            8 => Self::Panic,
            9 => Self::Stopped,
            10 => Self::Crashed,
            _ => Self::Other,
        }
    }

    /// The name used in files and logs, such as `timeout`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Io => "io",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Format => "format",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit",
            Self::Panic => "panic",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
            Self::Other => "other",
        }
    }
}

/// A failure with the context that a user needs: what, where, and whether trying again can help.
///
/// The message is a lower-case fragment without a final period that reads well after "failed: ".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PluginError {
    /// Class of the failure.
    pub kind: ErrorKind,
    /// True if the same call may succeed later. With `on_start_error = "retry"` the host tries again.
    pub retriable: bool,
    /// One line for the user.
    pub message: String,
    /// The source (endpoint, device) that failed, if the plugin has several.
    pub source_id: Option<String>,
    /// How long the host should wait before it tries again.
    pub retry_after: Option<Duration>,
    /// For [`ErrorKind::Config`]: path of the option, such as `targets[0].url`.
    pub path: Option<String>,
    /// What the user can do about it: a fragment as the message, such as `join the group render`.
    pub remedy: Option<String>,
}

impl PluginError {
    /// An error of `kind` that trying again does not cure.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            retriable: false,
            message: message.into(),
            source_id: None,
            retry_after: None,
            path: None,
            remedy: None,
        }
    }

    /// A wrong option. `path` is relative to the plugin's own options, such as `targets[0].url`.
    pub fn config(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::new(ErrorKind::Config, message)
        }
    }

    /// What is wrong with `name` as the value of option `path` that names a file which must be
    /// written; `None` if nothing.
    pub fn file_option(path: &str, name: &str) -> Option<Self> {
        let message = "is empty; to write nothing, set `enabled = false`";
        name.is_empty().then(|| Self::config(path, message))
    }

    /// Says that the same call may succeed later.
    #[must_use]
    pub fn retriable(mut self) -> Self {
        self.retriable = true;
        self
    }

    /// Says that the same call may succeed after `delay`.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retriable = true;
        self.retry_after = Some(delay);
        self
    }

    /// Says what the user can do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Names the source that failed.
    #[must_use]
    pub fn source(mut self, id: impl Into<String>) -> Self {
        self.source_id = Some(id.into());
        self
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path.as_deref().filter(|path| !path.is_empty()) {
            write!(f, "`{path}`: ")?;
        }
        f.write_str(&self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PluginError {}

impl From<std::io::Error> for PluginError {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::TimedOut => ErrorKind::Timeout,
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::ConnectionReset => {
                ErrorKind::Network
            }
            _ => ErrorKind::Io,
        };
        Self::new(kind, error.to_string()).retriable()
    }
}

impl From<std::num::ParseFloatError> for PluginError {
    fn from(error: std::num::ParseFloatError) -> Self {
        Self::new(ErrorKind::Format, error.to_string())
    }
}

impl From<std::num::ParseIntError> for PluginError {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::new(ErrorKind::Format, error.to_string())
    }
}

impl From<std::str::Utf8Error> for PluginError {
    fn from(error: std::str::Utf8Error) -> Self {
        Self::new(ErrorKind::Format, error.to_string())
    }
}

impl From<serde_json::Error> for PluginError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(ErrorKind::Format, error.to_string())
    }
}

//! What exporters learn about the run before and while it goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Instant2;

/// Facts about the run, known before it starts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunInfo {
    /// Version of aiperf.
    pub aiperf_version: String,
    /// `profile`, `collect` or `demo`.
    pub command: String,
    /// Model under load, empty if there is no load.
    pub model: String,
    /// Inference endpoint under load, empty if there is no load. Secrets are removed.
    pub url: String,
    /// Such as `chat`, empty if there is no load.
    pub endpoint_type: String,
    /// One line about the load, such as `concurrency 10, 100 requests`.
    pub load: String,
    /// When the run started.
    pub started: Instant2,
    /// Folder of the artifacts, for messages.
    pub artifact_dir: String,
    /// About standard output.
    pub terminal: Terminal,
    /// Settings of the run that readers of the files want, such as `concurrency`.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// What standard output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Terminal {
    /// Columns.
    pub width: u16,
    /// True if colours are wanted.
    pub color: bool,
    /// True if it is a terminal.
    pub tty: bool,
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            width: 100,
            color: false,
            tty: false,
        }
    }
}

/// What a phase is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhaseKind {
    /// Load before the measurement.
    Warmup,
    /// The measurement.
    #[default]
    Profiling,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// A phase began or ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PhaseEvent {
    /// Index of the phase in the run, from 0.
    pub index: u32,
    /// Its name, such as `profiling`.
    pub name: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// True at its end.
    pub ended: bool,
    /// When.
    pub at: Instant2,
}

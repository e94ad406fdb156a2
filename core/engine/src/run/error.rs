//! Why a run cannot start or go on.

use aiperf_plugin_sdk::PluginError;

use crate::collect::StartError;
use crate::load::LoadError;
use crate::plugins::{ArtifactError, ExporterFailure};

/// A run that cannot start or go on. `Display` is one line with what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The inference server does not answer.
    #[error("{0}")]
    Unreachable(#[source] LoadError),
    /// The load generator cannot start or go on.
    #[error("{0}")]
    Load(#[source] LoadError),
    /// Ctrl-C or SIGTERM came while the server was still being asked whether it is there.
    #[error("interrupted before anything was sent")]
    Interrupted,
    /// No model was named, and the server lists none.
    #[error("no model is named and `{url}` lists none ({why}); name one with `--model`")]
    NoModel {
        /// URL that was asked.
        url: String,
        /// What it said.
        why: String,
    },
    /// The folder for the files cannot be made.
    #[error(transparent)]
    Artifacts(#[from] ArtifactError),
    /// A file of the run cannot be written.
    #[error("{0}")]
    File(#[from] PluginError),
    /// An exporter cannot start, and must.
    #[error("{0}")]
    Exporter(ExporterFailure),
    /// A collector cannot start, and must.
    #[error(transparent)]
    Collector(#[from] StartError),
    /// There is no recorded run, or none that this version can read.
    #[error("cannot report `{}`: {why}", path.display())]
    Recording {
        /// File that says so.
        path: std::path::PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A plan for reporting again says nothing about what to run.
    #[error("the plan is for a recorded run, and names none")]
    NoRecording,
    /// A file of certificates or keys cannot be used.
    #[error("{0}")]
    Tls(String),
    /// There is nothing to collect.
    #[error("there is nothing to collect: name an endpoint with `--server-metrics URL`")]
    NothingToCollect,
}

//! Why a measurement cannot go on.

use std::path::PathBuf;

/// What stopped the measurement; a number that is wrong is a result instead.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or program cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A run of the binary failed.
    #[error("aiperf ended with {code:?}: {stderr}")]
    Run {
        /// Its exit code.
        code: Option<i32>,
        /// What it said.
        stderr: String,
    },
    /// The report is no JSON.
    #[error("the report cannot be read: {0}")]
    Report(#[from] serde_json::Error),
    /// The report lacks something that every report has.
    #[error("the report has no {0}")]
    Missing(String),
    /// The simulated server does not start.
    #[error(transparent)]
    Sim(#[from] aiperf_sim::SimError),
}

//! Why the load generator cannot work.

use std::io;

use crate::http::HttpError;

use super::plan::PlanError;

/// The load generator cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The plan cannot be carried out.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The server cannot be reached, or TLS cannot be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The process may not open enough files.
    #[error(
        "{needed} open files are needed, for {connections} connections, {sources} metrics endpoints and \
         the program itself, and the limit is {limit}; lower `--concurrency`, name fewer endpoints, or \
         raise the limit (`ulimit -n {needed}`; for a service `LimitNOFILE`)"
    )]
    TooFewFiles {
        /// All of them, with a reserve.
        needed: u64,
        /// Requests in flight.
        connections: u64,
        /// Sources of metrics.
        sources: u64,
        /// The hard limit of this process.
        limit: u64,
    },
    /// A load thread could not be started.
    #[error("cannot start a load thread: {0}")]
    Thread(#[source] io::Error),
    /// A load thread ended unexpectedly. That is a bug in this program.
    #[error("a load thread ended unexpectedly; this is a bug, please report it")]
    ThreadDied,
    /// It was told to stop before it began.
    #[error("it was stopped before anything was sent")]
    Stopped,
    /// There is no phase of this index.
    #[error("the plan has no phase {0}")]
    NoSuchPhase(usize),
}

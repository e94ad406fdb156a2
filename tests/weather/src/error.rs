//! Why a case cannot be tried.

use std::path::PathBuf;

/// What is in the way of a case; what comes of it is an outcome instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or program cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The simulated server does not start.
    #[error(transparent)]
    Sim(#[from] aiperf_sim::SimError),
    /// The list names a fault that there is not.
    #[error(transparent)]
    Weather(#[from] aiperf_sim::WeatherError),
    /// A signal cannot be sent.
    #[error("cannot send a signal: {0}")]
    Signal(#[from] nix::Error),
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

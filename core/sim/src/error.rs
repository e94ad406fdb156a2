//! Why a simulated server could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a simulated server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A setting is out of range.
    #[error("invalid setting: {0}")]
    Config(&'static str),
    /// The address could not be bound.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An event loop could not be set up.
    #[error("cannot start an event loop")]
    EventLoop(#[source] io::Error),
    /// The truth log could not be created.
    #[error("cannot create the truth log `{}`", path.display())]
    TruthLog {
        /// File asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

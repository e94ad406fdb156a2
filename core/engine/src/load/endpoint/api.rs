//! What an API is made of. Each has a file of its own beside this one.

use std::fmt;

use crate::load::conversation::Prompt;
use crate::load::failure::Failure;
use crate::load::plan::LoadPlan;

use super::body::Member;
use super::reply::{Reply, Said};

/// An API: where it is, what a request is and what an answer means.
pub(super) struct Api {
    /// Where it is.
    pub(super) place: fn(streaming: bool) -> Place,
    /// Whether answers are generated token by token.
    pub(super) generates: bool,
    /// The members of a request's body.
    pub(super) members: fn(&LoadPlan) -> Vec<Member>,
    /// Reads one event of a stream, or a whole answer. The text goes to [`Said`], if it is wanted.
    pub(super) read: fn(&[u8], &mut Said) -> Result<Reply, Failure>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// Where an API is on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Below the version of the server's APIs: `/chat/completions` at `/v1/chat/completions`.
    Versioned(&'static str),
    /// At this path.
    Fixed(&'static str),
    /// Where the URL says.
    Url,
}

/// Writes what a request asks, as `"name":value`.
pub(super) type WriteInput = fn(&Prompt, &mut Vec<u8>);

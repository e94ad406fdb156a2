//! A program built without the feature `dashboard`.

use std::io;

use aiperf_core::event::Event;

/// There is none.
#[derive(Debug)]
pub(super) enum Dashboard {}

impl Dashboard {
    /// # Errors
    /// Always.
    pub(super) fn open() -> io::Result<Self> {
        Err(io::Error::other(
            "this program was built without the feature `dashboard`",
        ))
    }
}

/// There is nothing to show it.
pub(super) fn take(_event: &Event) {}

/// There is nothing that could take the line.
pub(super) fn divert(_line: &str) -> bool {
    false
}

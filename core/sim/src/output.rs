//! Bytes on their way to a client.

use std::io::{self, ErrorKind};

use crate::clock::{SECOND, monotonic};
use crate::wire::Wire;

/// How far a write came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing is left.
    All,
    /// The socket is full.
    Full,
    /// The next byte is not to leave before this moment (monotonic nanoseconds).
    Later(i64),
}

/// What leaves one byte a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Slow {
    #[default]
    Nothing,
    Head,
    All,
}

/// What is still to be written to a connection.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes sent with one write at most; 0 is no limit.
    pub(crate) drip: usize,
    pub(crate) slow: Slow,
    /// When the next byte may leave, if it is slow.
    next: i64,
}

impl Output {
    /// Where to append.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes what may leave now, as far as the socket takes it.
    pub(crate) fn write_to(&mut self, wire: &mut Wire) -> io::Result<Written> {
        while let Some(rest) = self
            .bytes
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            let limit = match (self.slow, self.drip) {
                (Slow::Nothing, 0) => rest.len(),
                (Slow::Nothing, limit) => limit,
                _ if monotonic() < self.next => return Ok(Written::Later(self.next)),
                _ => 1,
            };
            match wire.write(rest.get(..limit).unwrap_or(rest)) {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Written::Full),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.written = 0;
        Ok(Written::All)
    }

    fn advance(&mut self, written: usize) {
        self.written += written;
        if self.slow == Slow::Nothing {
            return;
        }
        self.next = monotonic() + SECOND;
        let gone = self.bytes.get(..self.written).unwrap_or_default();
        if self.slow == Slow::Head && gone.ends_with(b"\r\n\r\n") {
            self.slow = Slow::Nothing;
        }
    }
}

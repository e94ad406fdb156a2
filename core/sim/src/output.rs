//! Bytes on their way to a client.

use std::io::{self, ErrorKind, Write as _};
use std::net::TcpStream;

/// What is still to be written to a connection.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes sent with one write at most; 0 is no limit.
    pub(crate) drip: usize,
}

impl Output {
    /// Where to append.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes until nothing is left (true) or the socket is full (false).
    pub(crate) fn write_to(&mut self, mut stream: &TcpStream) -> io::Result<bool> {
        while let Some(rest) = self
            .bytes
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            let limit = if self.drip > 0 { self.drip } else { rest.len() };
            match stream.write(rest.get(..limit).unwrap_or(rest)) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.written = 0;
        Ok(true)
    }
}

//! What HTTP/2 reads from and writes to: memory, beside which the socket is.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::truth::lock;

/// Bytes that may wait for room in the socket before nothing more is taken.
const MAX_WAITING: usize = 256 * 1024;

/// One end of it; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pipe {
    buffers: Arc<Mutex<Buffers>>,
}

#[derive(Debug, Default)]
struct Buffers {
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
}

impl Pipe {
    /// Adds what the client has sent.
    pub(super) fn receive(&self, bytes: &mut Vec<u8>) {
        lock(&self.buffers).input.append(bytes);
    }

    /// Writes to the socket what it takes; whether something is left.
    pub(super) fn flush(&self, mut stream: &TcpStream) -> io::Result<bool> {
        let mut buffers = lock(&self.buffers);
        let Buffers {
            output, written, ..
        } = &mut *buffers;
        while let Some(rest) = output.get(*written..).filter(|rest| !rest.is_empty()) {
            match stream.write(rest) {
                Ok(bytes) => *written += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        output.clear();
        *written = 0;
        Ok(false)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let input = &mut lock(&self.buffers).input;
        if input.is_empty() {
            // Who adds something polls again.
            return Poll::Pending;
        }
        let bytes = input.len().min(buffer.remaining());
        buffer.put_slice(input.get(..bytes).unwrap_or_default());
        input.drain(..bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffers = lock(&self.buffers);
        if buffers.output.len() - buffers.written > MAX_WAITING {
            return Poll::Pending;
        }
        buffers.output.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

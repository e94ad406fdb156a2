//! The one IO wrapper under HTTP and TLS: notes when bytes are written and when they arrived.

use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

use super::clock::Clock;
#[cfg(target_os = "linux")]
use super::recv;
use super::stamps::Stamps;

/// Which clock tells when bytes arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// The kernel's receive time of the segment: free of our own scheduling delays.
    Kernel,
    /// Our clock, read after the bytes: late by however long we took to wake up.
    User,
}

impl ClockSource {
    /// The stable name used in files: `kernel` or `user`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::User => "user",
        }
    }
}

/// Switches kernel receive stamps on for the whole system, if that has not happened yet.
///
/// The kernel begins to stamp packets a moment after the first socket asks for it; asking with a
/// socket of no other use, held until the run ends, keeps the first responses from lacking a stamp.
pub fn prepare_kernel_stamps() -> Option<std::net::UdpSocket> {
    let socket = std::net::UdpSocket::bind((std::net::Ipv4Addr::LOCALHOST, 0)).ok()?;
    #[cfg(target_os = "linux")]
    recv::enable(&socket).ok()?;
    Some(socket)
}

/// Asks for kernel stamps on a socket that is about to connect; says which clock will serve.
#[cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "only Linux stamps what a socket receives")
)]
pub(super) fn enable_stamps(socket: &TcpSocket) -> ClockSource {
    #[cfg(target_os = "linux")]
    if recv::enable(socket).is_ok() {
        return ClockSource::Kernel;
    }
    ClockSource::User
}

/// A TCP stream that stamps what crosses it.
#[derive(Debug)]
pub(super) struct Stamped {
    stream: TcpStream,
    stamps: Arc<Stamps>,
    clock: Clock,
    source: ClockSource,
}

impl Stamped {
    pub(super) fn new(stream: TcpStream, clock: Clock, source: ClockSource) -> Self {
        Self {
            stream,
            stamps: Arc::default(),
            clock,
            source,
        }
    }

    pub(super) fn stamps(&self) -> &Arc<Stamps> {
        &self.stamps
    }

    pub(super) fn source(&self) -> ClockSource {
        self.source
    }

    /// Reads into initialised memory and stamps the bytes; 0 bytes are the end of the stream.
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.stamps.take_distrust()
            && let Some(answer) = self.ask_socket(buffer)
        {
            return Poll::Ready(answer);
        }
        #[cfg(target_os = "linux")]
        if self.source == ClockSource::Kernel {
            return self.poll_recv_kernel(cx, buffer);
        }
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        let bytes = buffer.filled().len();
        self.stamps.read(None, self.clock.now(), bytes);
        Poll::Ready(Ok(bytes))
    }

    /// Reads without asking the runtime first; `None` if there is nothing to read.
    fn ask_socket(&self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        match socket::recv(self.stream.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
            Err(Errno::EAGAIN | Errno::EINTR) => None,
            answer => Some(answer.map_err(io::Error::from)),
        }
    }

    #[cfg(target_os = "linux")]
    fn poll_recv_kernel(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.try_recv_kernel(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
        }
    }

    #[cfg(target_os = "linux")]
    fn try_recv_kernel(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut received = None;
        let outcome = self.stream.try_io(tokio::io::Interest::READABLE, || {
            let got = recv::receive(self.stream.as_raw_fd(), buffer)?;
            received = Some(got);
            // A short read has emptied the socket. Saying so spares the system call that would
            // find it empty; epoll is edge-triggered, so that later bytes wake us again.
            let drained = (1..buffer.len()).contains(&got.bytes);
            if drained {
                Err(io::ErrorKind::WouldBlock.into())
            } else {
                Ok(())
            }
        });
        let Some(received) = received else {
            return outcome.map(|()| 0);
        };
        let seen = self.clock.now();
        let kernel = received
            .realtime_ns
            .and_then(|stamp| self.clock.from_kernel(stamp, seen));
        self.stamps.read(kernel, seen, received.bytes);
        Ok(received.bytes)
    }
}

impl AsyncRead for Stamped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.poll_recv(cx, buffer.initialize_unfilled()))?;
        buffer.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let began = self.clock.now();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.stamps.wrote(began, self.clock.now(), written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let began = self.clock.now();
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts))?;
        self.stamps.wrote(began, self.clock.now(), written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

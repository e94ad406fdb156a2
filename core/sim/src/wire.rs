//! What carries the bytes of a connection: a socket of its own, or a stream of HTTP/2.

use std::io::{self, Write as _};
use std::net::TcpStream;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

use crate::http2::StreamWire;
use crate::worker::Worker;

#[derive(Debug)]
pub(crate) enum Wire {
    Socket(TcpStream),
    Stream(StreamWire),
}

impl Wire {
    /// The socket, if the connection has it for itself.
    pub(crate) fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Socket(stream) => Some(stream),
            Self::Stream(_) => None,
        }
    }

    /// Writes what there is room for.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Socket(stream) => stream.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    /// Asks to be told of room, or no more.
    pub(crate) fn watch(&self, worker: &Worker, token: u64, for_room: bool) {
        match self {
            Self::Socket(stream) => worker.watch(stream, token, for_room),
            Self::Stream(stream) => stream.watch(worker),
        }
    }

    /// Makes the end a reset.
    pub(crate) fn reset(&self) {
        // The end of a stream before that of its answer is one anyway.
        if let Self::Socket(stream) = self {
            let at_once = linger {
                l_onoff: 1,
                l_linger: 0,
            };
            setsockopt(stream, sockopt::Linger, &at_once).ok();
        }
    }

    /// Tells the client that the request was not looked at, or resets its connection.
    pub(crate) fn refuse(&mut self) {
        match self {
            Self::Socket(_) => self.reset(),
            Self::Stream(stream) => stream.refuse(),
        }
    }

    /// Gives up all that the socket carries.
    pub(crate) fn give_up_all(&self) {
        if let Self::Stream(stream) = self {
            stream.give_up_all();
        }
    }

    /// Whether the client has given up what is carried.
    pub(crate) fn is_reset(&mut self) -> bool {
        match self {
            Self::Socket(_) => false,
            Self::Stream(stream) => stream.is_reset(),
        }
    }
}

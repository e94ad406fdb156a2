//! The connection that streams share.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::server::{Builder, Connection, Handshake, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;

use super::pipe::Pipe;
use crate::worker::Worker;

/// Streams that a client may have at once, as many as hyper's servers allow.
const MAX_STREAMS: u32 = 200;
/// Bytes of requests that a client may send ahead.
const WINDOW: u32 = 16 << 20;

/// A request whose body is still to be read, and where its answer goes.
pub(super) type Accepted = (Request<RecvStream>, SendResponse<Bytes>);

/// Nobody is woken: everything is polled whenever bytes have come or are to go.
pub(super) fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

enum Protocol {
    Greeting(Pin<Box<Handshake<Pipe, Bytes>>>),
    Open(Box<Connection<Pipe, Bytes>>),
    Closed,
}

impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Greeting(_) => "Greeting",
            Self::Open(_) => "Open",
            Self::Closed => "Closed",
        })
    }
}

#[derive(Debug)]
pub(super) struct Core {
    stream: TcpStream,
    token: u64,
    pipe: Pipe,
    protocol: Protocol,
    /// The socket is full.
    is_full: bool,
    /// The event loop tells when it has room.
    is_watched: bool,
}

impl Core {
    pub(super) fn new(stream: TcpStream, token: u64) -> Self {
        let pipe = Pipe::default();
        let handshake = Builder::new()
            .max_concurrent_streams(MAX_STREAMS)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(pipe.clone());
        Self {
            stream,
            token,
            pipe,
            protocol: Protocol::Greeting(Box::pin(handshake)),
            is_full: false,
            is_watched: false,
        }
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn receive(&self, bytes: &mut Vec<u8>) {
        self.pipe.receive(bytes);
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.protocol, Protocol::Closed)
    }

    /// Takes the requests that have begun.
    pub(super) fn accept(&mut self) -> Vec<Accepted> {
        let mut accepted = Vec::new();
        self.greet();
        while let Protocol::Open(connection) = &mut self.protocol {
            match connection.poll_accept(&mut nobody()) {
                Poll::Ready(Some(Ok(request))) => accepted.push(request),
                Poll::Ready(Some(Err(_)) | None) => self.close(),
                Poll::Pending => break,
            }
        }
        self.flush();
        accepted
    }

    /// Sends what there is to send.
    pub(super) fn drive(&mut self) {
        if let Protocol::Open(connection) = &mut self.protocol
            && connection.poll_closed(&mut nobody()).is_ready()
        {
            self.close();
        }
        self.flush();
    }

    /// Gives the connection up in the midst of everything.
    pub(super) fn give_up(&mut self) {
        if let Protocol::Open(connection) = &mut self.protocol {
            connection.abrupt_shutdown(Reason::INTERNAL_ERROR);
        }
        self.drive();
        self.close();
    }

    fn greet(&mut self) {
        let Protocol::Greeting(handshake) = &mut self.protocol else {
            return;
        };
        match handshake.as_mut().poll(&mut nobody()) {
            Poll::Ready(Ok(connection)) => self.protocol = Protocol::Open(Box::new(connection)),
            Poll::Ready(Err(_)) => self.close(),
            Poll::Pending => {}
        }
    }

    fn close(&mut self) {
        self.flush();
        self.protocol = Protocol::Closed;
        // The event loop hears of that, too.
        self.stream.shutdown(Shutdown::Both).ok();
    }

    fn flush(&mut self) {
        let flushed: io::Result<bool> = self.pipe.flush(&self.stream);
        match flushed {
            Ok(is_full) => self.is_full = is_full,
            Err(_) => self.protocol = Protocol::Closed,
        }
    }

    /// Asks to be told of room, if there is none.
    pub(super) fn watch(&mut self, worker: &Worker) {
        if self.is_full != self.is_watched {
            self.is_watched = self.is_full;
            worker.watch(&self.stream, self.token, self.is_full);
        }
    }
}

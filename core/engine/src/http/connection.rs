//! One exchange at a time, in either version of HTTP.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::clock::MonoNs;
use super::connect::ConnectTimes;
use super::error::{ErrorClass, HttpError};
use super::http1::Http1;
use super::http2::{self, Http2};
use super::reuse::Lease;
use super::stamped::ClockSource;
use super::stamps::Stamps;

/// What carries an exchange.
#[derive(Debug)]
pub(super) enum Link {
    /// A connection.
    Http1(Http1),
    /// A stream of one.
    Http2(Http2),
}

/// An open connection that is idle.
///
/// Sending consumes it and yields a [`Response`], which gives it back once its body has been read.
/// Dropping either closes the connection: that is how a request is cancelled.
#[derive(Debug)]
pub struct Connection {
    link: Link,
    lease: Lease,
}

/// The same question for both versions.
macro_rules! ask {
    ($self:ident . $question:ident ()) => {
        match &$self.link {
            Link::Http1(link) => link.$question(),
            Link::Http2(link) => link.$question(),
        }
    };
}

impl Connection {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            lease: Lease::default(),
        }
    }

    /// What carries its exchanges, if that is HTTP/2.
    pub(super) fn into_http2(self) -> Result<Http2, HttpError> {
        match self.link {
            Link::Http2(link) => Ok(link),
            Link::Http1(link) => Err(http2::error::not_agreed(link.url())),
        }
    }

    /// Which clock stamps the bytes of this connection.
    pub fn clock_source(&self) -> ClockSource {
        ask!(self.source())
    }

    /// The stamps of the current exchange; they are reset when the next one begins.
    pub fn stamps(&self) -> &Arc<Stamps> {
        ask!(self.stamps())
    }

    /// What opening this connection took.
    pub fn times(&self) -> ConnectTimes {
        ask!(self.times())
    }

    /// Exchanges that this connection has begun; 0 means that it is new.
    pub fn exchanges(&self) -> u64 {
        ask!(self.exchanges())
    }

    /// Whether it speaks HTTP/2.
    pub fn is_http2(&self) -> bool {
        matches!(self.link, Link::Http2(_))
    }

    /// Sends a request (which must have a `Host` header and an origin-form target) and waits for
    /// the head of its response.
    ///
    /// # Errors
    /// `reset`, `closed_early`, `stream_reset`, `goaway` or `protocol`. [`HttpError::may_resend`] tells
    /// whether the request may be repeated.
    pub async fn send(mut self, request: Request<Full<Bytes>>) -> Result<Response, HttpError> {
        match &mut self.link {
            Link::Http1(link) => {
                let response = link.send(request).await?.map(Body::Http1);
                Ok(Response::new(self, response))
            }
            Link::Http2(link) => {
                let response = link.send(request).await?.map(Body::Http2);
                Ok(Response::new(self, response))
            }
        }
    }

    /// What the server announced about this connection.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Asks the socket of an idle connection whether the server has closed it. The runtime's view may
    /// be older than the last turn of its event loop.
    pub(super) fn still_open(&mut self) -> bool {
        match &mut self.link {
            Link::Http1(link) => link.still_open(),
            Link::Http2(link) => link.still_open(),
        }
    }

    fn is_open(&self) -> bool {
        ask!(self.is_open())
    }
}

/// Bytes of a body that count as one of the 128 operations that a task may do in a turn.
const BYTES_A_TURN: usize = 4096;

/// A piece of a response body.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The bytes, with the transfer encoding undone.
    pub bytes: Bytes,
    /// When the last of them arrived.
    pub arrived: MonoNs,
    /// Nanoseconds from there to the moment we read them; 0 where only the user-space clock is
    /// available.
    pub lag_ns: i64,
}

/// What is left of a response.
#[derive(Debug)]
enum Body {
    Http1(Incoming),
    Http2(http2::Body),
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    // Before the connection: a stream that is given up is told so while that is there.
    body: Body,
    /// Bytes of the last piece.
    last_bytes: usize,
    complete: bool,
    connection: Connection,
}

impl Response {
    fn new(mut connection: Connection, response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        if connection.exchanges() == 1 {
            connection.lease = Lease::of(&head.headers);
        }
        Self {
            status: head.status,
            headers: head.headers,
            body,
            last_bytes: 0,
            complete: false,
            connection,
        }
    }

    /// Status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// When this exchange's bytes crossed the socket.
    pub fn stamps(&self) -> &Stamps {
        self.connection.stamps()
    }

    /// The connection that carries this response.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for the next piece of the body; `None` is its end. Cancel safe.
    ///
    /// # Errors
    /// As [`Connection::send`]; the response is then over.
    pub async fn chunk(&mut self) -> Option<Result<Chunk, HttpError>> {
        // Pieces that have arrived already cost no wait: without this a flood of tiny ones would keep
        // the timeout, and all other requests of the thread, from their turn.
        // A large one is as much work as the many that it could have been.
        for _ in 0..=self.last_bytes / BYTES_A_TURN {
            tokio::task::consume_budget().await;
        }
        let chunk = poll_fn(|cx| self.poll_chunk(cx)).await;
        match &chunk {
            Some(Ok(chunk)) => self.last_bytes = chunk.bytes.len(),
            Some(Err(_)) => {}
            None => self.complete = true,
        }
        chunk
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Chunk, HttpError>>> {
        match (&mut self.connection.link, &mut self.body) {
            (Link::Http1(link), Body::Http1(body)) => link.poll_chunk(body, cx),
            (Link::Http2(link), Body::Http2(body)) => link.poll_chunk(body, cx),
            // A response comes over its own connection.
            (Link::Http1(_), Body::Http2(_)) | (Link::Http2(_), Body::Http1(_)) => {
                Poll::Ready(None)
            }
        }
    }

    /// Appends the rest of the body to `into`.
    ///
    /// # Errors
    /// As [`Response::chunk`], and `body_limit` if `into` would grow beyond `limit` bytes.
    pub async fn read_to_end(&mut self, into: &mut Vec<u8>, limit: usize) -> Result<(), HttpError> {
        while let Some(chunk) = self.chunk().await {
            let bytes = chunk?.bytes;
            if into.len() + bytes.len() > limit {
                let detail = format!("more than {limit} bytes");
                let connection = &self.connection;
                let url = Arc::clone(ask!(connection.url()));
                return Err(HttpError::new(ErrorClass::BodyLimit, url, detail));
            }
            into.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// Gives the connection back if it can carry another exchange: the body was read to its end, and
    /// the server has neither closed it nor announced that it will.
    pub fn into_connection(self) -> Option<Connection> {
        let Self {
            complete,
            connection,
            ..
        } = self;
        let reusable =
            complete && connection.is_open() && connection.lease.allows(connection.exchanges());
        reusable.then_some(connection)
    }
}

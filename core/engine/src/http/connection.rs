//! One connection, one exchange at a time.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;

use super::clock::MonoNs;
use super::connect::ConnectTimes;
use super::error::{ErrorClass, HttpError, Stage};
use super::proxy::Forwarded;
use super::reuse::Lease;
use super::stamped::ClockSource;
use super::stamps::Stamps;
use super::transport::Transport;

type Driver = http1::Connection<Transport, Full<Bytes>>;

/// An open connection that is idle.
///
/// Sending consumes it and yields a [`Response`], which gives it back once its body has been read.
/// Dropping either closes the connection: that is how a request is cancelled.
///
/// The HTTP driver is polled by the task that waits for the response, not by a task of its own:
/// that saves a task switch for every token.
#[derive(Debug)]
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once the connection is closed.
    driver: Option<Box<Driver>>,
    stamps: Arc<Stamps>,
    source: ClockSource,
    url: Arc<str>,
    times: ConnectTimes,
    exchanges: u64,
    lease: Lease,
    forwarded: Option<Arc<Forwarded>>,
}

impl Connection {
    pub(super) async fn handshake(
        transport: Transport,
        url: Arc<str>,
        times: ConnectTimes,
    ) -> Result<Self, HttpError> {
        let (stamps, source) = (Arc::clone(transport.stamps()), transport.source());
        let (sender, driver) = http1::handshake(transport)
            .await
            .map_err(|error| HttpError::from_hyper(&url, &error))?;
        let driver = Some(Box::new(driver));
        Ok(Self {
            sender,
            driver,
            stamps,
            source,
            url,
            times,
            exchanges: 0,
            lease: Lease::default(),
            forwarded: None,
        })
    }

    /// This connection is one to a proxy, which forwards each request.
    pub(super) fn through(mut self, proxy: Option<Arc<Forwarded>>) -> Self {
        self.forwarded = proxy;
        self
    }

    /// Which clock stamps the bytes of this connection.
    pub fn clock_source(&self) -> ClockSource {
        self.source
    }

    /// The stamps of the current exchange; they are reset when the next one begins.
    pub fn stamps(&self) -> &Arc<Stamps> {
        &self.stamps
    }

    /// What opening this connection took.
    pub fn times(&self) -> ConnectTimes {
        self.times
    }

    /// Exchanges that this connection has begun; 0 means that it is new.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// Sends a request (which must have a `Host` header and an origin-form target) and waits for
    /// the head of its response.
    ///
    /// # Errors
    /// `reset`, `closed_early` or `protocol`. [`HttpError::may_resend`] tells whether the request
    /// may be repeated.
    pub async fn send(mut self, mut request: Request<Full<Bytes>>) -> Result<Response, HttpError> {
        if let Some(proxy) = &self.forwarded {
            proxy.rewrite(&mut request);
        }
        self.stamps.arm();
        self.exchanges += 1;
        if let Err(error) = self.ready().await {
            return Err(self.fail(&error));
        }
        let mut response = pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        let outcome = poll_fn(|cx| {
            poll_driver(driver, cx);
            response.as_mut().poll(cx)
        })
        .await;
        match outcome {
            Ok(response) => Ok(Response::new(self, response)),
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Lets the driver finish the previous exchange and notice a connection that has been closed.
    async fn ready(&mut self) -> hyper::Result<()> {
        poll_fn(|cx| {
            poll_driver(&mut self.driver, cx);
            self.sender.poll_ready(cx)
        })
        .await
    }

    /// What the server announced about this connection.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Asks the socket of an idle connection whether the server has closed it (or said something
    /// unasked-for, which makes it as useless). The runtime's view may be older than the last turn
    /// of its event loop.
    pub(super) fn still_open(&mut self) -> bool {
        self.stamps.distrust_readiness();
        poll_driver(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.is_open()
    }

    fn is_open(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    fn fail(&self, error: &hyper::Error) -> HttpError {
        HttpError::from_hyper(&self.url, error).at(Stage {
            reused: self.exchanges > 1,
            written: self.stamps.bytes_written() > 0,
            answered: self.stamps.bytes_read() > 0,
        })
    }
}

/// Moves the connection forward; its end is noted, its error also reaches the pending response.
fn poll_driver(driver: &mut Option<Box<Driver>>, cx: &mut Context<'_>) {
    let ended = driver
        .as_mut()
        .is_some_and(|driver| Pin::new(&mut **driver).poll(cx).is_ready());
    if ended {
        *driver = None;
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
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
    /// Bytes of the last piece.
    last_bytes: usize,
    complete: bool,
    connection: Connection,
}

impl Response {
    fn new(mut connection: Connection, response: http::Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        if connection.exchanges == 1 {
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
        &self.connection.stamps
    }

    /// The connection that carries this response.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for the next piece of the body; `None` is its end. Cancel safe.
    ///
    /// # Errors
    /// `reset`, `closed_early` or `protocol`; the response is then over.
    pub async fn chunk(&mut self) -> Option<Result<Chunk, HttpError>> {
        // Pieces that have arrived already cost no wait: without this a flood of tiny ones would keep
        // the timeout, and all other requests of the thread, from their turn.
        // A large one is as much work as the many that it could have been.
        for _ in 0..=self.last_bytes / BYTES_A_TURN {
            tokio::task::consume_budget().await;
        }
        let chunk = poll_fn(|cx| self.poll_chunk(cx)).await;
        if let Some(Ok(chunk)) = &chunk {
            self.last_bytes = chunk.bytes.len();
        }
        chunk
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Chunk, HttpError>>> {
        loop {
            let mut frame = Pin::new(&mut self.body).poll_frame(cx);
            if frame.is_pending() {
                poll_driver(&mut self.connection.driver, cx);
                frame = Pin::new(&mut self.body).poll_frame(cx);
            }
            match frame {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    self.complete = true;
                    // Lets the driver see `connection: close` before the connection is put back.
                    poll_driver(&mut self.connection.driver, cx);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(self.connection.fail(&error))));
                }
                // Anything but data is a trailer, which nobody here reads.
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        // The driver cannot have read on: it waits until this piece is taken.
                        let arrived = self.stamps().last_read().unwrap_or_default();
                        return Poll::Ready(Some(Ok(Chunk { bytes, arrived })));
                    }
                }
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
                let url = Arc::clone(&self.connection.url);
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
            complete && connection.is_open() && connection.lease.allows(connection.exchanges);
        reusable.then_some(connection)
    }
}

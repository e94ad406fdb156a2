//! HTTP/1.1 on one connection.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;

use super::connect::ConnectTimes;
use super::connection::Chunk;
use super::error::{HttpError, Stage};
use super::proxy::Forwarded;
use super::stamped::ClockSource;
use super::stamps::Stamps;
use super::transport::Transport;

type Driver = http1::Connection<Transport, Full<Bytes>>;

/// A connection that carries one exchange after the other.
///
/// The HTTP driver is polled by the task that waits for the response, not by a task of its own:
/// that saves a task switch for every token.
#[derive(Debug)]
pub(super) struct Http1 {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once the connection is closed.
    driver: Option<Box<Driver>>,
    stamps: Arc<Stamps>,
    source: ClockSource,
    url: Arc<str>,
    times: ConnectTimes,
    exchanges: u64,
    forwarded: Option<Arc<Forwarded>>,
}

impl Http1 {
    /// `forwarded`: the connection is one to a proxy, which forwards each request.
    pub(super) async fn handshake(
        transport: Transport,
        url: Arc<str>,
        times: ConnectTimes,
        forwarded: Option<Arc<Forwarded>>,
    ) -> Result<Self, HttpError> {
        let (stamps, source) = (Arc::clone(transport.stamps()), transport.source());
        let (sender, driver) = http1::handshake(transport)
            .await
            .map_err(|error| HttpError::from_hyper(&url, &error))?;
        Ok(Self {
            sender,
            driver: Some(Box::new(driver)),
            stamps,
            source,
            url,
            times,
            exchanges: 0,
            forwarded,
        })
    }

    pub(super) fn stamps(&self) -> &Arc<Stamps> {
        &self.stamps
    }

    pub(super) fn source(&self) -> ClockSource {
        self.source
    }

    pub(super) fn times(&self) -> ConnectTimes {
        self.times
    }

    pub(super) fn url(&self) -> &Arc<str> {
        &self.url
    }

    pub(super) fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// Sends a request and waits for the head of its response.
    pub(super) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, HttpError> {
        if let Some(proxy) = &self.forwarded {
            proxy.rewrite(&mut request);
        }
        self.stamps.arm();
        self.exchanges += 1;
        if let Err(error) = self.ready().await {
            return Err(self.failed(&error));
        }
        let mut response = pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        let outcome = poll_fn(|cx| {
            poll_driver(driver, cx);
            response.as_mut().poll(cx)
        })
        .await;
        outcome.map_err(|error| self.failed(&error))
    }

    /// Lets the driver finish the previous exchange and notice a connection that has been closed.
    async fn ready(&mut self) -> hyper::Result<()> {
        poll_fn(|cx| {
            poll_driver(&mut self.driver, cx);
            self.sender.poll_ready(cx)
        })
        .await
    }

    /// The next piece of a response's body.
    pub(super) fn poll_chunk(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Chunk, HttpError>>> {
        loop {
            let mut frame = Pin::new(&mut *body).poll_frame(cx);
            if frame.is_pending() {
                poll_driver(&mut self.driver, cx);
                frame = Pin::new(&mut *body).poll_frame(cx);
            }
            match frame {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    // Lets the driver see `connection: close` before the connection is put back.
                    poll_driver(&mut self.driver, cx);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(self.failed(&error))));
                }
                // Anything but data is a trailer, which nobody here reads.
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        // The driver cannot have read on: it waits until this piece is taken.
                        return Poll::Ready(Some(Ok(Chunk {
                            bytes,
                            arrived: self.stamps.last_read().unwrap_or_default(),
                            lag_ns: self.stamps.last_lag_ns(),
                        })));
                    }
                }
            }
        }
    }

    /// Asks the socket of an idle connection whether the server has closed it (or said something
    /// unasked-for, which makes it as useless). The runtime's view may be older than the last turn
    /// of its event loop.
    pub(super) fn still_open(&mut self) -> bool {
        self.stamps.distrust_readiness();
        poll_driver(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.is_open()
    }

    pub(super) fn is_open(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    fn failed(&self, error: &hyper::Error) -> HttpError {
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

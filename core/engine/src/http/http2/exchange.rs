//! One exchange at a time on a stream of its own.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Body as _;

use super::error;
use super::ledger::{Entry, StreamLog};
use super::rooms::Seat;
use super::session::Session;
use crate::http::clock::{Clock, MonoNs};
use crate::http::connect::ConnectTimes;
use crate::http::connection::Chunk;
use crate::http::error::{HttpError, Stage};
use crate::http::stamped::ClockSource;
use crate::http::stamps::Stamps;
use crate::http::transport::Transport;

/// Headers that speak of a connection of HTTP/1.1.
const OF_CONNECTIONS: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The right to one stream at a time of a connection.
#[derive(Debug)]
pub(in crate::http) struct Http2 {
    session: Arc<Session>,
    sender: SendRequest<Bytes>,
    log: Arc<StreamLog>,
    scheme: Scheme,
    /// The number of the exchange on its connection, from 1; 0 before the first.
    exchange: u64,
    /// Its place, where others have one too.
    _seat: Option<Seat>,
}

impl Http2 {
    /// Begins to speak HTTP/2 over `transport`.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(in crate::http) async fn handshake(
        transport: Transport,
        clock: Clock,
        url: Arc<str>,
        times: ConnectTimes,
    ) -> Result<Self, HttpError> {
        let scheme = match &transport {
            Transport::Plain(_) => Scheme::HTTP,
            Transport::Tls(_) => Scheme::HTTPS,
        };
        let (session, sender) = Session::open(transport, clock, url, times).await?;
        Ok(Self {
            session,
            sender,
            log: Arc::default(),
            scheme,
            exchange: 0,
            _seat: None,
        })
    }

    /// The right to another stream of the same connection.
    pub(super) fn another(&self, seat: Seat) -> Self {
        Self {
            session: Arc::clone(&self.session),
            sender: self.sender.clone(),
            log: Arc::default(),
            scheme: self.scheme.clone(),
            exchange: 0,
            _seat: Some(seat),
        }
    }

    /// Streams that the server allows at once; at least one.
    pub(super) fn allowed_streams(&self) -> usize {
        self.sender.current_max_send_streams().max(1)
    }

    /// The current time on the clock that stamps the connection.
    pub(super) fn now(&self) -> MonoNs {
        self.session.now()
    }

    pub(in crate::http) fn stamps(&self) -> &Arc<Stamps> {
        &self.log.stamps
    }

    pub(in crate::http) fn source(&self) -> ClockSource {
        self.session.source
    }

    pub(in crate::http) fn times(&self) -> ConnectTimes {
        self.session.times
    }

    pub(in crate::http) fn url(&self) -> &Arc<str> {
        &self.session.url
    }

    pub(in crate::http) fn exchanges(&self) -> u64 {
        self.session.exchanges()
    }

    pub(in crate::http) fn still_open(&self) -> bool {
        self.session.still_open()
    }

    pub(in crate::http) fn is_open(&self) -> bool {
        self.session.is_open()
    }

    /// Sends a request and waits for the head of its response.
    pub(in crate::http) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Body>, HttpError> {
        self.log.arm();
        self.exchange = self.session.begin_exchange();
        let (request, body) = self.translate(request);
        let ready = poll_fn(|cx| self.sender.poll_ready(cx)).await;
        ready.map_err(|cause| self.failed(&cause, 0))?;
        let sent = self.sender.send_request(request, body.is_empty());
        let (response, mut stream) = sent.map_err(|cause| self.failed(&cause, 0))?;
        let id = response.stream_id().as_u32();
        let entry = self.session.ledger.open(id, &self.log);
        if !body.is_empty() {
            let sent = stream.send_data(body, true);
            sent.map_err(|cause| self.failed(&cause, id))?;
        }
        self.session.help();
        let response = response.await.map_err(|cause| self.failed(&cause, id))?;
        Ok(response.map(|stream| Body { stream, entry }))
    }

    /// Names the server where HTTP/2 wants it.
    fn translate(&self, request: Request<Full<Bytes>>) -> (Request<()>, Bytes) {
        let (mut head, body) = request.into_parts();
        for name in OF_CONNECTIONS {
            head.headers.remove(name);
        }
        let host = head.headers.remove(HOST);
        let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let mut parts = std::mem::take(&mut head.uri).into_parts();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = authority;
        // Not possible without an authority; the request is then refused below us.
        head.uri = Uri::from_parts(parts).unwrap_or_default();
        head.version = http::Version::HTTP_2;
        let body = whole(body);
        if !body.is_empty() {
            let length = HeaderValue::from(body.len());
            head.headers.insert(CONTENT_LENGTH, length);
        }
        (Request::from_parts(head, ()), body)
    }

    fn failed(&self, cause: &h2::Error, stream: u32) -> HttpError {
        let error = error::of(
            &self.session.url,
            cause,
            &self.session.ledger.state(),
            stream,
        );
        error.at(self.stage())
    }

    fn stage(&self) -> Stage {
        Stage {
            reused: self.exchange > 1,
            written: self.log.stamps.bytes_written() > 0,
            answered: self.log.stamps.bytes_read() > 0,
        }
    }

    /// The next piece of a response's body.
    pub(in crate::http) fn poll_chunk(
        &self,
        body: &mut Body,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Chunk, HttpError>>> {
        Poll::Ready(match ready!(body.stream.poll_data(cx)) {
            None => None,
            Some(Ok(bytes)) => {
                // Cannot fail: it was just received.
                body.stream
                    .flow_control()
                    .release_capacity(bytes.len())
                    .ok();
                let arrival = self.log.take(bytes.len()).unwrap_or_default();
                Some(Ok(Chunk {
                    bytes,
                    arrived: arrival.at(),
                    lag_ns: arrival.lag_ns(),
                }))
            }
            // The response is complete: only what is left of the request is not wanted.
            Some(Err(cause)) if is_no_error(&cause) => None,
            Some(Err(cause)) => Some(Err(self.failed(&cause, body.entry.stream))),
        })
    }
}

fn is_no_error(cause: &h2::Error) -> bool {
    cause.is_reset() && cause.is_remote() && cause.reason() == Some(Reason::NO_ERROR)
}

/// A body that is there in one piece.
fn whole(mut body: Full<Bytes>) -> Bytes {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(&mut body).poll_frame(&mut cx) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

/// The body of a response. Dropped before its end, it has the server told that nobody listens.
#[derive(Debug)]
pub(in crate::http) struct Body {
    stream: RecvStream,
    entry: Entry,
}

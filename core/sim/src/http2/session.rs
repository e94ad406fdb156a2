//! A connection of HTTP/2 in the event loop.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{Request, header};

use super::core::{Core, nobody};
use super::stream::StreamWire;
use crate::http::MAX_BODY;
use crate::receive::Arrival;
use crate::truth::lock;
use crate::worker::Worker;

/// A complete request, as HTTP/1.1 has it.
#[derive(Debug)]
pub(crate) struct StreamRequest {
    pub(crate) wire: StreamWire,
    pub(crate) bytes: Vec<u8>,
    pub(crate) arrival: Arrival,
}

/// What has come over a connection.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) requests: Vec<StreamRequest>,
    /// The connection is gone.
    pub(crate) is_over: bool,
}

/// A request whose body has not come in full.
#[derive(Debug)]
struct Pending {
    request: Request<RecvStream>,
    body: Vec<u8>,
    respond: SendResponse<Bytes>,
}

#[derive(Debug)]
pub(crate) struct Session {
    core: Arc<Mutex<Core>>,
    pending: Vec<Pending>,
    /// Connections in the event loop that are its streams.
    pub(crate) streams: Vec<u64>,
}

impl Session {
    pub(crate) fn new(stream: TcpStream, token: u64) -> Self {
        Self {
            core: Arc::new(Mutex::new(Core::new(stream, token))),
            pending: Vec::new(),
            streams: Vec::new(),
        }
    }

    /// Goes on with what the client has sent, which `input` begins with.
    pub(crate) fn readable(
        &mut self,
        mut input: Vec<u8>,
        arrival: Arrival,
        worker: &mut Worker,
    ) -> News {
        let mut news = News::default();
        if !input.is_empty() {
            self.receive(&mut input, arrival, &mut news);
        }
        while !news.is_over {
            let received = worker
                .receiver
                .receive(lock(&self.core).stream(), &mut input);
            match received {
                Ok(Some((_, arrival))) => self.receive(&mut input, arrival, &mut news),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(None) | Err(_) => news.is_over = true,
            }
        }
        lock(&self.core).watch(worker);
        news
    }

    /// Goes on writing where the socket was full; whether it takes more.
    pub(crate) fn writable(&mut self, worker: &Worker) -> bool {
        let mut core = lock(&self.core);
        core.drive();
        core.watch(worker);
        !core.is_full()
    }

    /// Whether the connection is gone.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.core).is_closed()
    }

    fn receive(&mut self, input: &mut Vec<u8>, arrival: Arrival, news: &mut News) {
        let accepted = {
            let mut core = lock(&self.core);
            core.receive(input);
            core.accept()
        };
        let begun = accepted.into_iter().map(|(request, respond)| Pending {
            request,
            body: Vec::new(),
            respond,
        });
        self.pending.extend(begun);
        let mut waiting = Vec::new();
        for mut pending in self.pending.drain(..) {
            match pending.poll() {
                Poll::Pending => waiting.push(pending),
                Poll::Ready(false) => {}
                Poll::Ready(true) => news.requests.push(StreamRequest {
                    bytes: pending.bytes(),
                    wire: StreamWire::new(Arc::clone(&self.core), pending.respond),
                    arrival,
                }),
            }
        }
        self.pending = waiting;
        let mut core = lock(&self.core);
        // What was read makes room for more.
        core.drive();
        news.is_over |= core.is_closed();
    }
}

impl Pending {
    /// Reads what there is of the body; whether it is complete, and not broken.
    fn poll(&mut self) -> Poll<bool> {
        loop {
            let body = self.request.body_mut();
            match body.poll_data(&mut nobody()) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                Poll::Ready(Some(Ok(bytes))) => {
                    body.flow_control().release_capacity(bytes.len()).ok();
                    self.body.extend_from_slice(&bytes);
                    if self.body.len() > MAX_BODY {
                        return Poll::Ready(false);
                    }
                }
            }
        }
    }

    /// The request in HTTP/1.1, as the only one of its connection.
    fn bytes(&self) -> Vec<u8> {
        let target = self.request.uri().path_and_query();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nconnection: close\r\n",
            self.request.method(),
            target.map_or("/", |target| target.as_str()),
        )
        .into_bytes();
        let headers = self.request.headers();
        let others = headers
            .iter()
            .filter(|(name, _)| *name != header::CONTENT_LENGTH && *name != header::EXPECT);
        for (name, value) in others {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        let length = format!("content-length: {}\r\n\r\n", self.body.len());
        head.extend_from_slice(length.as_bytes());
        head.extend_from_slice(&self.body);
        head
    }
}

//! One client connection: reading requests, writing answers.

use std::io::ErrorKind;
use std::net::TcpStream;

use crate::clock::monotonic;
use crate::generation::Generation;
use crate::http::{self, Head, MAX_BODY, Parsed, Response};
use crate::http2::{PREFACE, StreamRequest};
use crate::metrics::Handler;
use crate::output::{Output, Slow, Written};
use crate::receive::Arrival;
use crate::routes::Route;
use crate::wire::Wire;
use crate::worker::Worker;

mod faulty;
mod inference;

/// Whether a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Keep,
    Close,
    /// The client speaks HTTP/2.
    Upgrade,
}

/// What a connection is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// To be closed once the output is written.
    Closing,
    /// A request that is never answered, or without end: reads on, to notice the hang-up, and
    /// serves no other.
    Stuck,
}

/// What the output waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Nothing,
    /// The socket is full, and the event loop tells when it has room.
    Room,
    /// This moment (monotonic nanoseconds), for which a timer is set.
    Until(i64),
}

/// A connection and the request on it.
#[derive(Debug)]
pub(crate) struct Connection {
    wire: Wire,
    token: u64,
    input: Vec<u8>,
    output: Output,
    arrival: Arrival,
    generation: Option<Generation>,
    state: State,
    /// The interim answer to `Expect: 100-continue` was sent.
    continued: bool,
    wait: Wait,
    /// What follows whenever the output is written, without end.
    endless: Option<Vec<u8>>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, token: u64) -> Self {
        Self::over(Wire::Socket(stream), token)
    }

    /// A stream of HTTP/2 with its request.
    pub(crate) fn of_stream(request: StreamRequest, token: u64) -> Self {
        Self {
            input: request.bytes,
            arrival: request.arrival,
            ..Self::over(Wire::Stream(request.wire), token)
        }
    }

    fn over(wire: Wire, token: u64) -> Self {
        Self {
            wire,
            token,
            input: Vec::new(),
            output: Output::default(),
            arrival: Arrival::default(),
            generation: None,
            state: State::Open,
            continued: false,
            wait: Wait::Nothing,
            endless: None,
        }
    }

    /// The socket, what was read from it, and when, for whoever goes on with them.
    pub(crate) fn into_parts(self) -> Option<(TcpStream, Vec<u8>, Arrival)> {
        match self.wire {
            Wire::Socket(stream) => Some((stream, self.input, self.arrival)),
            Wire::Stream(_) => None,
        }
    }

    /// Whether the client has given up what is carried.
    pub(crate) fn is_reset(&mut self) -> bool {
        self.wire.is_reset()
    }

    /// Whether it waits for room in the socket.
    pub(crate) fn wants_room(&self) -> bool {
        self.wait == Wait::Room
    }

    /// Reads what there is and serves it.
    pub(crate) fn readable(&mut self, worker: &mut Worker) -> Flow {
        while let Some(stream) = self.wire.socket() {
            match worker.receiver.receive(stream, &mut self.input) {
                Ok(Some((length, arrival))) => {
                    self.arrival = arrival;
                    if self.input.len() > 2 * MAX_BODY {
                        return Flow::Close;
                    }
                    if length < worker.receiver.capacity() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(None) | Err(_) => return Flow::Close,
            }
        }
        self.serve(worker)
    }

    /// Goes on writing where the socket was full.
    pub(crate) fn writable(&mut self, worker: &mut Worker) -> Flow {
        let flow = self.flush(worker);
        if flow == Flow::Close || self.is_blocked() {
            flow
        } else if self.generation.is_some() {
            self.pump(worker)
        } else {
            self.serve(worker)
        }
    }

    /// Serves the requests in the input, one after the other.
    pub(crate) fn serve(&mut self, worker: &mut Worker) -> Flow {
        while self.generation.is_none() && !self.is_blocked() && self.state == State::Open {
            let flow = match http::parse(&self.input) {
                Parsed::Partial => break,
                Parsed::Invalid(..) if self.input.starts_with(PREFACE) => return Flow::Upgrade,
                Parsed::Invalid(status, reason) => {
                    self.state = State::Closing;
                    self.respond(&Response::error(status, reason), worker)
                }
                Parsed::Head(head) if self.input.len() < head.len + head.body_len => {
                    return self.invite_body(&head, worker);
                }
                Parsed::Head(head) => self.dispatch(head, worker),
            };
            if flow == Flow::Close {
                return flow;
            }
        }
        Flow::Keep
    }

    fn invite_body(&mut self, head: &Head, worker: &mut Worker) -> Flow {
        if !head.expects_continue || self.continued {
            return Flow::Keep;
        }
        self.continued = true;
        self.output
            .buffer()
            .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        self.flush(worker)
    }

    /// Takes a complete request out of the input and answers it.
    fn dispatch(&mut self, head: Head, worker: &mut Worker) -> Flow {
        self.continued = false;
        self.output.drip = worker.shared.faults().drip;
        self.output.slow = Slow::Nothing;
        let rest = self.input.split_off(head.len + head.body_len);
        let request = std::mem::replace(&mut self.input, rest);
        let route = Route::of(&head);
        if let Route::Infer(endpoint) = route {
            let body = request.get(head.len..).unwrap_or_default();
            return self.infer(endpoint, head, body, worker);
        }
        self.close_after(head.close, worker);
        if let Route::Metrics(kind) = route {
            return self.scrape(kind, &head, worker);
        }
        let response = route.answer(&head, &worker.shared);
        self.count(route, &response, request.len(), worker);
        self.respond(&response, worker)
    }

    /// Counts an answer as vLLM does: health checks and version queries are not.
    fn count(&self, route: Route, response: &Response, received: usize, worker: &Worker) {
        let handler = match route {
            Route::Models => Handler::Models,
            Route::Unknown | Route::WrongMethod => Handler::Other,
            _ => return,
        };
        let mut stats = worker.shared.stats(worker.thread, 0);
        stats.receive(received);
        let duration = monotonic() - self.arrival.at;
        stats.http(
            handler,
            response.status,
            duration,
            response.body.len() as u64,
        );
    }

    /// Has the connection closed after the answer at hand, if the client or a fault wants it.
    fn close_after(&mut self, wanted: bool, worker: &Worker) {
        if wanted || worker.shared.faults().close_after_each_response {
            self.state = State::Closing;
        }
    }

    fn respond(&mut self, response: &Response, worker: &mut Worker) -> Flow {
        let unannounced = worker.shared.faults().close_after_each_response;
        let announces = self.state == State::Closing && !unannounced;
        response.write_to(self.output.buffer(), announces);
        self.flush(worker)
    }

    fn is_blocked(&self) -> bool {
        self.wait != Wait::Nothing
    }

    /// Writes the output; asks to be told when it can go on if it could not be written in full.
    fn flush(&mut self, worker: &mut Worker) -> Flow {
        let Ok(mut written) = self.output.write_to(&mut self.wire) else {
            return Flow::Close;
        };
        if let Some(more) = self.endless.as_ref().filter(|_| written == Written::All) {
            self.output.buffer().extend_from_slice(more);
            // Written when there is room, so that other connections have their turn.
            written = Written::Full;
        }
        let wait = match written {
            Written::All => Wait::Nothing,
            Written::Full => Wait::Room,
            Written::Later(due) => Wait::Until(due),
        };
        if (wait == Wait::Room) != (self.wait == Wait::Room) {
            self.wire.watch(worker, self.token, wait == Wait::Room);
        }
        if let Wait::Until(due) = wait {
            worker.timers.push(due, self.token);
        }
        self.wait = wait;
        if written == Written::All && self.state == State::Closing {
            Flow::Close
        } else {
            Flow::Keep
        }
    }
}

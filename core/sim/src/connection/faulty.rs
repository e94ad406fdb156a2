//! Answers that are none.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Connection, Flow, State};
use crate::clock::monotonic;
use crate::fault::FaultKind;
use crate::http::{EVENTS, Head, Response, write_chunk, write_stream_head};
use crate::metrics::Kind;
use crate::plan::Plan;
use crate::routes::page;
use crate::truth::RequestTruth;
use crate::worker::Worker;

/// Bytes after the announced end of a body.
const SURPLUS: usize = 7;
/// Sizes of a bomb's parts, and how many there are: 4 GiB.
const PART: usize = 16 << 20;
const PARTS: usize = 256;
/// Bytes of random data.
const NOISE: usize = 4096;
/// Size of one write of a body without end.
const ENDLESS: usize = 64 << 10;

impl Connection {
    /// Answers a scrape, with the faults that are set.
    pub(super) fn scrape(&mut self, kind: Kind, head: &Head, worker: &mut Worker) -> Flow {
        let number = worker.shared.truth.count_scrape();
        let faults = worker.shared.faults();
        match faults.of_page(number) {
            None => {
                let page = page(kind, head, &worker.shared);
                self.respond(&page, worker)
            }
            Some(fault) => {
                let page = page(kind, head, &worker.shared);
                self.output.slow = fault.slow();
                self.answer_badly(fault, page, b"endless 1\n", worker)
            }
        }
    }

    /// Gives an inference request something else than its answer, and books that.
    pub(super) fn replace(
        &mut self,
        kind: FaultKind,
        seq: u64,
        plan: &Plan,
        head: Head,
        worker: &mut Worker,
    ) -> Flow {
        let (now, id) = (monotonic(), head.x_request_id);
        let truth = RequestTruth::rejected(seq, 200, self.arrival, now, id);
        let truth = Arc::new(truth);
        worker.shared.truth.push(&truth);
        worker.shared.truth.write_line(&truth);
        self.close_after(head.close, worker);
        let answer = if plan.stream {
            Response::new(EVENTS, "data: {\"choices\":[]}\n\ndata: [DONE]\n\n")
        } else {
            Response::json(200, "{\"choices\":[]}")
        };
        let more: &[u8] = if plan.stream {
            b"data: {\"choices\":[{\"index\":0,\"text\":\" on\",\"delta\":{\"content\":\" on\"}}]}\n\n"
        } else {
            b"   "
        };
        self.answer_badly(kind, answer, more, worker)
    }

    /// `more` is what a body without end repeats.
    fn answer_badly(
        &mut self,
        kind: FaultKind,
        mut answer: Response,
        more: &[u8],
        worker: &mut Worker,
    ) -> Flow {
        match kind {
            FaultKind::Reset => {
                // Closing then drops what is on its way, and tells the peer so.
                self.wire.reset();
                return Flow::Close;
            }
            FaultKind::RefusedStream => {
                self.wire.refuse();
                return Flow::Close;
            }
            FaultKind::GoAway => {
                let flow = self.respond_half(&answer, worker);
                self.wire.give_up_all();
                return flow;
            }
            FaultKind::Hang => {
                self.state = State::Stuck;
                return Flow::Keep;
            }
            FaultKind::Endless => {
                write_stream_head(self.output.buffer(), answer.content_type, false);
                let mut chunk = Vec::new();
                write_chunk(&mut chunk, &more.repeat(ENDLESS / more.len()));
                self.endless = Some(chunk);
                self.state = State::Stuck;
                return self.flush(worker);
            }
            FaultKind::Cut => return self.respond_half(&answer, worker),
            FaultKind::WrongLength => answer.unannounced = SURPLUS,
            FaultKind::GzipBomb => {
                answer.more = "content-encoding: gzip\r\n";
                bomb().clone_into(&mut answer.body);
            }
            FaultKind::Binary => answer.body = noise(),
            FaultKind::Html => {
                let text = "<!doctype html><html><body><h1>It works!</h1></body></html>\n";
                answer = Response::new("text/html; charset=utf-8", text);
            }
            FaultKind::OtherJson => {
                answer = Response::json(200, r#"{"requests_running":0,"uptime":1.5}"#);
            }
            FaultKind::Status(status) => {
                answer = Response::error(status, &format!("simulated status {status}"));
            }
            FaultKind::Types => answer.body = swapped(&answer.body),
            FaultKind::SlowHead | FaultKind::Drip | FaultKind::BadJson | FaultKind::BadEvents => {}
        }
        self.respond(&answer, worker)
    }

    fn respond_half(&mut self, response: &Response, worker: &mut Worker) -> Flow {
        let buffer = self.output.buffer();
        response.write_to(buffer, false);
        buffer.truncate(buffer.len().saturating_sub(response.body.len() / 2));
        self.state = State::Closing;
        self.flush(worker)
    }
}

/// Joined parts are one body, by RFC 1952.
fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(&vec![b'\n'; PART]);
        let part = written.and_then(|()| encoder.finish());
        part.unwrap_or_default().repeat(PARTS)
    })
}

/// Bytes that are neither UTF-8 nor anything else, the same each time.
fn noise() -> Vec<u8> {
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        bits.to_le_bytes()
    };
    let mut noise: Vec<u8> = std::iter::repeat_with(next)
        .take(NOISE / 8)
        .flatten()
        .collect();
    noise.insert(0, 0);
    noise
}

/// The page with counters as gauges and gauges as counters.
fn swapped(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page);
    let mut swapped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_type = line.starts_with("# TYPE ");
        match line.trim_end().rsplit_once(' ') {
            Some((name, "counter")) if is_type => swapped.extend([name, " gauge\n"]),
            Some((name, "gauge")) if is_type => swapped.extend([name, " counter\n"]),
            _ => swapped.push_str(line),
        }
    }
    swapped.into_bytes()
}

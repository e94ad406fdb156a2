//! One inference request from acceptance to its end.

use std::sync::Arc;

use crate::chunks::{AnswerId, Chunks};
use crate::faults::{Faults, Spoil};
use crate::http::{EVENTS, Head, Response, write_stream_head};
use crate::metrics::{Ended, Progress};
use crate::plan::Plan;
use crate::receive::Arrival;
use crate::schedule::Pace;
use crate::shared::Shared;
use crate::truth::{Outcome, RequestTruth};
use crate::worker::Worker;

/// A request being served.
#[derive(Debug)]
pub(crate) struct Generation {
    plan: Plan,
    id: AnswerId,
    seq: u64,
    arrival: Arrival,
    x_request_id: Option<String>,
    close: bool,
    progress: Progress,
    /// None while the request waits for a slot.
    pace: Option<Pace>,
    /// Tokens that are generated and not sent: several leave in one chunk.
    pending: u32,
    /// What happens after half of the tokens.
    spoil: Option<Spoil>,
    half: u32,
    response_bytes: u64,
    token_ns: Vec<i64>,
    /// The deadline that is set, so that stale ones are told apart.
    pub(crate) timer: i64,
}

/// Where a request stands after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There are more tokens to come.
    More,
    /// The answer is complete in the output buffer.
    Complete,
    /// The connection is to be closed at this point.
    Cut,
    /// The body ends here although the answer is not complete; that is in the output buffer.
    Broken,
}

impl Generation {
    pub(crate) fn new(plan: Plan, seq: u64, arrival: Arrival, head: Head, faults: Faults) -> Self {
        Self {
            id: AnswerId::new(seq),
            seq,
            arrival,
            x_request_id: head.x_request_id,
            close: head.close,
            progress: Progress {
                arrival: arrival.at,
                ..Progress::default()
            },
            pace: None,
            pending: 0,
            spoil: faults.spoil(seq, plan.stream),
            half: (plan.output_tokens / 2).max(1).min(plan.output_tokens),
            response_bytes: 0,
            token_ns: Vec::with_capacity(plan.output_tokens as usize),
            timer: 0,
            plan,
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Appends what a stream sends before its first token.
    pub(crate) fn open(&mut self, out: &mut Vec<u8>, shared: &Shared) {
        if self.plan.stream {
            let before = out.len();
            write_stream_head(out, EVENTS, self.close);
            shared.chunks.open(out, &self.plan, self.id);
            self.response_bytes += (out.len() - before) as u64;
        }
    }

    /// Takes the slot that the request is given; its tokens are due from `start` on.
    pub(crate) fn start(&mut self, start: i64, thread: usize, shared: &Shared) {
        self.progress.started = start;
        self.pace = Some(Pace::new(&shared.config, self.seq, start));
        shared.stats(thread, self.seq).start(&self.plan, start);
    }

    /// When the next token is due; None while the request waits for a slot.
    pub(crate) fn due(&self) -> Option<i64> {
        self.pace.as_ref().map(Pace::due)
    }

    /// Generates what one write carries: one token, or several where the gap is zero.
    pub(crate) fn emit(&mut self, now: i64, out: &mut Vec<u8>, worker: &Worker) -> Step {
        let shared = &*worker.shared;
        let before = out.len();
        let batch = if self.pace.as_ref().is_some_and(Pace::is_immediate) {
            shared.config.coalesce
        } else {
            1
        };
        let limit = self.spoil.map_or(self.plan.output_tokens, |_| self.half);
        let until = self.progress.tokens.saturating_add(batch).min(limit);
        {
            let mut stats = shared.stats(worker.thread, self.seq);
            while self.progress.tokens < until {
                stats.token(&self.plan, &self.progress, now);
                self.advance(now, out, shared);
            }
        }
        let step = self.step();
        match (step, self.spoil) {
            (Step::Complete, _) => self.finish(out, shared),
            (Step::Cut | Step::Broken, Some(spoil)) => self.break_off(spoil, out, shared),
            _ => {}
        }
        self.response_bytes += (out.len() - before) as u64;
        step
    }

    fn advance(&mut self, now: i64, out: &mut Vec<u8>, shared: &Shared) {
        if self.progress.tokens == 0 {
            self.progress.first_token = now;
        }
        self.progress.last_token = now;
        self.progress.tokens += 1;
        self.token_ns.push(now);
        self.pending += 1;
        self.send(now, out, shared);
        if let Some(pace) = &mut self.pace {
            pace.advance();
        }
    }

    /// Sends what has come together, if it is a whole chunk.
    fn send(&mut self, now: i64, out: &mut Vec<u8>, shared: &Shared) {
        let end = self.progress.tokens;
        let start = end - self.pending;
        let spoiled = self.spoil.map_or(u32::MAX, |_| self.half);
        let last = Chunks::limit(&self.plan, start).min(spoiled);
        if self.pending < shared.config.tokens_per_chunk && end < last {
            return;
        }
        self.pending = 0;
        if self.plan.stream {
            shared.chunks.tokens(out, &self.plan, self.id, start..end);
        }
        // They leave together.
        let from = self.token_ns.len() - (end - start) as usize;
        for sent in self.token_ns.iter_mut().skip(from) {
            *sent = now;
        }
    }

    fn step(&self) -> Step {
        if let Some(spoil) = self.spoil.filter(|_| self.progress.tokens >= self.half) {
            if spoil.ends_the_body() {
                Step::Broken
            } else {
                Step::Cut
            }
        } else if self.progress.tokens >= self.plan.output_tokens {
            Step::Complete
        } else {
            Step::More
        }
    }

    fn finish(&self, out: &mut Vec<u8>, shared: &Shared) {
        if self.plan.stream {
            shared.chunks.close(out, &self.plan, self.id);
        } else {
            Response::json(200, shared.chunks.whole(&self.plan, self.id)).write_to(out, self.close);
        }
    }

    fn break_off(&self, spoil: Spoil, out: &mut Vec<u8>, shared: &Shared) {
        if self.plan.stream {
            Chunks::broken(out, &self.plan, spoil);
        } else if spoil != Spoil::Cut {
            let mut half = shared.chunks.whole(&self.plan, self.id);
            half.truncate(half.len() / 2);
            Response::json(200, half).write_to(out, true);
        }
    }

    /// Books the end of the request. For complete answers this comes before the last write, so
    /// that whoever has the answer finds it counted.
    ///
    /// The caller gives the slot back, if the request had one.
    pub(crate) fn end(self, outcome: Outcome, now: i64, worker: &Worker) -> Arc<RequestTruth> {
        let ended = Ended {
            outcome,
            now,
            response_bytes: self.response_bytes,
        };
        let shared = &*worker.shared;
        shared
            .stats(worker.thread, self.seq)
            .end(&self.plan, &self.progress, ended);
        let truth = Arc::new(RequestTruth {
            seq: self.seq,
            x_request_id: self.x_request_id,
            arrival_ns: self.arrival.at,
            kernel_time: self.arrival.by_kernel,
            start_ns: self.progress.started,
            first_token_ns: self.progress.first_token,
            token_ns: self.token_ns,
            end_ns: now,
            prompt_tokens: self.plan.prompt_tokens,
            completion_tokens: self.progress.tokens,
            stream: self.plan.stream,
            status: 200,
            outcome,
        });
        shared.truth.push(&truth);
        truth
    }

    /// Whether a keep-alive connection ends with this answer.
    pub(crate) fn closes(&self) -> bool {
        self.close
    }
}

//! The inference request on a connection.

use std::sync::Arc;

use super::{Connection, Flow, Wait};
use crate::clock::monotonic;
use crate::endpoint::Endpoint;
use crate::faults::Faults;
use crate::generation::{Generation, Step};
use crate::http::{Head, Response};
use crate::plan::{Finish, Plan, Refusal};
use crate::truth::{Outcome, RequestTruth};
use crate::worker::Worker;

/// Writes in a row for one connection before others get their turn.
const BURST: usize = 64;

impl Connection {
    /// A deadline set for this connection has come.
    pub(crate) fn timer(&mut self, due: i64, worker: &mut Worker) -> Flow {
        if self.wait == Wait::Until(due) {
            return self.writable(worker);
        }
        let is_current = self
            .generation
            .as_ref()
            .is_some_and(|current| current.timer == due);
        if is_current && !self.is_blocked() {
            self.pump(worker)
        } else {
            Flow::Keep
        }
    }

    /// The waiting request was given a slot. None if there is none that waits.
    pub(crate) fn granted(&mut self, worker: &mut Worker) -> Option<Flow> {
        let generation = self
            .generation
            .as_mut()
            .filter(|waiting| waiting.due().is_none())?;
        generation.start(monotonic(), worker.thread, &worker.shared);
        Some(if self.is_blocked() {
            Flow::Keep
        } else {
            self.pump(worker)
        })
    }

    /// Books the end of a request whose connection goes away.
    pub(crate) fn abandon(&mut self, outcome: Outcome, worker: &mut Worker) {
        if let Some(generation) = self.generation.take() {
            let truth = self.end(generation, outcome, monotonic(), worker);
            worker.shared.truth.write_line(&truth);
        }
    }

    pub(super) fn infer(
        &mut self,
        endpoint: Endpoint,
        head: Head,
        body: &[u8],
        worker: &mut Worker,
    ) -> Flow {
        let shared = Arc::clone(&worker.shared);
        let seq = shared.next_request();
        let faults = shared.faults();
        let refuses_options = faults.refuse_stream_options;
        let mut plan = match Plan::from_body(endpoint, body, &shared.config, refuses_options) {
            Ok(plan) => plan,
            Err(refusal) => return self.reject(seq, endpoint, &refusal, head, worker),
        };
        if let Some(status) = faults.status(seq) {
            shared.stats(worker.thread, seq).fail(&plan);
            let failure = Refusal(status, format!("simulated status {status}"));
            return self.reject(seq, endpoint, &failure, head, worker);
        }
        if let Some(kind) = faults.replaces_answer(seq) {
            shared.stats(worker.thread, seq).fail(&plan);
            return self.replace(kind, seq, &plan, head, worker);
        }
        self.output.slow = faults.slow(seq);
        if Faults::hits(faults.stop_early_every, seq) {
            plan.stop_early();
        }
        shared
            .stats(worker.thread, seq)
            .accept(&plan, head.len + head.body_len);
        let mut generation = Generation::new(plan, seq, self.arrival, head, faults);
        generation.open(self.output.buffer(), &shared);
        if let Some(full_until) = shared.slots.acquire(worker.ticket(self.token)) {
            // Due from its arrival, not from when it was read; but not while all slots were taken.
            let start = self.arrival.at.max(full_until);
            generation.start(start, worker.thread, &shared);
        }
        self.generation = Some(generation);
        self.pump(worker)
    }

    fn reject(
        &mut self,
        seq: u64,
        endpoint: Endpoint,
        Refusal(status, message): &Refusal,
        head: Head,
        worker: &mut Worker,
    ) -> Flow {
        let response = Response::error(*status, message);
        let now = monotonic();
        {
            let mut counters = worker.shared.stats(worker.thread, seq);
            counters.receive(head.len + head.body_len);
            let size = response.body.len() as u64;
            counters.http(endpoint.into(), *status, now - self.arrival.at, size);
        }
        self.close_after(head.close, worker);
        let truth = Arc::new(RequestTruth::rejected(
            seq,
            *status,
            self.arrival,
            now,
            head.x_request_id,
        ));
        worker.shared.truth.push(&truth);
        let flow = self.respond(&response, worker);
        worker.shared.truth.write_line(&truth);
        flow
    }

    /// Sends every token that is due, then waits for the next.
    pub(super) fn pump(&mut self, worker: &mut Worker) -> Flow {
        for _ in 0..BURST {
            let Some(generation) = &mut self.generation else {
                return Flow::Keep;
            };
            let Some(due) = generation.due() else {
                return self.flush(worker);
            };
            let now = monotonic();
            if due > now {
                generation.timer = due;
                worker.timers.push(due, self.token);
                return self.flush(worker);
            }
            let flow = match generation.emit(now, self.output.buffer(), worker) {
                Step::More => self.flush(worker),
                Step::Complete => return self.complete(now, worker),
                Step::Cut => return self.cut(worker),
                Step::Broken => return self.broken(now, worker),
            };
            if flow == Flow::Close || self.is_blocked() {
                return flow;
            }
        }
        self.yield_turn(worker);
        Flow::Keep
    }

    /// Lets other connections have their turn.
    fn yield_turn(&mut self, worker: &mut Worker) {
        if let Some(generation) = &mut self.generation {
            generation.timer = monotonic();
            worker.timers.push(generation.timer, self.token);
        }
    }

    /// Sends what there is of an answer that is to break off, as far as the socket takes it.
    fn cut(&mut self, worker: &mut Worker) -> Flow {
        self.output.write_to(&mut self.wire).ok();
        self.abandon(Outcome::Cut, worker);
        Flow::Close
    }

    /// Books an answer whose body is complete and which is not, and sends its last bytes.
    fn broken(&mut self, now: i64, worker: &mut Worker) -> Flow {
        let Some(generation) = self.generation.take() else {
            return Flow::Keep;
        };
        self.close_after(generation.closes(), worker);
        let truth = self.end(generation, Outcome::Cut, now, worker);
        let flow = self.flush(worker);
        worker.shared.truth.write_line(&truth);
        flow
    }

    /// Books a complete answer and sends its last bytes, in this order.
    fn complete(&mut self, now: i64, worker: &mut Worker) -> Flow {
        let Some(generation) = self.generation.take() else {
            return Flow::Keep;
        };
        self.close_after(generation.closes(), worker);
        let outcome = match generation.plan().finish {
            Finish::Stop => Outcome::Stop,
            Finish::Length => Outcome::Length,
        };
        let truth = self.end(generation, outcome, now, worker);
        let flow = self.flush(worker);
        worker.shared.truth.write_line(&truth);
        // A further request may already be in the input.
        if flow == Flow::Close || self.input.is_empty() {
            flow
        } else {
            self.serve(worker)
        }
    }

    fn end(
        &self,
        generation: Generation,
        outcome: Outcome,
        now: i64,
        worker: &mut Worker,
    ) -> Arc<RequestTruth> {
        let has_slot = generation.due().is_some();
        let truth = generation.end(outcome, now, worker);
        if has_slot {
            worker.release_slot();
        } else {
            worker.shared.slots.withdraw(worker.ticket(self.token));
        }
        truth
    }
}

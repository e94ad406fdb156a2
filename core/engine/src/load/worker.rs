//! The one loop that sends requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::timeout;

use crate::http::{Client, ErrorClass, HttpError, MonoNs};

use super::cancel::{Cancel, Cancelled};
use super::exchange::{Scratch, exchange};
use super::failure::Failure;
use super::phase::{Phase, Ticket};
use super::progress::Counters;
use super::record::{Outcome, RequestRecord, RequestRecords};
use super::shared::Shared;

/// Requests handed on at once.
const BLOCK_ROWS: usize = 256;

/// One load thread's part in a phase.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// One a server.
    pub(super) clients: Arc<[Client]>,
    pub(super) phase: Arc<Phase>,
    pub(super) index: u16,
    pub(super) cancel: Cancel,
    pub(super) block: Mutex<RequestRecords>,
}

impl Worker {
    /// Carries one request after the other until the phase has no more.
    pub(super) async fn slot(self: Arc<Self>, number: usize) {
        self.cancel.watch().await;
        let mut scratch = Scratch::new(self.index);
        let mut free_since = self.phase.slot_start(number);
        // Whoever begins later must not hold a request back from others until then.
        let begin = self.cancel.guard(self.wait_until(free_since));
        if begin.await.is_err() {
            return;
        }
        while let Some(ticket) = self.phase.draw(self.shared.clock.now(), free_since) {
            if self
                .cancel
                .guard(self.wait_until(ticket.intended))
                .await
                .is_err()
            {
                break;
            }
            self.carry(&ticket, &mut scratch).await;
            free_since = scratch.record.end;
        }
    }

    /// Waits until a slot begins or a request is due. A closed loop is due at once; the timer's
    /// resolution of 1 ms is too coarse for others.
    async fn wait_until(&self, due: MonoNs) {
        let wait = due.until(self.shared.clock.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    pub(super) async fn carry(&self, ticket: &Ticket, scratch: &mut Scratch) {
        let shared = &*self.shared;
        let phase = self.phase.index;
        let draw = shared
            .prompts
            .draw(phase, ticket.ordinal, &mut scratch.prompt);
        scratch.begin(ticket, phase, draw);
        let client = self.client(ticket, scratch);
        self.counters().request_begun();
        let exchange = exchange(shared, client, self.counters(), scratch);
        let ended = self
            .cancel
            .guard(timeout(shared.request_timeout, exchange))
            .await;
        let ended =
            ended.map(|in_time| in_time.unwrap_or_else(|_elapsed| Err(self.timed_out(client))));
        self.finish(ended, scratch);
    }

    fn finish(&self, ended: Result<Result<(), Failure>, Cancelled>, scratch: &mut Scratch) {
        scratch.note_start();
        let record = &mut scratch.record;
        record.outcome = match ended {
            Ok(Ok(())) => Outcome::Ok,
            Ok(Err(failure)) => {
                let message = self.shared.secrets.scrub(&failure.message);
                record.error = Some(message.into_owned());
                Outcome::Failed(failure.class)
            }
            Err(Cancelled) => Outcome::Cancelled,
        };
        if record.outcome != Outcome::Ok {
            record.end = self.shared.clock.now();
        }
        self.counters()
            .request_ended(record, scratch.stamps.as_deref());
        self.keep(record);
    }

    fn keep(&self, record: &RequestRecord) {
        let mut block = self.block();
        block.push(record);
        let is_full = block.len() >= BLOCK_ROWS;
        drop(block);
        if is_full {
            self.flush();
        }
    }

    /// Hands finished requests on.
    pub(super) fn flush(&self) {
        let block = std::mem::take(&mut *self.block());
        if !block.is_empty() {
            self.shared.sink.accept(block);
        }
    }

    fn block(&self) -> MutexGuard<'_, RequestRecords> {
        // Never contended: all slots of a worker share one thread. Only a panic, which ends the
        // run, could have left a block half written.
        self.block.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Servers take turns, by the number of the request.
    fn client(&self, ticket: &Ticket, scratch: &mut Scratch) -> &Client {
        let turn = ticket.id % self.clients.len() as u64;
        scratch.server = usize::try_from(turn).unwrap_or_default();
        &self.clients[scratch.server]
    }

    fn timed_out(&self, client: &Client) -> Failure {
        let url = client.connector().origin().to_string();
        let detail = format!("waited {:?}", self.shared.request_timeout);
        HttpError::new(ErrorClass::Timeout, url, detail).into()
    }

    fn counters(&self) -> &Counters {
        &self.phase.counters[usize::from(self.index)]
    }
}

//! The one loop that sends requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::http::{Client, ErrorClass, HttpError, MonoNs};

use super::cancel::{Cancel, Cancelled};
use super::crew::Crew;
use super::exchange::{Scratch, exchange};
use super::failure::Failure;
use super::give_up::Sent;
use super::phase::{Phase, Ticket};
use super::progress::Counters;
use super::record::{Outcome, RequestRecord, RequestRecords};
use super::shared::Shared;
use super::stop::Stop;

/// Requests handed on at once.
const BLOCK_ROWS: usize = 256;

/// One load thread's part in a phase.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// One a server.
    pub(super) clients: Arc<[Client]>,
    pub(super) phase: Arc<Phase>,
    pub(super) index: u16,
    pub(super) crew: Crew,
    pub(super) cancel: Cancel,
    pub(super) block: Mutex<RequestRecords>,
}

impl Worker {
    /// Carries one request after the other until the phase has no more.
    pub(super) async fn slot(self: Arc<Self>, number: usize) {
        self.cancel.watch().await;
        let mut scratch = Scratch::new(self.index);
        let mut free_since = self.phase.slot_start(number);
        let begin = self.shared.pacer.until(free_since);
        if self.cancel.guard(Stop::Drain, begin).await.is_err() {
            return;
        }
        while self.next(free_since, &mut scratch).await.is_some() {
            self.carry(&mut scratch).await;
            free_since = scratch.record.end;
        }
    }

    /// Prepares the next request in `scratch` and waits until it is due. `None` ends the slot.
    async fn next(&self, free_since: MonoNs, scratch: &mut Scratch) -> Option<()> {
        let next = async {
            let turn = self.crew.turn().await?;
            let mut ticket = self.phase.draw(self.shared.clock.now(), free_since)?;
            if self.crew.is_complete() {
                ticket.released = ticket.released.map(|due| due.max(free_since));
            }
            self.prepare(&ticket, scratch);
            self.shared.pacer.until(ticket.intended).await;
            self.crew.pass(turn);
            self.enter_prefill(scratch).await
        };
        self.cancel.guard(Stop::Drain, next).await.ok().flatten()
    }

    /// Waits for a place among those that wait for a first token. `None` if the phase is over by then.
    async fn enter_prefill(&self, scratch: &mut Scratch) -> Option<()> {
        let Some(prefill) = &self.phase.prefill else {
            return Some(());
        };
        scratch.place = prefill.try_enter();
        if scratch.place.is_some() {
            return Some(());
        }
        scratch.place = prefill.enter().await;
        let now = self.shared.clock.now();
        let record = &mut scratch.record;
        match &mut record.released {
            Some(released) => *released = now.max(*released),
            // In a closed loop the limit is a part of what decides when a request is sent.
            None => record.intended = now,
        }
        (!self.phase.is_over(now)).then_some(())
    }

    /// Makes what is asked.
    fn prepare(&self, ticket: &Ticket, scratch: &mut Scratch) {
        let phase = self.phase.index;
        let prompts = &self.shared.prompts;
        let draw = prompts.draw(phase, ticket.ordinal, &mut scratch.prompt);
        scratch.begin(ticket, phase, draw);
    }

    async fn carry(&self, scratch: &mut Scratch) {
        let shared = &*self.shared;
        let client = self.client(scratch);
        self.counters().request_begun();
        let begun = || Sent::new(shared.clock.now());
        let give_up = scratch.give_up.map(|delay| (begun(), delay));
        scratch.sent = give_up.as_ref().map(|(sent, _)| sent.clone());
        let exchange = exchange(shared, client, self.counters(), scratch);
        let exchange = timeout(shared.request_timeout, exchange);
        let exchange = self.unless_given_up(give_up, exchange);
        let ended = self.cancel.guard(Stop::Abort, exchange).await;
        let ended = ended.flatten();
        let ended =
            ended.map(|in_time| in_time.unwrap_or_else(|_elapsed| Err(self.timed_out(client))));
        self.finish(ended, scratch);
    }

    /// Runs `future` until it is done or the request is to be given up.
    async fn unless_given_up<F: Future>(
        &self,
        give_up: Option<(Sent, Duration)>,
        future: F,
    ) -> Result<F::Output, Cancelled> {
        let Some((sent, delay)) = give_up else {
            return Ok(future.await);
        };
        tokio::select! {
            biased;
            done = future => Ok(done),
            () = sent.past(delay, &self.shared.pacer, &self.shared.clock) => Err(Cancelled),
        }
    }

    fn finish(&self, ended: Result<Result<(), Failure>, Cancelled>, scratch: &mut Scratch) {
        scratch.note_start();
        scratch.place = None;
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
    fn client(&self, scratch: &mut Scratch) -> &Client {
        let turn = scratch.record.id % self.clients.len() as u64;
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

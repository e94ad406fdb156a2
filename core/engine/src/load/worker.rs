//! The one loop that sends requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use crate::http::{Client, ErrorClass, HttpError, MonoNs};

use super::cancel::{Cancel, Cancelled};
use super::exchange::{Scratch, exchange};
use super::failure::Failure;
use super::give_up::Sent;
use super::phase::{Draw, Phase, Ticket};
use super::progress::Counters;
use super::record::{Outcome, RequestRecord, RequestRecords};
use super::shared::Shared;
use super::stage::{Stage, Wanted};
use super::stop::Stop;
use super::talk::Talk;
use super::thread::Notice;

/// Requests handed on at once.
const BLOCK_ROWS: usize = 256;

/// One load thread's part in a chain of phases, each of which takes over from the one before while
/// requests of that one are running.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// One a server.
    pub(super) clients: Arc<[Client]>,
    pub(super) stages: Vec<Stage>,
    pub(super) index: u16,
    /// From one of this thread's slots to the next, in numbers over all threads.
    pub(super) step: usize,
    /// Takes slots that are to be made.
    pub(super) wanted: UnboundedSender<Wanted>,
    /// Told when a phase has begun.
    pub(super) notices: mpsc::Sender<Notice>,
    pub(super) cancel: Cancel,
    pub(super) block: Mutex<RequestRecords>,
}

/// What a slot does next.
pub(super) enum Step {
    /// Carry the request that was prepared.
    Carry,
    /// Draw again: the phase was over when the request had a place.
    Again,
    /// Go on in the next phase, if there is one.
    MoveOn,
    Stop,
}

impl Worker {
    /// Carries one request after the other until there are no more.
    pub(super) async fn slot(self: Arc<Self>, mut stage: usize, number: usize) {
        self.cancel.watch().await;
        let mut scratch = Scratch::new(self.index);
        let phase = &self.stages[stage].phase;
        scratch.newcomer = phase.has_users().then_some(number);
        let mut free_since = phase.slot_start(number);
        if !self.wait_until(free_since).await {
            return;
        }
        loop {
            match self.next(stage, free_since, &mut scratch).await {
                Step::Carry => {
                    self.carry(stage, &mut scratch).await;
                    free_since = self.next_due(stage, &mut scratch);
                }
                Step::Again => {}
                Step::MoveOn => match self.move_on(stage) {
                    Some(start) => {
                        scratch.talk = None;
                        stage += 1;
                        free_since = free_since.max(start);
                        if !self.wait_until(free_since).await {
                            return;
                        }
                    }
                    None => return,
                },
                Step::Stop => return,
            }
        }
    }

    /// False if nothing more is to be sent before that.
    async fn wait_until(&self, moment: MonoNs) -> bool {
        let wait = self.shared.pacer.until(moment);
        self.cancel.guard(Stop::Drain, wait).await.is_ok()
    }

    /// Prepares the next request in `scratch` and waits until it is due.
    async fn next(&self, stage: usize, free_since: MonoNs, scratch: &mut Scratch) -> Step {
        let Stage { phase, crew } = &self.stages[stage];
        let next = async {
            if let Some(talk) = scratch.talk.clone() {
                return self.go_on(phase, talk, free_since, scratch).await;
            }
            let Some(turn) = crew.turn().await else {
                return Step::Stop;
            };
            if let Some(dealer) = &phase.dealer {
                let begins = self.begin_dealt(phase, dealer, free_since, scratch).await;
                if matches!(begins, Step::Carry) && crew.pass(turn) {
                    self.want_slot(stage);
                }
                return self.admit(begins, phase, scratch).await;
            }
            let mut ticket = match phase.draw(self.shared.clock.now(), free_since) {
                Draw::Ticket(ticket) => ticket,
                other => return self.without(other).await,
            };
            if crew.is_complete() {
                ticket.released = ticket.released.map(|due| due.max(free_since));
            }
            self.prepare(phase, &ticket, scratch);
            self.shared.pacer.until(ticket.intended).await;
            if crew.pass(turn) {
                self.want_slot(stage);
            }
            self.enter_prefill(phase, scratch).await
        };
        let next = self.cancel.guard(Stop::Drain, next).await;
        next.unwrap_or(Step::Stop)
    }

    /// Prepares the next turn of the conversation that the slot has. It needs no turn among those that wait
    /// for moments: the slot has been made for it.
    async fn go_on(&self, phase: &Phase, talk: Talk, due: MonoNs, scratch: &mut Scratch) -> Step {
        if let Some(dealer) = &phase.dealer {
            let goes_on = self.go_on_dealt(phase, dealer, talk, due, scratch).await;
            return self.admit(goes_on, phase, scratch).await;
        }
        match phase.go_on(self.shared.clock.now(), due, talk.number()) {
            Draw::Ticket(ticket) => {
                let draw = talk.ask(&self.shared.prompts, scratch);
                scratch.begin(&ticket, phase.index, draw, Some(talk));
            }
            other => return self.without(other).await,
        }
        self.shared.pacer.until(due).await;
        self.enter_prefill(phase, scratch).await
    }

    /// What a slot does that got no request.
    async fn without(&self, draw: Draw) -> Step {
        match draw {
            Draw::Wait(moment) => {
                self.shared.pacer.until(moment).await;
                Step::Again
            }
            Draw::Over | Draw::Ticket(_) => Step::MoveOn,
            Draw::Stop => Step::Stop,
        }
    }

    /// When the slot may send again, and of which conversation that is.
    fn next_due(&self, stage: usize, scratch: &mut Scratch) -> MonoNs {
        let (phase, record) = (&self.stages[stage].phase, &scratch.record);
        let free = phase.free_since(record.intended, record.end);
        let went_well = record.outcome == Outcome::Ok;
        let talk = scratch.talk.take().filter(|_| went_well);
        scratch.talk = talk.and_then(Talk::next);
        let Some(talk) = &scratch.talk else {
            if let Some(dealer) = &phase.dealer {
                dealer.end();
            }
            return free;
        };
        let pause = talk.pause(&self.shared.prompts);
        match phase.moment(pause.at) {
            Some(moment) => free.max(moment),
            None => free.max(record.end.after(pause.delay)),
        }
    }

    /// Waits for a place among those that wait for a first token.
    pub(super) async fn enter_prefill(&self, phase: &Phase, scratch: &mut Scratch) -> Step {
        let Some(prefill) = &phase.prefill else {
            return Step::Carry;
        };
        scratch.place = prefill.try_enter();
        if scratch.place.is_some() {
            return Step::Carry;
        }
        scratch.place = prefill.enter().await;
        let now = self.shared.clock.now();
        let record = &mut scratch.record;
        match &mut record.released {
            Some(released) => *released = now.max(*released),
            // In a closed loop the limit is a part of what decides when a request is sent.
            None => record.intended = now,
        }
        if phase.is_late(now) {
            Step::Again
        } else {
            Step::Carry
        }
    }

    /// Makes what is asked.
    fn prepare(&self, phase: &Phase, ticket: &Ticket, scratch: &mut Scratch) {
        let prompts = &self.shared.prompts;
        let draw = prompts.draw(phase.index, ticket.conversation, &mut scratch.prompt);
        let talk = Talk::begin(prompts, phase.index, ticket.conversation);
        let talk = match scratch.newcomer.take() {
            Some(user) => talk.map(|talk| talk.shortened(|turns| phase.turns_left(user, turns))),
            None => talk,
        };
        scratch.begin(ticket, phase.index, draw, talk);
    }

    async fn carry(&self, stage: usize, scratch: &mut Scratch) {
        let (shared, counters) = (&*self.shared, self.counters(stage));
        let client = self.client(scratch);
        counters.request_begun();
        let begun = || Sent::new(shared.clock.now());
        let give_up = scratch.give_up.map(|delay| (begun(), delay));
        scratch.sent = give_up.as_ref().map(|(sent, _)| sent.clone());
        let exchange = exchange(shared, client, counters, scratch);
        let exchange = timeout(shared.request_timeout, exchange);
        let exchange = self.unless_given_up(give_up, exchange);
        let ended = self.cancel.guard(Stop::Abort, exchange).await;
        let ended = ended.flatten();
        let ended =
            ended.map(|in_time| in_time.unwrap_or_else(|_elapsed| Err(self.timed_out(client))));
        self.finish(counters, ended, scratch);
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

    fn finish(
        &self,
        counters: &Counters,
        ended: Result<Result<(), Failure>, Cancelled>,
        scratch: &mut Scratch,
    ) {
        scratch.note_socket();
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
        counters.request_ended(record, scratch.stamps.as_deref());
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

    /// Servers take turns, by the number of the request. A conversation stays on its server, which has its
    /// beginning in the cache.
    fn client(&self, scratch: &mut Scratch) -> &Client {
        let talk = scratch.talk.as_ref();
        let number = talk.map_or(scratch.record.id, Talk::number);
        let turn = number % self.clients.len() as u64;
        scratch.server = usize::try_from(turn).unwrap_or_default();
        &self.clients[scratch.server]
    }

    fn timed_out(&self, client: &Client) -> Failure {
        let url = client.connector().origin().to_string();
        let detail = format!("waited {:?}", self.shared.request_timeout);
        HttpError::new(ErrorClass::Timeout, url, detail).into()
    }

    fn counters(&self, stage: usize) -> &Counters {
        &self.stages[stage].phase.counters[usize::from(self.index)]
    }
}

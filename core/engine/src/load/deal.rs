//! A rate of requests that belong to conversations: who gets each of its moments.
//!
//! Moments come one after the other, whatever the server does. Each goes to the turn that has waited
//! longest for one; where none waits, a conversation begins. A moment that comes while all
//! conversations that there may be wait for answers passes unused.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::http::MonoNs;

use super::pacer::Pacer;
use super::phase::{Dealt, Phase, Ticket};

/// Who waits for the moments of a phase. All load threads share it.
#[derive(Debug)]
pub(super) struct Dealer {
    table: Mutex<Table>,
    /// Somebody has come or gone.
    changed: Notify,
    /// How many conversations there may be at once.
    most: usize,
    /// How many may begin.
    limit: u64,
}

#[derive(Debug, Default)]
struct Table {
    /// Turns that are due, in the order in which they came.
    turns: VecDeque<Seat>,
    /// Conversations that would begin.
    fresh: VecDeque<Seat>,
    /// Conversations that have a number.
    numbered: u64,
    /// Of these, those that have begun.
    begun: u64,
    /// Of these, those that go on.
    open: usize,
    unused: u64,
    is_over: bool,
}

/// A slot that waits for a moment.
#[derive(Debug)]
struct Seat {
    conversation: u64,
    /// From when on it could send.
    since: MonoNs,
    ticket: oneshot::Sender<Ticket>,
}

/// A conversation that may begin, or why none may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// With this number.
    Given(u64),
    /// As many as there may be have begun.
    AllBegun,
    /// No moment comes any more.
    Over,
}

/// What becomes of a moment.
#[derive(Debug)]
enum Pick {
    /// It belongs to this slot.
    Seat(Seat),
    /// Nobody can use it.
    Unused,
    /// A slot is on its way.
    Wait,
    /// All conversations have come to their ends.
    Done,
}

impl Dealer {
    /// Of at most `most` conversations at once, and `limit` in all.
    pub(super) fn new(most: usize, limit: u64) -> Self {
        Self {
            table: Mutex::default(),
            changed: Notify::new(),
            most,
            limit,
        }
    }

    /// Gives the next conversation its number; its slot is to [`begin`](Self::begin) it.
    pub(super) fn number(&self) -> Number {
        let mut table = self.table();
        if table.is_over {
            return Number::Over;
        }
        if table.numbered >= self.limit {
            return Number::AllBegun;
        }
        table.numbered += 1;
        Number::Given(table.numbered - 1)
    }

    /// Waits for the moment at which a conversation begins. `None` if none comes.
    pub(super) async fn begin(&self, conversation: u64, since: MonoNs) -> Option<Ticket> {
        self.sit(conversation, since, |table| &mut table.fresh)
            .await
    }

    /// Waits for the moment of a further turn, which is due since `since`. `None` if none comes.
    pub(super) async fn go_on(&self, conversation: u64, since: MonoNs) -> Option<Ticket> {
        self.sit(conversation, since, |table| &mut table.turns)
            .await
    }

    /// A conversation has ended.
    pub(super) fn end(&self) {
        let mut table = self.table();
        table.open = table.open.saturating_sub(1);
        drop(table);
        self.changed.notify_one();
    }

    /// Moments that passed while all conversations that there may be waited for answers.
    pub(super) fn unused(&self) -> u64 {
        self.table().unused
    }

    /// Deals the moments of `phase` until there are no more, or nobody is left who could use them.
    pub(super) async fn deal(&self, phase: &Phase, pacer: &Pacer, now: impl Fn() -> MonoNs) {
        while let Some(moment) = phase.next_moment(now()) {
            pacer.until(moment).await;
            match self.pick().await {
                Pick::Seat(seat) => match phase.deal(moment.max(seat.since), seat.conversation) {
                    // A slot that has gone was told to stop, as all are.
                    Dealt::Ticket(ticket) => drop(seat.ticket.send(ticket)),
                    Dealt::TooLate => break,
                },
                Pick::Unused | Pick::Wait => tokio::task::yield_now().await,
                Pick::Done => break,
            }
        }
        self.close();
    }

    /// No moment comes any more.
    pub(super) fn close(&self) {
        let mut table = self.table();
        table.is_over = true;
        table.turns.clear();
        table.fresh.clear();
    }

    async fn sit(
        &self,
        conversation: u64,
        since: MonoNs,
        queue: impl FnOnce(&mut Table) -> &mut VecDeque<Seat>,
    ) -> Option<Ticket> {
        let (ticket, mine) = oneshot::channel();
        {
            let mut table = self.table();
            if table.is_over {
                return None;
            }
            queue(&mut table).push_back(Seat {
                conversation,
                since,
                ticket,
            });
        }
        self.changed.notify_one();
        mine.await.ok()
    }

    /// Who gets a moment that has come; waits if a slot is on its way.
    async fn pick(&self) -> Pick {
        loop {
            match self.table().pick(self.most, self.limit) {
                Pick::Wait => {}
                picked => return picked,
            }
            self.changed.notified().await;
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Sound at every moment, so that poisoning means nothing.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn pick(&mut self, most: usize, limit: u64) -> Pick {
        if let Some(turn) = self.turns.pop_front() {
            return Pick::Seat(turn);
        }
        let is_full = self.open >= most;
        if let Some(first) = self.fresh.pop_front_if(|_| !is_full) {
            self.begun += 1;
            self.open += 1;
            return Pick::Seat(first);
        }
        let all_begun = self.begun >= limit;
        match (all_begun, self.open) {
            (true, 0) => Pick::Done,
            // What is left has its own pace: nothing is missing.
            (true, _) => Pick::Unused,
            (false, _) if is_full => {
                self.unused += 1;
                Pick::Unused
            }
            (false, _) => Pick::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets somebody wait with `since` as his mark.
    fn seat(since: i64) -> Seat {
        Seat {
            conversation: 0,
            since: MonoNs(since),
            ticket: oneshot::channel().0,
        }
    }

    fn since(pick: Pick) -> Option<i64> {
        match pick {
            Pick::Seat(seat) => Some(seat.since.0),
            Pick::Unused | Pick::Wait | Pick::Done => None,
        }
    }

    #[test]
    fn turns_go_before_conversations_that_would_begin() {
        let mut table = Table::default();
        table.fresh.extend([seat(1), seat(2)]);
        table.turns.extend([seat(30), seat(20)]);
        let order = [(); 3].map(|()| since(table.pick(9, 9)));
        assert_eq!(order, [Some(30), Some(20), Some(1)], "each in its order");
        assert_eq!((table.begun, table.open), (1, 1));
    }

    #[test]
    fn a_moment_passes_unused_while_all_wait_for_answers() {
        let mut table = Table::default();
        table.fresh.extend([seat(1), seat(2)]);
        assert_eq!(since(table.pick(1, 9)), Some(1));
        assert!(matches!(table.pick(1, 9), Pick::Unused), "one is open");
        assert_eq!(table.unused, 1);
        table.open = 0;
        assert_eq!(since(table.pick(1, 9)), Some(2));
    }

    #[test]
    fn a_slot_on_its_way_is_waited_for() {
        let mut table = Table::default();
        assert!(matches!(table.pick(1, 9), Pick::Wait));
    }

    #[test]
    fn it_is_done_when_the_last_conversation_has_ended() {
        let mut table = Table::default();
        table.fresh.push_back(seat(1));
        assert_eq!(since(table.pick(4, 1)), Some(1));
        assert!(matches!(table.pick(4, 1), Pick::Unused));
        assert_eq!(table.unused, 0, "nothing is missing");
        table.open = 0;
        assert!(matches!(table.pick(4, 1), Pick::Done));
    }

    #[test]
    fn numbers_are_given_up_to_the_limit() {
        let dealer = Dealer::new(4, 2);
        let numbers = [(); 3].map(|()| dealer.number());
        let [first, second] = [0, 1].map(Number::Given);
        assert_eq!(numbers, [first, second, Number::AllBegun]);
        dealer.close();
        assert_eq!(dealer.number(), Number::Over);
    }
}

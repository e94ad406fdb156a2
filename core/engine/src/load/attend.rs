//! A load thread's part in a phase whose requests are handed out.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::exchange::Scratch;
use super::phase::Ticket;
use super::worker::Worker;

/// Slots that have nothing to do, the one that was last busy on top. Each is called with a request, or
/// with `None` when there are no more.
#[derive(Debug, Default)]
struct Idle(Mutex<Option<Vec<UnboundedSender<Option<Ticket>>>>>);

impl Idle {
    fn open() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// False if there are no more requests.
    fn push(&self, slot: &UnboundedSender<Option<Ticket>>) -> bool {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = idle.as_mut().map(|idle| idle.push(slot.clone()));
        idle.is_some()
    }

    fn pop(&self) -> Option<UnboundedSender<Option<Ticket>>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.as_mut()?.pop()
    }

    fn close(&self) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in idle.take().into_iter().flatten() {
            // A slot that has gone needs no word.
            slot.send(None).ok();
        }
    }
}

impl Worker {
    /// Carries requests as they come, on a slot that is idle or a new one.
    pub(super) async fn attend(self: Arc<Self>, mut tickets: UnboundedReceiver<Ticket>) {
        self.cancel.watch().await;
        let idle = Arc::new(Idle::open());
        let mut slots = JoinSet::new();
        while let Ok(Some(ticket)) = self.cancel.guard(tickets.recv()).await {
            let called = idle
                .pop()
                .is_some_and(|slot| slot.send(Some(ticket)).is_ok());
            if !called {
                slots.spawn(Arc::clone(&self).on_call(ticket, Arc::clone(&idle)));
            }
        }
        idle.close();
        while let Some(slot) = slots.join_next().await {
            if let Some(panic) = slot.err().and_then(|error| error.try_into_panic().ok()) {
                resume_unwind(panic);
            }
        }
    }

    async fn on_call(self: Arc<Self>, first: Ticket, idle: Arc<Idle>) {
        self.cancel.watch().await;
        let mut scratch = Scratch::new(self.index);
        let (me, mut calls) = unbounded_channel();
        let mut next = Some(first);
        while let Some(ticket) = next {
            self.carry(&ticket, &mut scratch).await;
            self.phase.room.tell();
            if !idle.push(&me) {
                break;
            }
            next = calls.recv().await.flatten();
        }
    }
}

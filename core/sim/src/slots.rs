//! The engine's slots: how many requests generate at once, across all event loops.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::clock::monotonic;
use crate::truth::lock;

/// A waiting request: its event loop and its connection there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) thread: usize,
    pub(crate) token: u64,
}

#[derive(Debug, Default)]
struct Queue {
    running: u32,
    /// When the last slot of all became free, monotonic nanoseconds.
    full_until: i64,
    waiting: VecDeque<Ticket>,
}

/// Slots and the queue in front of them, first come, first served.
#[derive(Debug)]
pub(crate) struct Slots {
    limit: u32,
    queue: Mutex<Queue>,
}

impl Slots {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            queue: Mutex::default(),
        }
    }

    /// Takes a slot, and returns the moment before which there was none (monotonic nanoseconds); or joins
    /// the queue.
    pub(crate) fn acquire(&self, ticket: Ticket) -> Option<i64> {
        let mut queue = lock(&self.queue);
        if queue.running < self.limit {
            queue.running += 1;
            Some(queue.full_until)
        } else {
            queue.waiting.push_back(ticket);
            None
        }
    }

    /// Gives a slot back; the ticket returned now holds it and must be told. If its request is
    /// gone by then, whoever is told gives the slot back again.
    pub(crate) fn release(&self) -> Option<Ticket> {
        let mut queue = lock(&self.queue);
        let next = queue.waiting.pop_front();
        if next.is_none() {
            if queue.running == self.limit {
                queue.full_until = monotonic();
            }
            queue.running -= 1;
        }
        next
    }

    /// Leaves the queue. Does nothing if the ticket has been handed a slot meanwhile.
    pub(crate) fn withdraw(&self, ticket: Ticket) {
        lock(&self.queue)
            .waiting
            .retain(|waiting| *waiting != ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_slot(slots: &Slots, ticket: Ticket) -> bool {
        slots.acquire(ticket).is_some()
    }

    #[test]
    fn nobody_had_a_slot_while_there_was_none() {
        let slots = Slots::new(2);
        assert_eq!(slots.acquire(ticket(1)), Some(0));
        assert_eq!(slots.acquire(ticket(2)), Some(0));
        let before = monotonic();
        slots.release();
        let full_until = slots.acquire(ticket(3));
        assert!(full_until >= Some(before));
        slots.release();
        slots.release();
        assert!(slots.acquire(ticket(4)) >= full_until, "two were free");
    }

    fn ticket(token: u64) -> Ticket {
        Ticket { thread: 0, token }
    }

    #[test]
    fn the_queue_is_first_come_first_served() {
        let slots = Slots::new(1);
        assert!(has_slot(&slots, ticket(1)));
        assert!(!has_slot(&slots, ticket(2)));
        assert!(!has_slot(&slots, ticket(3)));
        assert_eq!(slots.release(), Some(ticket(2)));
        assert_eq!(slots.release(), Some(ticket(3)));
        assert_eq!(slots.release(), None);
        assert!(has_slot(&slots, ticket(4)));
    }

    #[test]
    fn a_withdrawn_ticket_gets_no_slot() {
        let slots = Slots::new(1);
        assert!(has_slot(&slots, ticket(1)));
        assert!(!has_slot(&slots, ticket(2)));
        slots.withdraw(ticket(2));
        assert_eq!(slots.release(), None);
    }
}

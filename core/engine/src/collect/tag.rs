//! What a reading is for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aiperf_plugin_sdk::view::Barrier;

use crate::http::MonoNs;

/// Phase of a reading and its place in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tag {
    /// Index of the phase, `None` outside all phases.
    pub phase: Option<u32>,
    /// Where it stands in the phase.
    pub barrier: Barrier,
}

impl Tag {
    fn of(phase: u32, barrier: Barrier) -> Self {
        Self {
            phase: Some(phase),
            barrier,
        }
    }

    /// A tick of phase `phase`.
    pub fn tick(phase: u32) -> Self {
        Self::of(phase, Barrier::Tick)
    }

    /// The barrier before phase `phase`.
    pub fn start(phase: u32) -> Self {
        Self::of(phase, Barrier::Start)
    }

    /// The barrier after phase `phase`.
    pub fn end(phase: u32) -> Self {
        Self::of(phase, Barrier::End)
    }
}

/// One round of readings at a barrier. What comes after it is late: load may have begun.
#[derive(Debug)]
pub(super) struct Round {
    until: MonoNs,
    closed: AtomicBool,
}

impl Round {
    /// A round that ends at `until` at the latest.
    pub(super) fn until(until: MonoNs) -> Arc<Self> {
        Arc::new(Self {
            until,
            closed: AtomicBool::new(false),
        })
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn is_over(&self, now: MonoNs) -> bool {
        self.closed.load(Ordering::Acquire) || now > self.until
    }
}

/// The tag that a reading gets when it has come: a late answer to a barrier is a mere tick.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    tag: Tag,
    round: Option<Arc<Round>>,
}

impl Place {
    pub(super) fn tick(phase: u32) -> Self {
        Self {
            tag: Tag::tick(phase),
            round: None,
        }
    }

    pub(super) fn in_round(tag: Tag, round: &Arc<Round>) -> Self {
        let round = Some(Arc::clone(round));
        Self { tag, round }
    }

    /// True if a barrier asked for the reading, and is over.
    pub(super) fn is_late(&self, now: MonoNs) -> bool {
        self.round.as_ref().is_some_and(|round| round.is_over(now))
    }

    /// The tag of a reading that is complete at `now`.
    pub(super) fn tag(&self, now: MonoNs) -> Tag {
        let barrier = if self.is_late(now) {
            Barrier::Tick
        } else {
            self.tag.barrier
        };
        Tag {
            barrier,
            ..self.tag
        }
    }
}

/// Place of readings that come by themselves.
#[derive(Debug, Default)]
pub(super) struct SharedPlace(Mutex<Place>);

impl SharedPlace {
    pub(super) fn set(&self, place: Place) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    pub(super) fn get(&self) -> Place {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_after_its_round_is_a_tick() {
        let round = Round::until(MonoNs(100));
        let place = Place::in_round(Tag::start(2), &round);
        assert_eq!(place.tag(MonoNs(100)), Tag::start(2));
        assert_eq!(place.tag(MonoNs(101)), Tag::tick(2));
        round.close();
        assert_eq!(place.tag(MonoNs(1)), Tag::tick(2));
        assert!(!Place::tick(2).is_late(MonoNs(1_000)));
    }
}

//! What all sources share.

use std::sync::Arc;

use aiperf_plugin_sdk::time::{Instant2, PayloadClock};

use super::ingest::Ingest;
use super::lateness::Lateness;
use super::sinks::Sinks;
use super::tag::Tag;
use super::unverified::Unverified;
use crate::event::Events;
use crate::http::{Clock, MonoNs};
use crate::store::ScrapeInfo;

/// What all sources share.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) sinks: Arc<Sinks>,
    pub(super) ingest: Ingest,
    pub(super) events: Events,
    pub(super) clock: Clock,
    pub(super) unverified: Unverified,
    pub(super) lateness: Arc<Lateness>,
    pub(super) phases: Arc<[String]>,
}

impl Context {
    /// What the store wants to know of a reading.
    pub(super) fn info(&self, clock: PayloadClock, tag: Tag) -> ScrapeInfo {
        let phase_name = tag
            .phase
            .and_then(|phase| self.phases.get(phase as usize).cloned());
        ScrapeInfo {
            clock,
            phase: tag.phase,
            phase_name,
            barrier: tag.barrier,
            ..ScrapeInfo::default()
        }
    }

    /// The clock of a reading that was asked for at `asked` and is over now.
    pub(super) fn clock_since(&self, asked: MonoNs) -> PayloadClock {
        let now = self.clock.now().0;
        let sent = Instant2 {
            mono_ns: asked.0,
            wall_ns: self.clock.wall_ns(asked),
        };
        PayloadClock::new(sent, now, now)
    }
}

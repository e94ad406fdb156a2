//! The phases of a chain on one thread: when each begins, and with which slots.

use std::sync::Arc;

use crate::http::MonoNs;

use super::crew::Crew;
use super::phase::Phase;
use super::thread::Notice;
use super::worker::Worker;

/// One phase of the chain on this thread.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) phase: Arc<Phase>,
    pub(super) crew: Crew,
}

/// Something to be spawned on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A slot that begins in this stage.
    Slot { stage: usize, number: usize },
    /// What a stage needs beside its slots: see [`Worker::attend`].
    Attendant { stage: usize },
    /// Somebody who deals the moments of a stage to its slots: see `dealt`.
    Dealer { stage: usize },
}

impl Worker {
    /// Begins the first `begun` stages on this thread, as far as they have not: with slots that come over
    /// from the stage before, and new ones.
    pub(super) fn begin(&self, begun: usize) {
        let mut there = 0;
        for (stage, Stage { crew, .. }) in self.stages.iter().enumerate().take(begun) {
            if let Some(wanted) = crew.begin(there) {
                self.want(Wanted::Attendant { stage });
                self.want_dealer(stage);
                (0..wanted).for_each(|_| self.want_slot(stage));
            }
            there = crew.made();
        }
    }

    /// What a stage needs beside its slots: somebody who lets its limits rise, and who ends it in time.
    pub(super) async fn attend(self: Arc<Self>, stage: usize) {
        let Stage { phase, .. } = &self.stages[stage];
        let pacer = &self.shared.pacer;
        let rise = async {
            if let (0, Some(prefill), Some(start)) = (self.index, &phase.prefill, phase.start()) {
                prefill.rise(pacer, start).await;
            }
        };
        let end = async {
            if let (Some(deadline), Some(_)) = (phase.deadline(), self.stages.get(stage + 1)) {
                pacer.until(deadline).await;
                phase.end_by_time();
                self.hand_on(stage);
            }
        };
        tokio::join!(rise, end);
    }

    /// The first thread deals for all of them.
    fn want_dealer(&self, stage: usize) {
        if self.index == 0 && self.stages[stage].phase.dealer.is_some() {
            self.want(Wanted::Dealer { stage });
        }
    }

    /// Whether this thread gets no further slots: all stages have begun, or nothing more is to be sent.
    pub(super) fn is_done(&self) -> bool {
        self.stages.iter().all(|stage| stage.crew.has_begun())
            || self.stages.iter().any(|stage| stage.phase.is_stopped())
    }

    pub(super) fn want_slot(&self, stage: usize) {
        let number = usize::from(self.index) + self.step * self.stages[stage].crew.number();
        self.want(Wanted::Slot { stage, number });
    }

    fn want(&self, wanted: Wanted) {
        // Nobody listens any more only if the thread is ending.
        self.wanted.send(wanted).ok();
    }

    /// The phase of `stage` is over: the next one begins, unless it has. When that is; `None` if there is
    /// none.
    fn hand_on(&self, stage: usize) -> Option<MonoNs> {
        let next = &self.stages.get(stage + 1)?.phase;
        let before = &self.stages[stage].phase;
        if next.begin(before.over()?, before.next_id()) {
            // Nobody listens any more only if the run was given up.
            self.notices.send(Notice::Begun).ok();
        }
        self.begin(stage + 2);
        next.start()
    }

    /// A slot of `stage` goes on in the next one, from the moment on at which that begins. `None` if there
    /// is none, or it has slots enough.
    pub(super) fn move_on(&self, stage: usize) -> Option<MonoNs> {
        let start = self.hand_on(stage)?;
        self.stages[stage + 1].crew.admits().then_some(start)
    }
}

//! Histograms and summaries: totals of all parts, and what is known of single observations.

use super::super::group::Group;
use super::super::increase::Totals;
use super::Chunk;
use crate::stats::HistogramEstimator;

/// Pages of a group that are no longer kept one by one.
#[derive(Debug)]
pub(in super::super) struct GroupPast {
    phase: u32,
    /// Page that the phase starts from, and totals there.
    pub(in super::super) start: u32,
    pub(in super::super) base: Totals,
    /// The first page that is not folded, and totals before it.
    pub(in super::super) to: u32,
    pub(in super::super) totals: Totals,
    /// What was observed after the start page; `None` if nothing was, and for summaries.
    pub(in super::super) observed: Option<Box<HistogramEstimator>>,
}

impl GroupPast {
    pub(in super::super) fn heap_bytes(&self) -> usize {
        let observed = self.observed.as_ref().map_or(0, |observed| {
            size_of::<HistogramEstimator>() + observed.heap_bytes()
        });
        size_of::<Self>() + self.base.heap_bytes() + self.totals.heap_bytes() + observed
    }
}

impl Group {
    /// Folds the pages of a chunk.
    pub(super) fn fold(&mut self, chunk: &Chunk) {
        let observed = self.observe(chunk);
        let mut base = self
            .past
            .as_ref()
            .filter(|past| past.phase == chunk.phase)
            .map(|past| past.base.clone());
        let (mut totals, from) = Totals::folded(self);
        let mut readings = self.readings(from);
        while let Some(run) = readings.advance().filter(|run| run.first < chunk.to) {
            if run.last < from {
                continue;
            }
            if run.first > chunk.start && base.is_none() {
                base = Some(totals.clone());
            }
            totals.take(&readings, self.is_cumulative());
        }
        self.past = Some(Box::new(GroupPast {
            phase: chunk.phase,
            start: chunk.start,
            base: base.unwrap_or_else(|| totals.clone()),
            to: chunk.to,
            totals,
            observed,
        }));
        self.forget_before(chunk.to);
    }

    /// What was observed up to the end of a chunk.
    fn observe(&mut self, chunk: &Chunk) -> Option<Box<HistogramEstimator>> {
        let past = self.past.as_mut().filter(|past| past.phase == chunk.phase);
        let start = past
            .as_ref()
            .map_or(chunk.start, |past| chunk.start.max(past.to - 1));
        let known = past.and_then(|past| past.observed.take());
        let end = chunk.to - 1;
        let mut observed = match known {
            Some(mut known) => {
                self.observe_more(&mut known, start, end);
                known
            }
            None => Box::new(self.observed_between(start, end)?),
        };
        observed.shrink();
        Some(observed).filter(|observed| !observed.is_untouched())
    }
}

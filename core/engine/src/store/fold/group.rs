//! Histograms and summaries: totals of all parts.

use super::super::group::Group;
use super::super::increase::Totals;
use super::Chunk;

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
}

impl GroupPast {
    pub(in super::super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.base.heap_bytes() + self.totals.heap_bytes()
    }
}

impl Group {
    /// Folds the pages of a chunk.
    pub(super) fn fold(&mut self, chunk: &Chunk) {
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
        }));
        self.forget_before(chunk.to);
    }
}

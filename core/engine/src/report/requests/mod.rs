//! Finished requests: exact as long as there is room, the oldest as statistics beyond.
//!
//! See `docs/metrics.md#memory`.

mod blocks;
mod flight;
mod past;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::goodput::Goodput;
use crate::http::MonoNs;
use crate::load::{RequestRecord, RequestRecords, RequestRow};
pub(super) use flight::Flight;
pub(crate) use past::PhasePast;

/// Requests that are folded at once. Chunks are cut by the number of requests alone, so that the same
/// requests in the same order are always folded the same way.
const CHUNK: usize = 4096;

/// Bytes for a request: its record, and what its values take while percentiles are made of them.
const ROW_BYTES: usize = 204 + 30 * size_of::<f64>();

/// The same for a gap between its tokens.
const GAP_BYTES: usize = size_of::<u32>() + size_of::<f64>();

/// All finished requests of a run, in the order in which they ended (per load thread).
#[derive(Debug)]
pub struct RequestLog {
    /// Bytes for requests that are kept one by one.
    limit: usize,
    used: usize,
    /// Full ones, oldest first.
    chunks: VecDeque<RequestRecords>,
    /// The one that is being filled.
    open: RequestRecords,
    folded: Vec<PhasePast>,
    len: u64,
    goodput: Goodput,
}

impl Default for RequestLog {
    /// Without a limit.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl RequestLog {
    /// An empty log that keeps about `limit` bytes of requests one by one.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            used: 0,
            chunks: VecDeque::new(),
            open: RequestRecords::default(),
            folded: Vec::new(),
            len: 0,
            goodput: Goodput::default(),
        }
    }

    /// The same, of requests that have limits to keep.
    #[must_use]
    pub fn judging(self, goodput: Goodput) -> Self {
        Self { goodput, ..self }
    }

    /// Limits that requests have to keep.
    pub(crate) fn goodput(&self) -> &Goodput {
        &self.goodput
    }

    /// Takes a block of requests over. Folding, if it is needed, takes milliseconds.
    pub fn append(&mut self, block: &RequestRecords) {
        let mut from = 0;
        while from < block.len() {
            let to = block.len().min(from + CHUNK - self.open.len());
            self.open.append(block, from..to);
            self.added(to - from);
            from = to;
        }
    }

    /// Takes a request over.
    pub fn push(&mut self, record: &RequestRecord) {
        self.open.push(record);
        self.added(1);
    }

    /// How many requests there are, folded ones among them.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Requests of a phase that are kept one by one.
    pub(crate) fn rows(&self, phase: u32) -> impl Iterator<Item = RequestRow<'_>> {
        let chunks = self.chunks.iter().chain([&self.open]);
        chunks
            .flat_map(RequestRecords::rows)
            .filter(move |row| u32::from(row.phase) == phase)
    }

    /// What is folded of a phase.
    pub(crate) fn past(&self, phase: u32) -> Option<&PhasePast> {
        self.folded.iter().find(|past| past.phase() == phase)
    }

    fn added(&mut self, rows: usize) {
        self.len += rows as u64;
        if self.open.len() < CHUNK {
            return;
        }
        let mut full = std::mem::take(&mut self.open);
        full.shrink();
        self.used += bytes(&full);
        self.chunks.push_back(full);
        while self.used > self.limit {
            let Some(oldest) = self.chunks.pop_front() else {
                break;
            };
            self.used -= bytes(&oldest);
            self.fold(&oldest);
        }
    }

    fn fold(&mut self, chunk: &RequestRecords) {
        for row in chunk.rows() {
            let phase = u32::from(row.phase);
            let known = self.folded.iter().position(|past| past.phase() == phase);
            let at = known.unwrap_or_else(|| {
                let origin = first_send(chunk, phase).unwrap_or(row.end);
                self.folded
                    .push(PhasePast::new(phase, &self.goodput, origin));
                self.folded.len() - 1
            });
            self.folded[at].take(&row);
        }
        for past in &mut self.folded {
            past.settle();
        }
    }
}

/// The first send of a phase's requests.
fn first_send(chunk: &RequestRecords, phase: u32) -> Option<MonoNs> {
    let rows = chunk.rows().filter(|row| u32::from(row.phase) == phase);
    rows.filter_map(|row| row.start).min()
}

fn bytes(chunk: &RequestRecords) -> usize {
    chunk.len() * ROW_BYTES + chunk.gaps().len() * GAP_BYTES
}

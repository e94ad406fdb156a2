//! What requests that are no longer kept one by one say, by time: so that a window can be made of whole
//! blocks afterwards.

use super::super::client::{self, Requests};
use super::super::cuts::Cuts;
use super::super::goodput::Goodput;
use super::super::totals::Slot;
use crate::load::RequestRow;

/// Length of the first blocks, nanoseconds.
const SHORTEST: i64 = 100_000_000;

/// More blocks are joined, two by two. Each may take hundreds of kilobytes.
const MOST: usize = 32;

/// Statistics of a phase in blocks of equal length. A value belongs to the block in which it became known,
/// as to a slice.
#[derive(Debug, Clone)]
pub(in super::super) struct Blocks {
    goodput: Goodput,
    /// Where the first block begins, monotonic nanoseconds.
    origin: i64,
    length: i64,
    requests: Vec<Requests>,
    slots: Vec<Slot>,
    /// The first block has values from before its beginning.
    earlier: bool,
}

impl Blocks {
    /// None yet; the first one begins at `origin`.
    pub(super) fn new(goodput: &Goodput, origin: i64) -> Self {
        Self {
            goodput: goodput.clone(),
            origin,
            length: SHORTEST,
            requests: Vec::new(),
            slots: Vec::new(),
            earlier: false,
        }
    }

    /// Adds a request.
    pub(in super::super) fn take(&mut self, row: &RequestRow<'_>) {
        let begin = row.start.unwrap_or(row.end).0;
        let last = row.last_token.unwrap_or(row.end).max(row.end).0;
        self.earlier |= begin < self.origin;
        self.reach(last);
        let cuts = self.cuts();
        client::add(row, &mut self.requests, cuts);
        self.slots[cuts.index_of(begin)].sent();
        self.slots[cuts.index_of(row.end.0)].ended(row);
    }

    /// Makes statistics of the values taken.
    pub(in super::super) fn settle(&mut self) {
        self.requests.iter_mut().for_each(Requests::settle);
    }

    /// Answers whose output tokens are not known from `usage`.
    pub(super) fn output_unreported(&self) -> u64 {
        self.requests.iter().map(Requests::output_unreported).sum()
    }

    /// All of them together.
    pub(super) fn whole(&self) -> Requests {
        let mut whole = Requests::new(&self.goodput);
        self.requests.iter().for_each(|block| whole.merge(block));
        whole
    }

    /// Those blocks that are between two moments as a whole: begin, end, what is in them. `None` if there is
    /// none.
    pub(in super::super) fn between(
        &self,
        from: i64,
        to: i64,
    ) -> Option<(i64, i64, Requests, Slot)> {
        let border = |at: usize| self.cuts().bounds(at).0;
        let inside = |at: &usize| {
            let whole = from <= border(*at) && border(at + 1) <= to;
            whole && !(*at == 0 && self.earlier)
        };
        let first = (0..self.requests.len()).find(inside)?;
        let last = (first..self.requests.len()).take_while(inside).last()?;
        let mut requests = Requests::new(&self.goodput);
        let mut slot = Slot::default();
        for at in first..=last {
            requests.merge(&self.requests[at]);
            slot.merge(&self.slots[at]);
        }
        Some((border(first), border(last + 1), requests, slot))
    }

    /// Makes blocks up to a moment, longer ones if they were too many.
    fn reach(&mut self, at: i64) {
        let since = at.saturating_sub(self.origin).max(0);
        let index = |length: i64| usize::try_from(since / length).unwrap_or(usize::MAX);
        while index(self.length) >= MOST {
            self.length = self.length.saturating_mul(2);
            self.join();
        }
        let wanted = index(self.length) + 1;
        while self.requests.len() < wanted {
            self.requests.push(Requests::new(&self.goodput));
            self.slots.push(Slot::default());
        }
    }

    fn join(&mut self) {
        let pairs = self.requests.chunks(2).map(|pair| {
            let mut joined = pair[0].clone();
            pair[1..].iter().for_each(|second| joined.merge(second));
            joined
        });
        self.requests = pairs.collect();
        let pairs = self.slots.chunks(2).map(|pair| {
            let mut joined = pair[0].clone();
            pair[1..].iter().for_each(|second| joined.merge(second));
            joined
        });
        self.slots = pairs.collect();
    }

    /// The last block has no end: what follows is in it.
    fn cuts(&self) -> Cuts {
        let blocks = i64::try_from(self.requests.len()).unwrap_or(i64::MAX);
        Cuts::Even {
            begin: self.origin,
            end: self
                .origin
                .saturating_add(self.length.saturating_mul(blocks.max(1))),
            length: self.length,
        }
    }
}

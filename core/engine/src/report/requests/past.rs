//! Requests of a phase that are no longer kept one by one.

use super::super::client::Requests;
use super::super::goodput::Goodput;
use super::super::totals::Slot;
use super::blocks::Blocks;
use super::flight::Flight;
use crate::http::MonoNs;
use crate::load::RequestRow;

/// What is known of the folded requests of a phase.
#[derive(Debug, Clone)]
pub(crate) struct PhasePast {
    phase: u32,
    blocks: Blocks,
    flight: Flight,
    totals: Slot,
    count: u64,
    /// First send and last response.
    span: (Option<MonoNs>, Option<MonoNs>),
    /// No later moment has to do with them.
    until: Option<MonoNs>,
    last_send: Option<MonoNs>,
    open_loop: bool,
}

impl PhasePast {
    /// Nothing yet; no moment before `origin` has much to do with it.
    pub(super) fn new(phase: u32, goodput: &Goodput, origin: MonoNs) -> Self {
        Self {
            phase,
            blocks: Blocks::new(goodput, origin.0),
            flight: Flight::default(),
            totals: Slot::default(),
            count: 0,
            span: (None, None),
            until: None,
            last_send: None,
            open_loop: false,
        }
    }

    pub(super) fn phase(&self) -> u32 {
        self.phase
    }

    pub(super) fn take(&mut self, row: &RequestRow<'_>) {
        self.count += 1;
        self.blocks.take(row);
        if let Some(start) = row.start {
            self.flight.add(start, row.end);
        }
        self.totals.add(row);
        self.last_send = self.last_send.max(row.start);
        self.open_loop |= row.released.is_some();
        let last = row.last_token.unwrap_or(row.end);
        let first = self.span.0.into_iter().chain(row.start).min();
        self.span = (first, self.span.1.max(Some(last)));
        self.until = self.until.max(Some(row.end.max(last)));
    }

    /// Makes statistics of the values taken.
    pub(super) fn settle(&mut self) {
        self.blocks.settle();
    }

    /// How many requests.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Statistics of complete requests.
    pub(in super::super) fn requests(&self) -> Requests {
        self.blocks.whole()
    }

    /// The same by time.
    pub(in super::super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// What was in flight.
    pub(in super::super) fn flight(&self) -> &Flight {
        &self.flight
    }

    /// The last send, and whether requests were due at moments of their own.
    pub(in super::super) fn sends(&self) -> (Option<MonoNs>, bool) {
        (self.last_send, self.open_loop)
    }

    /// Requests by outcome.
    pub(in super::super) fn totals(&self) -> &Slot {
        &self.totals
    }

    /// Requests that did not succeed, complete ones, and their output tokens; `None` if the tokens
    /// of some are not known.
    pub(crate) fn outcome(&self) -> (u64, u64, Option<u64>) {
        let totals = self.totals.totals();
        let known = self.blocks.output_unreported() == 0;
        let tokens = known.then(|| totals.completion_tokens.unwrap_or_default());
        (totals.failed + totals.cancelled, totals.done, tokens)
    }

    /// First send and last response.
    pub(crate) fn span(&self) -> (Option<MonoNs>, Option<MonoNs>) {
        self.span
    }

    /// Monotonic nanoseconds of the last moment that has to do with them.
    pub(in super::super) fn until_ns(&self) -> i64 {
        self.until.map_or(i64::MIN, |until| until.0)
    }
}

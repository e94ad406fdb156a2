//! The parts of one histogram or summary: buckets, sum and count that belong together.

use aiperf_plugin_sdk::MetricKind;

use super::fold::GroupPast;
use super::interval;
use super::log::{Cursor, Log, Run, Slot};
use super::series::{NEVER, Role, Series};

/// A part of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) series: u32,
    pub(super) role: Role,
    /// Upper bound of a bucket.
    pub(super) le: f64,
    /// Value on the last page that had it; 0 before.
    value: f64,
    /// True if the last page of the group had it.
    present: bool,
}

impl Part {
    pub(super) fn new(series: u32, role: Role, le: f64) -> Self {
        Self {
            series,
            role,
            le,
            value: 0.0,
            present: false,
        }
    }

    fn slot(&self, scrape: u32, series: &[Series]) -> Slot {
        let series = &series[self.series as usize];
        let present = series.latest_scrape == scrape;
        Slot {
            value: if present { series.latest } else { self.value },
            before: self.value,
            present,
            was_present: self.present,
            follows: self.follows(),
        }
    }

    pub(super) fn is_bucket(&self) -> bool {
        self.role == Role::Bucket
    }

    /// True if it rises with the buckets.
    fn follows(&self) -> bool {
        self.role != Role::Sum
    }
}

/// A histogram or summary without its family: one label set.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) parts: Vec<Part>,
    /// Scrape that touched it last, or [`NEVER`].
    pub(super) scrape: u32,
    /// Samples that were NaN or infinite.
    pub(super) non_finite: u64,
    /// Type of its family.
    kind: MetricKind,
    /// Observations are whole numbers by what the family is.
    counts_things: bool,
    log: Log,
    /// What is known of its oldest pages.
    pub(super) past: Option<Box<GroupPast>>,
}

impl Group {
    pub(super) fn new(kind: MetricKind, counts_things: bool) -> Self {
        Self {
            parts: Vec::new(),
            scrape: NEVER,
            non_finite: 0,
            kind,
            counts_things,
            log: Log::default(),
            past: None,
        }
    }

    /// Takes over the latest values of its series, which the page `scrape` brought. `slots` is
    /// memory to be used again.
    pub(super) fn advance(&mut self, scrape: u32, series: &[Series], slots: &mut Vec<Slot>) {
        slots.clear();
        slots.extend(self.parts.iter().map(|part| part.slot(scrape, series)));
        self.log.push(scrape, slots);
        for (part, slot) in self.parts.iter_mut().zip(slots) {
            part.value = slot.value;
            part.present = slot.present;
            self.non_finite += u64::from(slot.present && !slot.value.is_finite());
        }
    }

    /// False for histograms of current values: what they say is no increase.
    pub(super) fn is_cumulative(&self) -> bool {
        self.kind != MetricKind::GaugeHistogram
    }

    /// True unless it is a summary.
    pub(super) fn has_buckets(&self) -> bool {
        self.kind.has_buckets()
    }

    /// True if its observations are whole numbers by what they are; values may prove it wrong.
    pub(super) fn counts_things(&self) -> bool {
        self.counts_things
    }

    /// What is folded, if all of it lies between pages `start` and `end`.
    pub(super) fn past_within(&self, start: u32, end: u32) -> Option<&GroupPast> {
        let past = self.past.as_deref()?;
        (start <= past.start && past.to <= end).then_some(past)
    }

    /// Bytes on the heap, without the list of parts.
    pub(super) fn heap_bytes(&self) -> usize {
        self.log.heap_bytes() + self.past.as_ref().map_or(0, |past| past.heap_bytes())
    }

    /// Forgets pages before `scrape`, but for the last reading of them and what comes after it.
    pub(super) fn forget_before(&mut self, scrape: u32) {
        let last = interval::last_reading(self, scrape.saturating_sub(1));
        self.log.forget_before(last.map_or(scrape, |last| last + 1));
    }

    /// Reads its values from the last page not after `page` on, or from its first.
    pub(super) fn readings(&self, page: u32) -> Readings<'_> {
        Readings {
            parts: &self.parts,
            cursor: self.log.cursor(page),
        }
    }

    /// Values of all parts at page `end`, for groups that are not cumulative.
    pub(super) fn values(&self, end: u32) -> Vec<f64> {
        let mut values = Vec::new();
        let mut readings = self.readings(end);
        while readings.advance().is_some_and(|run| run.first <= end) {
            values.clear();
            values.extend_from_slice(readings.cursor.values());
        }
        values.resize(self.parts.len(), 0.0);
        values
    }
}

/// The values of a group, page by page.
#[derive(Debug)]
pub(super) struct Readings<'a> {
    pub(super) parts: &'a [Part],
    cursor: Cursor<'a>,
}

impl Readings<'_> {
    /// Goes to the next pages with the same values.
    pub(super) fn advance(&mut self) -> Option<Run> {
        let parts = self.parts;
        let follows = |at: usize| parts.get(at).is_some_and(Part::follows);
        self.cursor.advance(&follows)
    }

    /// Value of a part, if these pages have it and it is finite.
    pub(super) fn value(&self, part: usize) -> Option<f64> {
        let present = self.cursor.present().get(part).copied()?;
        let value = self.cursor.values().get(part).copied()?;
        Some(value).filter(|value| present && value.is_finite())
    }
}

//! The parts of one histogram or summary: buckets, sum and count that belong together.

use super::series::{NEVER, Role, Series};

/// A part of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) series: u32,
    pub(super) role: Role,
    /// Upper bound of a bucket.
    pub(super) le: f64,
    /// Value on the last page that had it; NaN before.
    raw: f64,
    /// What was counted before the last reset.
    offset: f64,
}

impl Part {
    pub(super) fn new(series: u32, role: Role, le: f64) -> Self {
        Self {
            series,
            role,
            le,
            raw: f64::NAN,
            offset: 0.0,
        }
    }

    /// Everything counted since the series was first seen, plus its value then.
    fn total(&self) -> f64 {
        if self.raw.is_nan() {
            self.offset
        } else {
            self.offset + self.raw
        }
    }
}

/// Totals of all parts at one page.
#[derive(Debug, Clone)]
struct Mark {
    phase: u32,
    end: bool,
    scrape: u32,
    totals: Vec<f64>,
    resets: u64,
}

/// What happened to a group between two pages.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Increase {
    /// By part.
    pub(super) by_part: Vec<f64>,
    pub(super) resets: u64,
}

/// A histogram or summary without its family: one label set.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) parts: Vec<Part>,
    /// Scrape that touched it last, or [`NEVER`].
    pub(super) scrape: u32,
    /// Samples that were NaN or infinite.
    pub(super) non_finite: u64,
    /// False for histograms of current values, which may fall.
    cumulative: bool,
    resets: u64,
    marks: Vec<Mark>,
}

impl Group {
    pub(super) fn new(cumulative: bool) -> Self {
        let (parts, marks) = (Vec::new(), Vec::new());
        Self {
            parts,
            scrape: NEVER,
            non_finite: 0,
            cumulative,
            resets: 0,
            marks,
        }
    }

    /// Takes over the latest values of its series, which the page `scrape` brought.
    pub(super) fn advance(&mut self, scrape: u32, series: &[Series]) {
        let on_page = |part: &Part| {
            let series = &series[part.series as usize];
            (series.latest_scrape == scrape).then_some(series.latest)
        };
        // A falling sum proves nothing: observations may be negative.
        let fell = |part: &Part| {
            part.role != Role::Sum && on_page(part).is_some_and(|value| value < part.raw)
        };
        let reset = self.cumulative && self.parts.iter().any(fell);
        self.resets += u64::from(reset);
        for part in &mut self.parts {
            if reset {
                part.offset = part.total();
                part.raw = f64::NAN;
            }
            match on_page(part) {
                Some(value) if value.is_finite() => part.raw = value,
                Some(_) => self.non_finite += 1,
                None => {}
            }
        }
    }

    /// Remembers the totals at a barrier; a later page of the same barrier replaces it.
    pub(super) fn mark(&mut self, phase: u32, end: bool, scrape: u32) {
        let (totals, resets) = (self.totals(), self.resets);
        self.marks
            .retain(|mark| (mark.phase, mark.end) != (phase, end));
        self.marks.push(Mark {
            phase,
            end,
            scrape,
            totals,
            resets,
        });
    }

    fn totals(&self) -> Vec<f64> {
        self.parts.iter().map(Part::total).collect()
    }

    /// Increase from page `start` to page `end` (the last marked page or, failing that, now).
    ///
    /// A group or part that the start page did not know counts from 0.
    pub(super) fn increase(&self, start: u32, end: u32) -> Increase {
        let at = |scrape| self.marks.iter().find(|mark| mark.scrape == scrape);
        let now = Mark {
            phase: 0,
            end: true,
            scrape: end,
            totals: self.totals(),
            resets: self.resets,
        };
        let end = at(end).unwrap_or(&now);
        let base = at(start);
        let base_of = |part: usize| base.and_then(|base| base.totals.get(part)).copied();
        let by_part = end
            .totals
            .iter()
            .enumerate()
            .map(|(part, total)| total - base_of(part).unwrap_or_default())
            .collect();
        let resets = end
            .resets
            .saturating_sub(base.map_or(0, |base| base.resets));
        Increase { by_part, resets }
    }

    /// Values at page `end`, for groups that are not cumulative.
    pub(super) fn values(&self, end: u32) -> Vec<f64> {
        self.marks
            .iter()
            .find(|mark| mark.scrape == end)
            .map_or_else(|| self.totals(), |mark| mark.totals.clone())
    }
}

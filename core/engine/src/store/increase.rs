//! What the parts of a group counted between two pages.

use super::group::{Group, Readings};
use super::series::Role;

/// Increase of the parts of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Increase {
    /// By part.
    pub(super) by_part: Vec<f64>,
    pub(super) resets: u64,
}

impl Increase {
    /// From page `start` to page `end`. A group or part that no page up to the start page knew
    /// counts from 0.
    pub(super) fn of(group: &Group, start: u32, end: u32) -> Self {
        let mut totals = Totals::new(group.parts.len());
        let mut base = None;
        let mut readings = group.readings(0);
        while let Some(run) = readings.advance().filter(|run| run.first <= end) {
            if run.first > start && base.is_none() {
                base = Some(totals.clone());
            }
            totals.take(&readings, group.is_cumulative());
        }
        let base = base.unwrap_or_else(|| totals.clone());
        let pairs = totals.by_part.iter().zip(&base.by_part);
        Self {
            by_part: pairs
                .map(|(now, then)| now.total() - then.total())
                .collect(),
            resets: totals.resets - base.resets,
        }
    }
}

/// Running total of a part.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    /// Value on the last page that had it since the last reset.
    latest: Option<f64>,
    /// What was counted before the last reset.
    offset: f64,
}

impl Total {
    fn total(&self) -> f64 {
        self.offset + self.latest.unwrap_or_default()
    }
}

/// Running totals of all parts.
#[derive(Debug, Clone)]
struct Totals {
    by_part: Vec<Total>,
    resets: u64,
}

impl Totals {
    fn new(parts: usize) -> Self {
        Self {
            by_part: vec![Total::default(); parts],
            resets: 0,
        }
    }

    /// Goes on to a page. A reset of one part is a reset of all.
    fn take(&mut self, readings: &Readings<'_>, cumulative: bool) {
        let parts = readings.parts.iter().zip(&self.by_part).enumerate();
        // A falling sum proves nothing: observations may be negative.
        let mut counts = parts.filter(|(_, (part, _))| part.role != Role::Sum);
        let fell = |(at, (_, total)): (usize, (_, &Total))| {
            let pair = readings.value(at).zip(total.latest);
            pair.is_some_and(|(now, before)| now < before)
        };
        let reset = cumulative && counts.any(fell);
        self.resets += u64::from(reset);
        for (at, total) in self.by_part.iter_mut().enumerate() {
            if reset {
                total.offset = total.total();
                total.latest = None;
            }
            total.latest = readings.value(at).or(total.latest);
        }
    }
}

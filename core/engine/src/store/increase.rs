//! What the parts of a group counted between two pages.

use super::group::{Group, Readings};
use super::series::Role;

/// Increase of the parts of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Increase {
    /// By part.
    pub(super) by_part: Vec<f64>,
    pub(super) resets: u64,
    /// Pages without a finite sum.
    pub(super) sumless: u64,
    /// How often the set of buckets changed.
    pub(super) layouts: u64,
}

impl Increase {
    /// From page `start` to page `end`. A group or part that no page up to the start page knew
    /// counts from 0. Of pages that are folded, only the start page of the phase can be `start`.
    pub(super) fn of(group: &Group, start: u32, end: u32) -> Self {
        let (mut totals, from) = Totals::folded(group);
        let past = group.past.as_ref().filter(|past| start < past.to);
        let mut base = past.map(|past| past.base.clone());
        let mut readings = group.readings(from);
        while let Some(run) = readings.advance().filter(|run| run.first <= end) {
            if run.last < from {
                continue;
            }
            if run.first > start && base.is_none() {
                base = Some(totals.clone());
            }
            totals.take(&readings, group.is_cumulative());
        }
        let base = base.unwrap_or_else(|| totals.clone());
        totals.since(&base)
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
pub(super) struct Totals {
    by_part: Vec<Total>,
    resets: u64,
    sumless: u64,
    layouts: u64,
    /// Stands for the set of buckets on the last page; 0 before.
    layout: u64,
}

impl Totals {
    fn new(parts: usize) -> Self {
        Self {
            by_part: vec![Total::default(); parts],
            resets: 0,
            sumless: 0,
            layouts: 0,
            layout: 0,
        }
    }

    /// Totals of what is folded, and the first page that is not.
    pub(super) fn folded(group: &Group) -> (Self, u32) {
        let parts = group.parts.len();
        let Some(past) = &group.past else {
            return (Self::new(parts), 0);
        };
        let mut totals = past.totals.clone();
        totals.by_part.resize(parts, Total::default());
        (totals, past.to)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.by_part.capacity() * size_of::<Total>()
    }

    /// Notes what a page lacks.
    fn note(&mut self, readings: &Readings<'_>) {
        let (mut layout, mut has_sum) = (1_u64, false);
        for (at, part) in readings.parts.iter().enumerate() {
            let present = readings.value(at).is_some();
            has_sum |= present && part.role == Role::Sum;
            if part.is_bucket() {
                layout = layout.rotate_left(1) ^ u64::from(present).wrapping_mul(at as u64 + 1);
            }
        }
        self.sumless += u64::from(!has_sum);
        self.layouts += u64::from(self.layout != 0 && layout != self.layout);
        self.layout = layout;
    }

    /// What was counted since `base`, which may lack the last parts.
    pub(super) fn since(&self, base: &Self) -> Increase {
        let then = base
            .by_part
            .iter()
            .map(Total::total)
            .chain(std::iter::repeat(0.0));
        let pairs = self.by_part.iter().zip(then);
        Increase {
            by_part: pairs.map(|(now, then)| now.total() - then).collect(),
            resets: self.resets - base.resets,
            sumless: self.sumless - base.sumless,
            layouts: self.layouts - base.layouts,
        }
    }

    /// Goes on to a page. A reset of one part is a reset of all.
    pub(super) fn take(&mut self, readings: &Readings<'_>, cumulative: bool) {
        let parts = readings.parts.iter().zip(&self.by_part).enumerate();
        // A falling sum proves nothing: observations may be negative.
        let mut counts = parts.filter(|(_, (part, _))| part.role != Role::Sum);
        let fell = |(at, (_, total)): (usize, (_, &Total))| {
            let pair = readings.value(at).zip(total.latest);
            pair.is_some_and(|(now, before)| now < before)
        };
        let reset = cumulative && counts.any(fell);
        self.resets += u64::from(reset);
        self.note(readings);
        for (at, total) in self.by_part.iter_mut().enumerate() {
            if reset {
                total.offset = total.total();
                total.latest = None;
            }
            total.latest = readings.value(at).or(total.latest);
        }
    }
}

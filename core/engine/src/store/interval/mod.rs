//! What a histogram or summary counted from page to page.

mod layout;
mod observed;
mod reading;
#[cfg(test)]
mod tests;

use super::group::{Group, Readings};
use layout::Layout;
use reading::Reading;

/// What was counted from the last page that could be read to this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Number of the page.
    pub page: u32,
    /// Observations in each bucket, not cumulative, in the order of [`Intervals::edges`]; the last
    /// one is for `+Inf`. Negative ones are proof that the page was written while the server
    /// counted (see [`Interval::is_torn`]); they are right again when the next interval is added.
    pub counts: Vec<f64>,
    /// Sum of the observations; `None` if one of the two pages has no finite sum.
    pub sum: Option<f64>,
    /// The sum on the page: the size of the accumulator that `sum` was rounded in. NaN if unknown.
    pub cumulative_sum: f64,
    /// The server started again: this is what it counted since, and what it counted between the
    /// page before and the restart is lost.
    pub reset: bool,
    /// One of the two pages has other edges than [`Intervals::edges`]. An edge that is missing was
    /// taken to have the count of the one below, others were left out.
    pub layout_changed: bool,
}

impl Interval {
    /// True if the page cannot show one moment: a bucket would have lost observations.
    pub fn is_torn(&self) -> bool {
        self.counts.iter().any(|count| *count < 0.0)
    }

    fn is_empty(&self) -> bool {
        self.counts.iter().all(|count| *count == 0.0) && self.sum.unwrap_or_default() == 0.0
    }
}

/// Intervals of a group in a window, in order.
///
/// There is one for every page on which something was counted or reset. A page is no reading, and
/// is left out, if it lacks the total (`+Inf`, or `_count` where there is no `+Inf`): the next page
/// closes a longer interval. Buckets may stand in any order. If two have the same edge, the one met
/// last counts.
#[derive(Debug)]
pub struct Intervals<'a> {
    /// `None` for a histogram of current values, which counts nothing from page to page.
    readings: Option<Readings<'a>>,
    layout: Layout,
    start: u32,
    end: u32,
    before: Reading,
    now: Reading,
}

impl<'a> Intervals<'a> {
    /// Intervals that end on the pages after `start` up to `end`, all of which are kept.
    ///
    /// The first one counts from the last reading up to `start`, or from 0 if there is none.
    pub(super) fn new(group: &'a Group, start: u32, end: u32) -> Self {
        let layout = Layout::of(group, end);
        let zero = Reading::zero(layout.edges.len());
        Self {
            readings: group
                .is_cumulative()
                .then(|| group.readings(layout::from(group, start))),
            layout,
            start,
            end,
            before: zero.clone(),
            now: zero,
        }
    }

    /// Finite upper edges of the buckets on the last reading of the window, rising.
    pub fn edges(&self) -> &[f64] {
        &self.layout.edges
    }

    fn interval(&self, page: u32) -> Interval {
        let (before, now) = (&self.before, &self.now);
        let reset = now.fell_from(before);
        let zero = Reading::zero(self.layout.edges.len());
        let base = if reset { &zero } else { before };
        Interval {
            page,
            counts: now.counts_since(base),
            sum: now.sum.zip(base.sum).map(|(now, base)| now - base),
            cumulative_sum: now.sum.unwrap_or(f64::NAN),
            reset,
            layout_changed: !(now.is_whole && base.is_whole),
        }
    }
}

impl Iterator for Intervals<'_> {
    type Item = Interval;

    fn next(&mut self) -> Option<Interval> {
        loop {
            let readings = self.readings.as_mut()?;
            let run = readings.advance().filter(|run| run.first <= self.end)?;
            if !self.now.take(readings, &self.layout) {
                continue;
            }
            let interval = (run.first > self.start).then(|| self.interval(run.first));
            std::mem::swap(&mut self.before, &mut self.now);
            let told = |interval: &Interval| interval.reset || !interval.is_empty();
            if let Some(interval) = interval.filter(told) {
                return Some(interval);
            }
        }
    }
}

/// The last page up to `page` that is a reading of the group: what comes after counts from there.
pub(super) fn last_reading(group: &Group, page: u32) -> Option<u32> {
    let from = |first: u32| {
        let (mut readings, mut last) = (group.readings(first), None);
        while let Some(run) = readings.advance().filter(|run| run.first <= page) {
            if reading::total(&readings).is_some() {
                last = Some(run.last.min(page));
            }
        }
        last
    };
    from(page).or_else(|| from(0))
}

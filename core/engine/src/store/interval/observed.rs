//! What the intervals of a histogram tell of its single observations. See `docs/histograms.md`.

use aiperf_plugin_sdk::report::BoundScope;

use super::super::group::Group;
use super::Intervals;
use crate::stats::HistogramEstimator;

impl Group {
    /// What was observed on the pages after `start` up to `end`, folded ones among them if `start`
    /// is where their phase starts from. `None` unless it is a histogram that counts on.
    pub(in super::super) fn observed(&self, start: u32, end: u32) -> Option<HistogramEstimator> {
        let Some(past) = self.past_within(start, end) else {
            return self.observed_between(start, end);
        };
        let Some(known) = &past.observed else {
            return self.observed_between(past.to - 1, end);
        };
        let mut all = HistogramEstimator::clone(known);
        self.observe_more(&mut all, past.to - 1, end);
        Some(all)
    }

    /// The same, of pages that are kept.
    pub(in super::super) fn observed_between(
        &self,
        start: u32,
        end: u32,
    ) -> Option<HistogramEstimator> {
        if !self.has_buckets() || !self.is_cumulative() {
            return None;
        }
        let of = |whole: bool| {
            let intervals = Intervals::new(self, start, end);
            let mut empty = HistogramEstimator::new(intervals.edges(), whole, BoundScope::Interval);
            feed(&mut empty, intervals);
            empty
        };
        let observed = of(self.counts_things());
        // The name was wrong.
        Some(if observed.has_fractions() {
            of(false)
        } else {
            observed
        })
    }

    /// Adds what was observed on the pages after `start` up to `end`, all of which are kept.
    pub(in super::super) fn observe_more(
        &self,
        observed: &mut HistogramEstimator,
        start: u32,
        end: u32,
    ) {
        let intervals = Intervals::new(self, start, end);
        if !observed.has_edges(intervals.edges()) {
            observed.mark_layout_changed();
        }
        feed(observed, intervals);
    }
}

/// Shows an estimator all intervals.
fn feed(estimator: &mut HistogramEstimator, intervals: Intervals<'_>) {
    for interval in intervals {
        if interval.layout_changed {
            estimator.mark_layout_changed();
        }
        estimator.add(&interval.counts, interval.sum, interval.cumulative_sum);
    }
}

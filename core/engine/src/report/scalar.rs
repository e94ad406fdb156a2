//! Series with one value a page: gauges, quantiles of summaries, counters.

use aiperf_plugin_sdk::report::MetricReport;

use super::window::Window;
use crate::stats::{
    Increases, increases, nearest_weights, rates, sampling_error, summary, weighted_summary,
};
use crate::store::SeriesRef;

/// A gauge, or anything else that goes up and down. See `docs/metrics.md#gauge`.
pub(super) fn gauge(series: &SeriesRef<'_>, window: &Window) -> MetricReport {
    let readings = readings(series, &window.ticks);
    let (mut times, mut values, mut non_finite) = (Vec::new(), Vec::new(), 0);
    for (page, value) in window.ticks.iter().zip(readings) {
        match value {
            Some(value) if value.is_finite() => {
                times.push(window.time(*page));
                values.push(value);
            }
            Some(_) => non_finite += 1,
            None => {}
        }
    }
    let weights = nearest_weights(&times, window.from_ns, window.to_ns);
    MetricReport {
        stats: weighted_summary(&values, &weights),
        n: values.len() as u64,
        sampling_error: sampling_error(&values, &weights),
        missing: (window.ticks.len() - values.len()) as u64 - non_finite,
        longest_gap: window.longest_gap(&times),
        non_finite,
        ..MetricReport::default()
    }
}

/// A quantile that the server computes: as of the window's end, and at the ticks before.
pub(super) fn quantile(series: &SeriesRef<'_>, window: &Window) -> MetricReport {
    let mut pages = window.ticks.clone();
    pages.extend(window.end);
    pages.dedup();
    unweighted(readings(series, &pages).into_iter().flatten())
}

fn unweighted(values: impl Iterator<Item = f64>) -> MetricReport {
    let (mut finite, bad): (Vec<f64>, Vec<f64>) = values.partition(|value| value.is_finite());
    MetricReport {
        n: finite.len() as u64,
        stats: summary(&mut finite),
        non_finite: bad.len() as u64,
        ..MetricReport::default()
    }
}

/// A counter over the pages of a phase. See `docs/metrics.md#counter`.
#[derive(Debug, Clone)]
pub(super) struct Track {
    values: Vec<Option<f64>>,
    increases: Increases,
    non_finite: u64,
}

impl Track {
    /// Reads a series. One that the start page did not have, nor a page before, counts from 0.
    pub(super) fn of(series: &SeriesRef<'_>, window: &Window) -> Self {
        let values = readings(series, &window.pages());
        let before = |start| series.at_or_before(start).map_or(0.0, |(_, value)| value);
        let increases = increases(window.start.map(before), &values);
        let bad = values
            .iter()
            .flatten()
            .filter(|value| !value.is_finite())
            .count();
        Self {
            values,
            increases,
            non_finite: bad as u64,
        }
    }

    /// Adds another series of the family, page by page.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.values.iter_mut().zip(&other.values) {
            *mine = match (*mine, *theirs) {
                (Some(a), Some(b)) => Some(a + b),
                (one, None) | (None, one) => one,
            };
        }
        let (mine, theirs) = (&mut self.increases, &other.increases);
        for (mine, theirs) in mine.steps.iter_mut().zip(&theirs.steps) {
            *mine += theirs;
        }
        mine.total += theirs.total;
        mine.resets += theirs.resets;
        self.non_finite += other.non_finite;
    }

    pub(super) fn report(&self, window: &Window) -> MetricReport {
        let total = window.ends().map(|_| self.increases.total);
        let per_second = |(total, seconds): (f64, f64)| total / seconds;
        let times: Vec<i64> = window
            .pages()
            .iter()
            .map(|page| window.time(*page))
            .collect();
        let mut rates = rates(&times, &self.increases.steps);
        MetricReport {
            total,
            rate: total.zip(window.seconds()).map(per_second),
            rates: (!rates.is_empty()).then(|| summary(&mut rates)),
            resets: Some(self.increases.resets),
            non_finite: self.non_finite,
            ..unweighted(self.values.iter().flatten().copied())
        }
    }
}

/// Values of a series on these pages, which rise.
fn readings(series: &SeriesRef<'_>, pages: &[u32]) -> Vec<Option<f64>> {
    let (Some(first), Some(last)) = (pages.first(), pages.last()) else {
        return Vec::new();
    };
    let mut samples = series.samples(*first, *last).peekable();
    let at = |page: &u32| {
        while samples.next_if(|(number, _)| number < page).is_some() {}
        samples
            .next_if(|(number, _)| number == page)
            .map(|(_, value)| value)
    };
    pages.iter().map(at).collect()
}

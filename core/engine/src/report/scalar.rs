//! Series with one value a page: gauges, quantiles of summaries, counters.

use aiperf_plugin_sdk::report::{Estimator, MetricReport};

use super::window::Window;
use crate::knowledge::Knowledge;
use crate::stats::{
    Increases, Running, Sketch, increases, nearest_weights, rates, sampling_error, summary,
    weighted_summary,
};
use crate::store::{CounterPast, CounterSpread, SeriesRef};

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
    let kept = |at: usize| (times[at], values[at]);
    let unseen = Unseen {
        series,
        window,
        kept: times.len().checked_sub(1).map(|last| (kept(0), kept(last))),
    };
    if let Some(past) = window.folded.and_then(|phase| series.gauge_past(phase)) {
        let ends = (window.from_ns, window.to_ns);
        let start = window.start_counts;
        let missing = (window.ticks.len() - values.len()) as u64 - non_finite;
        let longest_ns = past.longest_gap_ns(&times, ends, start);
        let all = past.with(&times, &values, ends, start);
        return MetricReport {
            missing: missing + past.missing(start),
            sampling_error: past
                .sampling_error(&times, &values, ends, start)
                .map(|error| error.hypot(unseen.error(past.ends(start), past.at_start()))),
            longest_gap: (!all.is_empty()).then_some(longest_ns as f64 / 1e9),
            ..sketched(&all, non_finite + past.non_finite(start))
        };
    }
    let weights = nearest_weights(&times, window.from_ns, window.to_ns);
    MetricReport {
        stats: weighted_summary(&values, &weights),
        n: values.len() as u64,
        sampling_error: sampling_error(&values, &weights)
            .map(|error| error.hypot(unseen.error(None, None))),
        missing: (window.ticks.len() - values.len()) as u64 - non_finite,
        longest_gap: window.longest_gap(&times),
        non_finite,
        ..MetricReport::default()
    }
}

/// Time and value of a reading.
type Reading = (i64, f64);

/// What a gauge did before its first and after its last reading.
struct Unseen<'a> {
    series: &'a SeriesRef<'a>,
    window: &'a Window,
    /// First and last of the readings that are kept one by one.
    kept: Option<(Reading, Reading)>,
}

impl Unseen<'_> {
    /// By how much the mean may be off for it: the gauge may have come from, and gone to, what the
    /// pages at the window's ends say. `folded` are the first and last of earlier readings, and
    /// `start` is the value on a start page that is folded with them.
    fn error(&self, folded: Option<(Reading, Reading)>, start: Option<f64>) -> f64 {
        let first = folded.or(self.kept).map(|(first, _)| first);
        let last = self.kept.or(folded).map(|(_, last)| last);
        let Some((ends, length)) = first.zip(last).zip(self.window.length_ns()) else {
            return 0.0;
        };
        let (first, last) = ends;
        let on = |page: Option<u32>| self.series.samples(page?, page?).next().map(|(_, v)| v);
        let moved = |from: Option<f64>, (_, to): Reading| {
            let by = from.map_or(0.0, |from| (from - to).abs());
            Some(by).filter(|by| by.is_finite()).unwrap_or_default()
        };
        let before = moved(on(self.window.start).or(start), first);
        let after = moved(on(self.window.end), last);
        let before = (first.0 - self.window.from_ns) as f64 * before;
        let after = (self.window.to_ns - last.0) as f64 * after;
        before.hypot(after) / length
    }
}

/// A quantile that the server computes: as of the window's end, and at the ticks before.
pub(super) fn quantile(series: &SeriesRef<'_>, window: &Window) -> MetricReport {
    let mut pages = window.ticks.clone();
    pages.extend(window.end);
    pages.dedup();
    let rest = unweighted_values(readings(series, &pages).into_iter().flatten());
    let past = window.folded.and_then(|phase| series.quantile_past(phase));
    let Some(past) = past else {
        return unweighted(rest);
    };
    let (all, non_finite) = past.with(&rest.0, window.start_counts);
    sketched(&all, rest.1 + non_finite)
}

/// Statistics of values some of which are no longer kept one by one.
fn sketched(values: &Sketch, non_finite: u64) -> MetricReport {
    MetricReport {
        n: values.len(),
        stats: values.summary(),
        non_finite,
        estimator: Estimator::Sketch,
        ..MetricReport::default()
    }
}

/// Finite values, and the number of others.
fn unweighted_values(values: impl Iterator<Item = f64>) -> (Vec<f64>, u64) {
    let (finite, bad): (Vec<f64>, Vec<f64>) = values.partition(|value| value.is_finite());
    (finite, bad.len() as u64)
}

fn unweighted((mut finite, non_finite): (Vec<f64>, u64)) -> MetricReport {
    MetricReport {
        n: finite.len() as u64,
        stats: summary(&mut finite),
        non_finite,
        ..MetricReport::default()
    }
}

/// A counter over the pages of a phase. See `docs/metrics.md#counter`.
#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    /// The pages that are folded into statistics.
    past: Option<&'a CounterSpread>,
    /// On the pages that are kept one by one.
    values: Vec<Option<f64>>,
    increases: Increases,
    non_finite: u64,
}

impl<'a> Track<'a> {
    /// Reads a series. One that the start page did not have, nor a page before, counts from 0, but for
    /// one whose family is older than its series: that counts from its first reading.
    pub(super) fn of(series: &SeriesRef<'a>, window: &Window) -> Self {
        let past = window.folded.and_then(|phase| series.counter_past(phase));
        let values = readings(series, &pages(window));
        let increases = if let Some(past) = past {
            past.increases(&values)
        } else {
            let unseen = (!Knowledge::family(series.family()).is_older()).then_some(0.0);
            let before = |start| {
                series
                    .at_or_before(start)
                    .map(|(_, value)| value)
                    .or(unseen)
            };
            increases(Running::new(window.start.and_then(before)), &values)
        };
        let bad = |value: &&f64| !value.is_finite();
        let non_finite = values.iter().flatten().filter(bad).count() as u64;
        let past = past.map(CounterPast::spread);
        Self {
            non_finite: non_finite + past.map_or(0, CounterSpread::non_finite),
            past,
            values,
            increases,
        }
    }

    /// The sum of all series of a family, page by page; `past` is that of what is folded, if several
    /// are.
    pub(super) fn sum(tracks: &[Self], past: Option<&'a CounterSpread>) -> Option<Self> {
        let (first, others) = tracks.split_first()?;
        let mut sum = first.clone();
        for track in others {
            sum.add(track);
        }
        sum.past = past.or_else(|| tracks.iter().find_map(|track| track.past));
        Some(sum)
    }

    fn add(&mut self, other: &Self) {
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
        MetricReport {
            total,
            rate: total.zip(window.seconds()).map(per_second),
            resets: Some(self.increases.resets),
            non_finite: self.non_finite,
            ..self.statistics(window)
        }
    }

    /// Of values and of rates.
    fn statistics(&self, window: &Window) -> MetricReport {
        let times: Vec<i64> = pages(window)
            .iter()
            .map(|page| window.time(*page))
            .collect();
        let steps = &self.increases.steps;
        let values = self.values.iter().flatten().copied();
        if let Some(past) = self.past {
            let rates = past.rates_with(&times, steps, window.from_ns);
            let all = past.values_with(values.filter(|value| value.is_finite()));
            return MetricReport {
                rates: (!rates.is_empty()).then(|| rates.summary()),
                ..sketched(&all, 0)
            };
        }
        let mut rates = rates(&times, steps);
        MetricReport {
            rates: (!rates.is_empty()).then(|| summary(&mut rates)),
            ..unweighted(unweighted_values(values))
        }
    }
}

/// Pages that a counter is read from and that are kept one by one.
fn pages(window: &Window) -> Vec<u32> {
    let mut pages = window.pages();
    if window.folded.is_some() && pages.first() == window.start.as_ref() {
        pages.remove(0);
    }
    pages
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

//! Gauges: values with the time nearest to them.

use super::ChunkPage;
use crate::stats::{Sampling, Sketch, nearest_weights};

/// Readings of a gauge that are no longer kept one by one.
///
/// Each gap between two readings has given half of its length to either. What lies before the first
/// and after the last one is not known yet.
#[derive(Debug, Clone, Default)]
pub struct GaugePast {
    /// Time and value on the start page: a reading like others where there is no load.
    at_start: Option<(i64, f64)>,
    first: Option<(i64, f64)>,
    second: Option<(i64, f64)>,
    before_last: Option<(i64, f64)>,
    last: Option<(i64, f64)>,
    values: Sketch,
    /// Of the readings between the first and the last.
    between: Sampling,
    non_finite: u64,
    /// Ticks without it.
    missing: u64,
    /// Longest time between two readings.
    longest_ns: i64,
    /// The start page did not have it.
    start_lacks: bool,
}

impl GaugePast {
    /// Values that were NaN or infinite. `start_counts` if the start page is a reading like others.
    pub fn non_finite(&self, start_counts: bool) -> u64 {
        let bad = |(_, value): &(i64, f64)| start_counts && !value.is_finite();
        self.non_finite + u64::from(self.at_start.as_ref().is_some_and(bad))
    }

    /// Pages that did not have the series.
    pub fn missing(&self, start_counts: bool) -> u64 {
        self.missing + u64::from(start_counts && self.start_lacks)
    }

    /// Longest time without a reading in a window from `from_ns` to `to_ns`, if readings at `times`
    /// come after these.
    pub fn longest_gap_ns(
        &self,
        times: &[i64],
        (from_ns, to_ns): (i64, i64),
        start_counts: bool,
    ) -> i64 {
        let start = self.finite_start(start_counts).map(|(time, _)| time);
        let first = self.first.map(|(time, _)| time);
        let last = self.last.map(|(time, _)| time);
        let head: Vec<i64> = [Some(from_ns), start, first]
            .into_iter()
            .flatten()
            .collect();
        let tail: Vec<i64> = last
            .or(start)
            .or(Some(from_ns))
            .into_iter()
            .chain(times.iter().copied())
            .chain([to_ns])
            .collect();
        let gaps = head.windows(2).chain(tail.windows(2));
        gaps.map(|pair| pair[1] - pair[0])
            .fold(self.longest_ns, i64::max)
    }

    /// Value on the start page, if that is folded too.
    pub fn at_start(&self) -> Option<f64> {
        self.at_start.map(|(_, value)| value)
    }

    /// Time and value of the first and of the last reading.
    pub fn ends(&self, start_counts: bool) -> Option<((i64, f64), (i64, f64))> {
        let start = self.finite_start(start_counts);
        start.or(self.first).zip(self.last.or(self.first).or(start))
    }

    fn finite_start(&self, start_counts: bool) -> Option<(i64, f64)> {
        self.at_start
            .filter(|(_, value)| start_counts && value.is_finite())
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.values.heap_bytes()
    }

    pub(super) fn fold<'a>(
        &mut self,
        readings: impl Iterator<Item = (&'a ChunkPage, Option<f64>)>,
    ) {
        let mut pairs: Vec<(f64, f64)> = Vec::new();
        for (page, value) in readings {
            let Some(value) = value else {
                self.missing += u64::from(!page.is_start);
                self.start_lacks |= page.is_start;
                continue;
            };
            let reading = (page.time_ns, value);
            if page.is_start {
                self.at_start = Some(reading);
                continue;
            }
            if !value.is_finite() {
                self.non_finite += 1;
                continue;
            }
            let half = self.last.map_or(0.0, |last| half_gap(last, reading));
            match (pairs.last_mut(), self.last) {
                (Some((_, weight)), _) => *weight += half,
                (None, Some((_, before))) => self.values.weigh_more(before, half),
                (None, None) => {}
            }
            if let Some(last) = self.last {
                self.longest_ns = self.longest_ns.max(reading.0 - last.0);
            }
            pairs.push((value, half));
            self.append(reading);
        }
        self.values.extend(pairs);
    }

    fn append(&mut self, reading: (i64, f64)) {
        if let Some((before, last)) = self.before_last.zip(self.last) {
            let weight = half_gap(before, last) + half_gap(last, reading);
            let (before, after) = (Some(before.1), Some(reading.1));
            self.between.add(before, last.1, after, weight);
        }
        if self.first.is_some() {
            self.second.get_or_insert(reading);
        }
        self.first.get_or_insert(reading);
        self.before_last = self.last.replace(reading);
    }

    /// What the average over these readings and those after them is unsure of. The arguments are
    /// those of [`GaugePast::with`].
    pub fn sampling_error(
        &self,
        times: &[i64],
        values: &[f64],
        (from_ns, to_ns): (i64, i64),
        start_counts: bool,
    ) -> Option<f64> {
        let mut sampling = self.between;
        let start = self.finite_start(start_counts);
        let rest = times.iter().copied().zip(values.iter().copied());
        let mut head: Vec<(i64, f64)> = start.into_iter().chain(self.first).collect();
        if let Some((second, before_last)) = self.second.zip(self.before_last) {
            head.push(second);
            extend(&mut sampling, &head, (from_ns, second.0), 0..head.len() - 1);
            let tail: Vec<_> = [before_last]
                .into_iter()
                .chain(self.last)
                .chain(rest)
                .collect();
            extend(&mut sampling, &tail, (before_last.0, to_ns), 1..tail.len());
        } else {
            head.extend(rest);
            extend(&mut sampling, &head, (from_ns, to_ns), 0..head.len());
        }
        sampling.error((to_ns - from_ns) as f64)
    }

    /// All readings of a window from `from_ns` to `to_ns`: these, and those of `times` and `values`
    /// after them. The start page is one of them if `start_counts`.
    pub fn with(
        &self,
        times: &[i64],
        values: &[f64],
        (from_ns, to_ns): (i64, i64),
        start_counts: bool,
    ) -> Sketch {
        let mut all = self.values.clone();
        let mut rest: Vec<(i64, f64)> = Vec::new();
        let start = self.finite_start(start_counts);
        let mut begin = from_ns;
        if let Some((first, last)) = self.first.zip(self.last) {
            if let Some(start) = start {
                let half = half_gap(start, first);
                all.extend([(start.1, (start.0 - from_ns) as f64 + half)]);
                all.weigh_more(first.1, half);
            } else {
                all.weigh_more(first.1, (first.0 - from_ns).max(0) as f64);
            }
            rest.push(last);
            begin = last.0;
        } else {
            rest.extend(start);
        }
        let folded = self.last.map_or(0, |_| 1);
        rest.extend(times.iter().copied().zip(values.iter().copied()));
        let times: Vec<i64> = rest.iter().map(|(time, _)| *time).collect();
        let weights = nearest_weights(&times, begin, to_ns);
        for ((_, value), weight) in rest.iter().zip(&weights).take(folded) {
            all.weigh_more(*value, *weight);
        }
        let pairs = rest.iter().zip(&weights).skip(folded);
        all.extend(pairs.map(|((_, value), weight)| (*value, *weight)));
        all
    }
}

fn half_gap(before: (i64, f64), after: (i64, f64)) -> f64 {
    (after.0 - before.0) as f64 / 2.0
}

/// Adds those of consecutive readings in a stretch of time whose places are in `which`.
fn extend(
    sampling: &mut Sampling,
    readings: &[(i64, f64)],
    (from_ns, to_ns): (i64, i64),
    which: std::ops::Range<usize>,
) {
    let (times, values): (Vec<i64>, Vec<f64>) = readings
        .iter()
        .map(|(time, value)| ((*time).max(from_ns), *value))
        .unzip();
    let weights = nearest_weights(&times, from_ns, to_ns);
    sampling.extend(&values, &weights, which);
}

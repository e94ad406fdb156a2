//! Counters: values, increase, and rates of single intervals.

use super::ChunkPage;
use crate::stats::{Increases, Running, Sketch, increases, joined_rates, rates};

/// Intervals after the start page that are kept one by one: where the window begins among them is not
/// known until the phase has ended.
const HEAD: usize = 8;

/// Share of the lowest values whose places are given up: a running total rises, and the lowest
/// percentile that is asked for is the 50th.
const NEVER_ASKED: f64 = 0.25;

/// Readings of a counter that are no longer kept one by one.
#[derive(Debug, Clone)]
pub struct CounterPast {
    running: Running,
    spread: CounterSpread,
}

/// Values and rates of a counter, or of the sum of several, that are no longer kept one by one.
#[derive(Debug, Clone, Default)]
pub struct CounterSpread {
    values: Sketch,
    rates: Sketch,
    /// Time of the first page, the phase's start.
    start_ns: Option<i64>,
    /// End and increase of the first [`HEAD`] intervals, which are not among the rates.
    head: Vec<(i64, f64)>,
    /// Time of the last page, whether it had the series or not.
    last_ns: i64,
    /// Median time between pages that were folded last.
    median_ns: i64,
    /// Length and increase of the interval up to there that is too short to stand alone.
    open: (i64, f64),
    non_finite: u64,
}

/// Value on a page, if it was there, and increase since the page before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    value: Option<f64>,
    increase: f64,
}

impl CounterPast {
    pub(super) fn new(base: f64) -> Self {
        Self {
            running: Running::new(Some(base)),
            spread: CounterSpread::default(),
        }
    }

    /// Values and rates.
    pub fn spread(&self) -> &CounterSpread {
        &self.spread
    }

    /// Folds pages in, and adds what the counter did on them to `sum`, a step for each page.
    pub(super) fn fold<'a>(
        &mut self,
        readings: impl Iterator<Item = (&'a ChunkPage, Option<f64>)>,
        median_ns: i64,
        sum: Option<&mut [Step]>,
    ) {
        let running = &mut self.running;
        let steps: Vec<(&ChunkPage, Step)> = readings
            .map(|(page, value)| {
                let increase = running.step(value);
                (page, Step { value, increase })
            })
            .collect();
        for (sum, (_, step)) in sum.into_iter().flatten().zip(&steps) {
            sum.add(*step);
        }
        self.spread.fold(steps.into_iter(), median_ns);
    }

    /// Increases over these readings and those after them.
    pub fn increases(&self, readings: &[Option<f64>]) -> Increases {
        increases(self.running, readings)
    }
}

impl Step {
    fn add(&mut self, other: Self) {
        self.value = match (self.value, other.value) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (one, other) => one.or(other),
        };
        self.increase += other.increase;
    }
}

impl CounterSpread {
    /// Values that were NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let head = self.head.capacity() * size_of::<(i64, f64)>();
        head + self.values.heap_bytes() + self.rates.heap_bytes()
    }

    pub(super) fn fold<'a>(
        &mut self,
        steps: impl Iterator<Item = (&'a ChunkPage, Step)>,
        median_ns: i64,
    ) {
        self.median_ns = median_ns;
        let (mut values, mut rates) = (Vec::new(), Vec::new());
        for (page, Step { value, increase }) in steps {
            rates.extend(self.go_on(page.time_ns, increase).map(|rate| (rate, 1.0)));
            match value {
                Some(value) if value.is_finite() => values.push((value, 1.0)),
                Some(_) => self.non_finite += 1,
                None => {}
            }
        }
        self.values.extend(values);
        self.values.hide_lowest(NEVER_ASKED);
        self.rates.extend(rates);
    }

    /// These values and those after them.
    pub fn values_with(&self, values: impl Iterator<Item = f64>) -> Sketch {
        let mut all = self.values.clone();
        all.extend(values.map(|value| (value, 1.0)));
        all
    }

    /// Goes on to a page. Returns the rate of the interval that ends there, if it is long enough.
    fn go_on(&mut self, time_ns: i64, increase: f64) -> Option<f64> {
        let before = std::mem::replace(&mut self.last_ns, time_ns);
        if self.start_ns.is_none() {
            self.start_ns = Some(time_ns);
            return None;
        }
        if self.head.len() < HEAD {
            self.head.push((time_ns, increase));
            return None;
        }
        self.open = (self.open.0 + time_ns - before, self.open.1 + increase);
        if self.open.0 == 0 || 2 * self.open.0 < self.median_ns {
            return None;
        }
        let (length, increase) = std::mem::take(&mut self.open);
        Some(increase / (length as f64 / 1e9))
    }

    /// Rates of these intervals in a window that begins at `from_ns`, and of those that end at
    /// `times` with increases `steps`.
    pub fn rates_with(&self, times: &[i64], steps: &[f64], from_ns: i64) -> Sketch {
        let mut all = self.rates.clone();
        let mut add = |rates: Vec<f64>| all.extend(rates.into_iter().map(|rate| (rate, 1.0)));
        let begin = self.start_ns.unwrap_or(from_ns).max(from_ns);
        let head = self
            .head
            .iter()
            .map(|(time, step)| ((*time).max(from_ns), *step));
        let head = std::iter::once((begin, 0.0)).chain(head);
        let mut rest: Vec<_> = times.iter().copied().zip(steps.iter().copied()).collect();
        if self.head.len() < HEAD {
            let (times, steps): (Vec<_>, Vec<_>) = head.chain(rest).unzip();
            add(rates(&times, &steps));
            return all;
        }
        let (times, steps): (Vec<_>, Vec<_>) = head.unzip();
        add(joined_rates(&times, &steps, self.median_ns));
        let (length, increase) = self.open;
        if let Some(first) = rest.first_mut() {
            first.1 += increase;
        }
        let open = std::iter::once((self.last_ns - length, 0.0));
        let (times, steps): (Vec<_>, Vec<_>) = open.chain(rest).unzip();
        add(rates(&times, &steps));
        all
    }
}

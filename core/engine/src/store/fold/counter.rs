//! Counters: values, increase, and rates of single intervals.

use super::ChunkPage;
use crate::stats::{Increases, Running, Sketch, increases, rates};

/// Readings of a counter that are no longer kept one by one.
#[derive(Debug, Clone)]
pub struct CounterPast {
    running: Running,
    values: Sketch,
    rates: Sketch,
    /// Time of the last page, whether it had the series or not.
    last_ns: Option<i64>,
    /// Length and increase of the interval up to there that is too short to stand alone.
    open: (i64, f64),
    non_finite: u64,
}

impl CounterPast {
    pub(super) fn new(base: f64) -> Self {
        Self {
            running: Running::new(Some(base)),
            values: Sketch::default(),
            rates: Sketch::default(),
            last_ns: None,
            open: (0, 0.0),
            non_finite: 0,
        }
    }

    /// Values that were NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.values.heap_bytes() + self.rates.heap_bytes()
    }

    pub(super) fn fold<'a>(
        &mut self,
        readings: impl Iterator<Item = (&'a ChunkPage, Option<f64>)>,
        median_ns: i64,
    ) {
        let (mut values, mut rates) = (Vec::new(), Vec::new());
        for (page, value) in readings {
            let step = self.running.step(value);
            if let Some(before) = self.last_ns {
                self.open = (self.open.0 + page.time_ns - before, self.open.1 + step);
            }
            self.last_ns = Some(page.time_ns);
            if self.open.0 > 0 && 2 * self.open.0 >= median_ns {
                let (length, increase) = std::mem::take(&mut self.open);
                rates.push((increase / (length as f64 / 1e9), 1.0));
            }
            match value {
                Some(value) if value.is_finite() => values.push((value, 1.0)),
                Some(_) => self.non_finite += 1,
                None => {}
            }
        }
        self.values.extend(values);
        self.rates.extend(rates);
    }

    /// Increases over these readings and those after them.
    pub fn increases(&self, readings: &[Option<f64>]) -> Increases {
        increases(self.running, readings)
    }

    /// These values and those after them.
    pub fn values_with(&self, values: impl Iterator<Item = f64>) -> Sketch {
        let mut all = self.values.clone();
        all.extend(values.map(|value| (value, 1.0)));
        all
    }

    /// Rates of these intervals, and of those that end at `times` with increases `steps`.
    pub fn rates_with(&self, times: &[i64], steps: &[f64]) -> Sketch {
        let mut all = self.rates.clone();
        let (length, increase) = self.open;
        let (Some(last_ns), Some((first, others))) = (self.last_ns, steps.split_first()) else {
            return all;
        };
        let times: Vec<i64> = std::iter::once(last_ns - length)
            .chain(times.iter().copied())
            .collect();
        let steps: Vec<f64> = [0.0, first + increase]
            .into_iter()
            .chain(others.iter().copied())
            .collect();
        all.extend(rates(&times, &steps).into_iter().map(|rate| (rate, 1.0)));
        all
    }
}

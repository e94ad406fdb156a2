//! Running totals that a restart sets back.

/// What a counter's readings say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Increases {
    /// Increase at each reading over the one before.
    pub steps: Vec<f64>,
    /// Increase over all of them, and those seen before. See [`Running::total`].
    pub total: f64,
    /// How often the counter started again.
    pub resets: u64,
}

/// A counter that is read from page to page, restarts allowed for.
///
/// A missing or non-finite reading increases nothing and is skipped. A value below the one before
/// means a restart: it counts from 0, and what was counted between the last reading and the restart
/// is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Running {
    /// The first and the latest value since the last restart.
    since: Option<(f64, f64)>,
    /// Increase up to that restart.
    before: f64,
    resets: u64,
}

impl Running {
    /// A counter that had the value `base` before the first reading; if that is unknown, or no
    /// finite number, the first reading only sets it.
    pub fn new(base: Option<f64>) -> Self {
        let base = base.filter(|base| base.is_finite());
        Self {
            since: base.map(|base| (base, base)),
            ..Self::default()
        }
    }

    /// Goes on to a reading and returns the increase.
    pub fn step(&mut self, reading: Option<f64>) -> f64 {
        let Some(value) = reading.filter(|value| value.is_finite()) else {
            return 0.0;
        };
        let (first, latest) = match self.since {
            None => (value, value),
            Some((first, latest)) if value < latest => {
                self.before += latest - first;
                self.resets += 1;
                (0.0, 0.0)
            }
            Some(known) => known,
        };
        self.since = Some((first, value));
        value - latest
    }

    /// Increase over all readings. Without a restart it is the last reading less the base, without
    /// the rounding of single steps.
    pub fn total(&self) -> f64 {
        self.before + self.since.map_or(0.0, |(first, latest)| latest - first)
    }

    /// How often the counter started again.
    pub fn resets(&self) -> u64 {
        self.resets
    }
}

/// Increase from reading to reading after those that `running` has seen.
pub fn increases(mut running: Running, readings: &[Option<f64>]) -> Increases {
    Increases {
        steps: readings
            .iter()
            .map(|reading| running.step(*reading))
            .collect(),
        total: running.total(),
        resets: running.resets(),
    }
}

/// Rates per second of the intervals between readings at rising `times` (nanoseconds); `steps[i]`
/// is the increase from `times[i - 1]` to `times[i]` (`steps[0]` is not used).
///
/// An interval shorter than half the median one is joined with its successor, the last one with its
/// predecessor: a barrier right after a tick would else count as much as a whole interval.
pub fn rates(times: &[i64], steps: &[f64]) -> Vec<f64> {
    let mut gaps: Vec<i64> = times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|gap| *gap > 0)
        .collect();
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2).copied();
    median.map_or_else(Vec::new, |median| joined_rates(times, steps, median))
}

/// The same for a given median length of an interval.
pub fn joined_rates(times: &[i64], steps: &[f64], median: i64) -> Vec<f64> {
    // Length and increase of each interval.
    let mut intervals: Vec<(i64, f64)> = Vec::new();
    let mut open = (0, 0.0);
    for (pair, step) in times.windows(2).zip(steps.iter().skip(1)) {
        open = (open.0 + pair[1] - pair[0], open.1 + step);
        if open.0 > 0 && 2 * open.0 >= median {
            intervals.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = intervals.last_mut() {
        *last = (last.0 + open.0, last.1 + open.1);
    }
    let rate = |(length, increase): &(i64, f64)| increase / (*length as f64 / 1e9);
    intervals.iter().map(rate).collect()
}

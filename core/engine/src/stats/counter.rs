//! Running totals that a restart sets back.

/// What a counter's readings say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Increases {
    /// Increase at each reading over the one before.
    pub steps: Vec<f64>,
    /// Increase over all of them. Without a restart it is the last reading less the base, without
    /// the rounding of single steps.
    pub total: f64,
    /// How often the counter started again.
    pub resets: u64,
}

/// Increase from reading to reading, restarts allowed for.
///
/// `base` is the value before the first reading; `None` if it is unknown, then the first reading
/// only sets it. A missing or non-finite reading increases nothing and is skipped. A value below
/// the one before means a restart: it counts from 0, and what was counted between the last reading
/// and the restart is lost.
pub fn increases(base: Option<f64>, readings: &[Option<f64>]) -> Increases {
    let mut result = Increases::default();
    // The first and the latest value since the last restart.
    let mut since = base.map(|base| (base, base));
    for reading in readings {
        let Some(value) = reading.filter(|value| value.is_finite()) else {
            result.steps.push(0.0);
            continue;
        };
        let (first, before) = match since {
            None => (value, value),
            Some((first, before)) if value < before => {
                result.total += before - first;
                result.resets += 1;
                (0.0, 0.0)
            }
            Some(known) => known,
        };
        result.steps.push(value - before);
        since = Some((first, value));
    }
    result.total += since.map_or(0.0, |(first, latest)| latest - first);
    result
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
    let Some(median) = gaps.get(gaps.len() / 2).copied() else {
        return Vec::new();
    };
    // Length and increase of each interval.
    let mut intervals: Vec<(i64, f64)> = Vec::new();
    let mut open = (0, 0.0);
    for (pair, step) in times.windows(2).zip(&steps[1..]) {
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

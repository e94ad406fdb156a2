//! How many requests of a phase are in flight, from moment to moment. See
//! `docs/metrics.md#concurrency-over-time`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{ConcurrencyPoint, ConcurrencyReport};

use super::PhaseWindow;
use super::requests::{PhasePast, RequestLog};

/// Points of a series at most.
const MOST: i64 = 300;

/// The shortest interval of a series, nanoseconds.
const SHORTEST: i64 = 100_000_000;

/// Begins and ends of requests, monotonic nanoseconds.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The window, or what of it comes after the last folded request.
    from: i64,
    to: i64,
    /// Requests before `from` are folded.
    pub(super) folded: bool,
    /// Sorted, as many of both; each request begins before it ends.
    starts: Vec<i64>,
    ends: Vec<i64>,
    /// The last send of any request.
    pub(super) last_send: Option<i64>,
    /// Requests are due at moments of their own.
    pub(super) open_loop: bool,
}

impl Timeline {
    /// Of all requests of a phase, however they ended.
    pub(super) fn of(log: &RequestLog, phase: &PhaseWindow) -> Self {
        let (from, to) = (phase.first_send.mono_ns, phase.last_response.mono_ns);
        // Recorded times may be further apart than a number holds.
        let to = to.clamp(from, from.saturating_add(i64::MAX));
        let folded = log.past(phase.index).map(PhasePast::until_ns);
        let mut all = Self {
            from: folded.map_or(from, |until| until.clamp(from, to)),
            to,
            folded: folded.is_some(),
            starts: Vec::new(),
            ends: Vec::new(),
            last_send: None,
            open_loop: false,
        };
        for row in log.rows(phase.index) {
            let Some(start) = row.start else { continue };
            all.last_send = all.last_send.max(Some(start.0));
            all.open_loop |= row.released.is_some();
            if row.end > start {
                all.starts.push(start.0);
                all.ends.push(row.end.0);
            }
        }
        all.starts.sort_unstable();
        all.ends.sort_unstable();
        all
    }

    /// The window.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.from, self.to)
    }

    /// Visits stretches of time between `from` and `to` with the number of requests in flight, in order
    /// and without gap.
    fn walk(&self, from: i64, to: i64, mut visit: impl FnMut(i64, i64, u64)) {
        let (mut begun, mut ended, mut at) = (0, 0, from);
        while let Some(end) = self.ends.get(ended) {
            // At one moment ends come first: what follows a response is not in flight beside it.
            let next = match self.starts.get(begun) {
                Some(start) if start < end => start,
                _ => end,
            };
            let moment = (*next).clamp(from, to);
            if moment > at {
                visit(at, moment, (begun - ended) as u64);
                at = moment;
            }
            if next == end {
                ended += 1;
            } else {
                begun += 1;
            }
        }
        if at < to {
            visit(at, to, 0);
        }
    }

    /// Mean number in flight between two moments; `None` if there is no time between them.
    pub(super) fn average(&self, from: i64, to: i64) -> Option<f64> {
        let mut area = 0.0;
        self.walk(from, to, |begin, end, level| {
            area += (end - begin) as f64 * level as f64;
        });
        (to > from).then(|| area / (to - from) as f64)
    }

    /// The number in flight that half of the time is not above; `None` if there is no time.
    pub(super) fn median(&self, from: i64, to: i64) -> Option<u64> {
        let mut times: BTreeMap<u64, i64> = BTreeMap::new();
        self.walk(from, to, |begin, end, level| {
            *times.entry(level).or_default() += end - begin;
        });
        let mut passed = 0;
        let mut levels = times.into_iter();
        levels.find_map(|(level, time)| {
            passed += time;
            (passed >= to - from - passed).then_some(level)
        })
    }

    /// The first moment between two at which at least `share` of `level` is in flight.
    pub(super) fn reaches(&self, from: i64, to: i64, level: u64, share: f64) -> Option<i64> {
        let mut found = None;
        self.walk(from, to, |begin, _, now| {
            if found.is_none() && now as f64 >= share * level as f64 {
                found = Some(begin);
            }
        });
        found
    }

    /// Mean time in flight, nanoseconds; `None` without requests.
    pub(super) fn time_in_flight(&self) -> Option<f64> {
        let both = self.starts.iter().zip(&self.ends);
        let sum: f64 = both.map(|(start, end)| *end as f64 - *start as f64).sum();
        (!self.ends.is_empty()).then(|| sum / self.ends.len() as f64)
    }

    /// Over the whole window. `wall`: wall nanoseconds of a moment.
    pub(super) fn report(&self, wall: impl Fn(i64) -> i64) -> ConcurrencyReport {
        let interval = interval(self.to - self.from);
        let mut series = Vec::new();
        let mut begin = self.from;
        while begin < self.to {
            series.push(ConcurrencyPoint {
                start_ns: wall(begin),
                ..ConcurrencyPoint::default()
            });
            begin = begin.saturating_add(interval);
        }
        let mut most = 0;
        self.walk(self.from, self.to, |begin, end, level| {
            most = most.max(level);
            let mut at = begin;
            while at < end {
                let index = (at - self.from) / interval;
                let first = self.from + index * interval;
                let after = first.saturating_add(interval).min(self.to);
                let until = end.min(after);
                let point = usize::try_from(index)
                    .ok()
                    .and_then(|at| series.get_mut(at));
                if let Some(point) = point {
                    let share = (until - at) as f64 / (after - first) as f64;
                    point.avg += share * level as f64;
                    point.max = point.max.max(level);
                }
                at = until;
            }
        });
        ConcurrencyReport {
            avg: self.average(self.from, self.to),
            max: most,
            interval_seconds: interval as f64 / 1e9,
            series,
            note: if self.folded {
                "folded".to_owned()
            } else {
                String::new()
            },
        }
    }
}

/// 1, 2 or 5 times a power of ten, so that there are not too many in `length`.
fn interval(length: i64) -> i64 {
    let mut unit = SHORTEST;
    loop {
        for step in [unit, 2 * unit, 5 * unit] {
            if length / step < MOST {
                return step;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timeline(requests: &[(i64, i64)], from: i64, to: i64) -> Timeline {
        let (mut starts, mut ends): (Vec<i64>, Vec<i64>) = requests
            .iter()
            .map(|(start, length)| (*start, start + length))
            .unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        Timeline {
            from,
            to,
            folded: false,
            last_send: starts.last().copied(),
            starts,
            ends,
            open_loop: false,
        }
    }

    /// In flight in the tick that begins at `at`: what changes, changes between ticks.
    fn level(requests: &[(i64, i64)], at: i64) -> u64 {
        let inside = |(start, length): &&(i64, i64)| (*start..start + length).contains(&at);
        requests.iter().filter(inside).count() as u64
    }

    proptest! {
        #[test]
        fn what_is_in_flight_is_what_counting_at_each_moment_gives(
            requests in prop::collection::vec((0_i64..40, 1_i64..30), 0..12),
            from in 0_i64..10,
            length in 1_i64..60,
        ) {
            let to = from + length;
            let line = timeline(&requests, from, to);
            let levels: Vec<u64> = (from..to).map(|at| level(&requests, at)).collect();
            let sum: u64 = levels.iter().sum();
            let average = sum as f64 / length as f64;
            prop_assert!((line.average(from, to).unwrap() - average).abs() < 1e-9);
            let mut sorted = levels.clone();
            sorted.sort_unstable();
            prop_assert_eq!(line.median(from, to), Some(sorted[(levels.len() - 1) / 2]));
            let report = line.report(|at| at);
            prop_assert_eq!(report.max, *sorted.last().unwrap());
            prop_assert_eq!(report.series.len(), 1);
            prop_assert!((report.series[0].avg - average).abs() < 1e-9);
            let first = (from..to).find(|at| level(&requests, *at) as f64 >= 0.95 * 3.0);
            prop_assert_eq!(line.reaches(from, to, 3, 0.95), first);
        }

        #[test]
        fn a_series_covers_the_window_and_has_its_average(
            requests in prop::collection::vec((0_i64..4_000, 1_i64..2_000), 1..20),
            seconds in 1_i64..4_000,
        ) {
            let ms = |at: i64| at * 1_000_000;
            let requests: Vec<_> = requests.iter().map(|(at, length)| (ms(*at), ms(*length))).collect();
            let to = seconds * 1_000_000_000;
            let report = timeline(&requests, 0, to).report(|at| at);
            let interval = report.interval_seconds;
            let points = report.series.len() as f64;
            prop_assert!(report.series.len() <= 300 && points * interval >= seconds as f64 - 1e-9);
            let area: f64 = report.series.iter().enumerate().map(|(at, point)| {
                let length = interval.min(seconds as f64 - at as f64 * interval);
                point.avg * length
            }).sum();
            prop_assert!((area / seconds as f64 - report.avg.unwrap()).abs() < 1e-6);
            prop_assert_eq!(report.series.iter().map(|point| point.max).max(), Some(report.max));
        }
    }

    #[test]
    fn a_request_that_follows_a_response_is_not_beside_it() {
        let line = timeline(&[(0, 5), (5, 5), (10, 5)], 0, 15);
        assert_eq!(line.report(|at| at).max, 1);
        assert_eq!(line.average(0, 15), Some(1.0));
    }
}

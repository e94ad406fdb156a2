//! How many requests of a phase are in flight, from moment to moment. See
//! `docs/metrics.md#concurrency-over-time`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{ConcurrencyPoint, ConcurrencyReport};

use super::PhaseWindow;
use super::requests::{Flight, PhasePast, RequestLog};
use crate::http::MonoNs;

/// Points of a series at most.
const MOST: i64 = 300;

/// The shortest interval of a series, nanoseconds.
const SHORTEST: i64 = 100_000_000;

/// Begins and ends of requests, monotonic nanoseconds.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The window.
    from: i64,
    to: i64,
    events: Events,
    /// The last send of any request.
    pub(super) last_send: Option<i64>,
    /// Requests are due at moments of their own.
    pub(super) open_loop: bool,
}

/// When requests were in flight.
#[derive(Debug)]
enum Events {
    /// Sorted, as many of both; each request begins before it ends.
    Exact { starts: Vec<i64>, ends: Vec<i64> },
    /// Some are folded.
    Folded(Flight),
}

impl Timeline {
    /// Of all requests of a phase, however they ended.
    pub(super) fn of(log: &RequestLog, phase: &PhaseWindow) -> Self {
        let (from, to) = (phase.first_send.mono_ns, phase.last_response.mono_ns);
        // Recorded times may be further apart than a number holds.
        let to = to.clamp(from, from.saturating_add(i64::MAX));
        let past = log.past(phase.index);
        let (last_send, open_loop) = past.map_or((None, false), PhasePast::sends);
        let mut all = Self {
            from,
            to,
            events: Events::Exact {
                starts: Vec::new(),
                ends: Vec::new(),
            },
            last_send: last_send.map(|at| at.0),
            open_loop,
        };
        if let Some(past) = past {
            all.events = Events::Folded(past.flight().clone());
        }
        for row in log.rows(phase.index) {
            let Some(start) = row.start else { continue };
            all.last_send = all.last_send.max(Some(start.0));
            all.open_loop |= row.released.is_some();
            all.events.add(start, row.end);
        }
        if let Events::Exact { starts, ends } = &mut all.events {
            starts.sort_unstable();
            ends.sort_unstable();
        }
        all
    }

    /// True if some requests are folded.
    pub(super) fn is_folded(&self) -> bool {
        matches!(self.events, Events::Folded(_))
    }

    /// The window.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.from, self.to)
    }

    /// Visits stretches of time between `from` and `to`, in order and without gap, with the mean number in
    /// flight and the most that is known of.
    fn walk(&self, from: i64, to: i64, mut visit: impl FnMut(i64, i64, f64, u64)) {
        let mut at = from;
        self.events.walk(|begin, end, mean, most| {
            if begin.min(to) > at {
                visit(at, begin.min(to), 0.0, 0);
                at = begin.min(to);
            }
            if end.min(to) > at {
                visit(at, end.min(to), mean, most);
                at = end.min(to);
            }
        });
        if at < to {
            visit(at, to, 0.0, 0);
        }
    }

    /// Mean number in flight between two moments; `None` if there is no time between them.
    pub(super) fn average(&self, from: i64, to: i64) -> Option<f64> {
        let mut area = 0.0;
        self.walk(from, to, |begin, end, level, _| {
            area += (end - begin) as f64 * level;
        });
        (to > from).then(|| area / (to - from) as f64)
    }

    /// The number in flight that half of the time is not above; `None` if there is no time.
    pub(super) fn median(&self, from: i64, to: i64) -> Option<f64> {
        // Numbers that are not negative have the order of their bits.
        let mut times: BTreeMap<u64, i64> = BTreeMap::new();
        self.walk(from, to, |begin, end, level, _| {
            *times.entry(level.to_bits()).or_default() += end - begin;
        });
        let mut passed = 0;
        let mut levels = times.into_iter();
        levels.find_map(|(level, time)| {
            passed += time;
            (passed >= to - from - passed).then(|| f64::from_bits(level))
        })
    }

    /// The first moment between two at which at least `share` of `level` is in flight.
    pub(super) fn reaches(&self, from: i64, to: i64, level: f64, share: f64) -> Option<i64> {
        let mut found = None;
        self.walk(from, to, |begin, _, now, _| {
            if found.is_none() && now >= share * level {
                found = Some(begin);
            }
        });
        found
    }

    /// Mean time in flight, nanoseconds; `None` without requests.
    pub(super) fn time_in_flight(&self) -> Option<f64> {
        let (starts, ends) = match &self.events {
            Events::Exact { starts, ends } => (starts, ends),
            Events::Folded(flight) => return flight.time_in_flight(),
        };
        let both = starts.iter().zip(ends);
        let sum: f64 = both.map(|(start, end)| *end as f64 - *start as f64).sum();
        (!ends.is_empty()).then(|| sum / ends.len() as f64)
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
        self.walk(self.from, self.to, |begin, end, mean, level| {
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
                    point.avg += share * mean;
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
            note: if self.is_folded() {
                "folded".to_owned()
            } else {
                String::new()
            },
        }
    }
}

impl Events {
    fn add(&mut self, start: MonoNs, end: MonoNs) {
        match self {
            Self::Exact { starts, ends } if end > start => {
                starts.push(start.0);
                ends.push(end.0);
            }
            Self::Exact { .. } => {}
            Self::Folded(flight) => flight.add(start, end),
        }
    }

    /// Visits stretches of time in which something was in flight, in order, and perhaps others.
    fn walk(&self, mut visit: impl FnMut(i64, i64, f64, u64)) {
        let (starts, ends) = match self {
            Self::Exact { starts, ends } => (starts, ends),
            Self::Folded(flight) => return flight.walk(visit),
        };
        let (mut begun, mut ended, mut at) = (0, 0, i64::MIN);
        while let Some(end) = ends.get(ended) {
            // At one moment ends come first: what follows a response is not in flight beside it.
            let next = match starts.get(begun) {
                Some(start) if start < end => start,
                _ => end,
            };
            if *next > at && begun > ended {
                visit(at, *next, (begun - ended) as f64, (begun - ended) as u64);
            }
            at = *next;
            if next == end {
                ended += 1;
            } else {
                begun += 1;
            }
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
mod tests;

//! Requests in flight over time, of requests that are no longer kept one by one.

use crate::http::MonoNs;

/// Length of the first cells, nanoseconds.
const SHORTEST: i64 = 10_000_000;

/// How many cells of a length become one of the next.
const TOGETHER: i64 = 10;

/// More cells are joined.
const MOST: i64 = 30_000;

/// When requests began and ended, in cells of equal length: how many were in flight is exact at the
/// borders of cells, and so is the mean over each cell. What follows what within a cell is not known.
#[derive(Debug, Clone)]
pub(in super::super) struct Flight {
    /// Where cell 0 begins: the first send that was seen, monotonic nanoseconds.
    origin: Option<i64>,
    /// Length of a cell.
    length: i64,
    /// Number of the first cell.
    first: i64,
    cells: Vec<Cell>,
    requests: u64,
    /// Time in flight of all of them, nanoseconds.
    busy: f64,
}

/// What happened in a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    begun: i64,
    ended: i64,
    /// From each begin to the end of the cell, summed.
    since_begun: i64,
    /// From each end to the end of the cell, summed.
    since_ended: i64,
}

impl Default for Flight {
    fn default() -> Self {
        Self {
            origin: None,
            length: SHORTEST,
            first: 0,
            cells: Vec::new(),
            requests: 0,
            busy: 0.0,
        }
    }
}

impl Flight {
    /// Adds a request that was in flight for some time.
    pub(in super::super) fn add(&mut self, start: MonoNs, end: MonoNs) {
        let (start, end) = (start.0, end.0);
        if end <= start {
            return;
        }
        self.requests += 1;
        self.busy += end as f64 - start as f64;
        let (cell, rest) = self.cell(start);
        cell.begun += 1;
        cell.since_begun = cell.since_begun.saturating_add(rest);
        let (cell, rest) = self.cell(end);
        cell.ended += 1;
        cell.since_ended = cell.since_ended.saturating_add(rest);
    }

    fn len(&self) -> i64 {
        i64::try_from(self.cells.len()).unwrap_or(i64::MAX)
    }

    /// The cell of a moment, and how long it lasts from then on.
    fn cell(&mut self, at: i64) -> (&mut Cell, i64) {
        let since = at.saturating_sub(*self.origin.get_or_insert(at));
        loop {
            let index = since.div_euclid(self.length);
            let (first, last) = if self.cells.is_empty() {
                (index, index)
            } else {
                (self.first, self.first + self.len() - 1)
            };
            if last.max(index) - first.min(index) >= MOST {
                self.join();
                continue;
            }
            if self.cells.is_empty() {
                self.first = index;
            }
            let before = usize::try_from(self.first - index).unwrap_or_default();
            if before > 0 {
                self.cells
                    .splice(0..0, std::iter::repeat_n(Cell::default(), before));
                self.first = index;
            }
            let place = usize::try_from(index - self.first).unwrap_or_default();
            if place >= self.cells.len() {
                self.cells.resize(place + 1, Cell::default());
            }
            let rest = self.length - since.rem_euclid(self.length);
            return (&mut self.cells[place], rest);
        }
    }

    /// Makes cells of several.
    fn join(&mut self) {
        let length = self.length.saturating_mul(TOGETHER);
        let first = self.first.div_euclid(TOGETHER);
        let mut joined: Vec<Cell> = Vec::new();
        for (index, cell) in (self.first..).zip(&self.cells) {
            let place = usize::try_from(index.div_euclid(TOGETHER) - first).unwrap_or_default();
            joined.resize(joined.len().max(place + 1), Cell::default());
            // What was counted up to the end of a cell has yet to wait for the end of the last.
            let later = (TOGETHER - 1 - index.rem_euclid(TOGETHER)) * self.length;
            let all = &mut joined[place];
            let wait = |since: i64, events: i64| since.saturating_add(events.saturating_mul(later));
            all.begun += cell.begun;
            all.ended += cell.ended;
            all.since_begun = all
                .since_begun
                .saturating_add(wait(cell.since_begun, cell.begun));
            all.since_ended = all
                .since_ended
                .saturating_add(wait(cell.since_ended, cell.ended));
        }
        (self.length, self.first, self.cells) = (length, first, joined);
    }

    /// Visits all cells in order: begin, end, mean number in flight, and the larger one of the numbers at
    /// both ends.
    pub(in super::super) fn walk(&self, mut visit: impl FnMut(i64, i64, f64, u64)) {
        let origin = self.origin.unwrap_or_default();
        let mut level = 0_i64;
        for (index, cell) in (self.first..).zip(&self.cells) {
            let begin = origin.saturating_add(index.saturating_mul(self.length));
            let end = begin.saturating_add(self.length);
            let more = cell.since_begun as f64 - cell.since_ended as f64;
            let mean = level as f64 + more / self.length as f64;
            let after = level + cell.begun - cell.ended;
            let most = level.max(after).max(0).cast_unsigned();
            visit(begin, end, mean.max(0.0), most);
            level = after;
        }
    }

    /// Mean time in flight, nanoseconds; `None` without requests.
    pub(in super::super) fn time_in_flight(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.busy / self.requests as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against counting, whatever the order, however many cells had to be joined.
        #[test]
        fn means_and_levels_at_borders_are_exact(
            mut requests in prop::collection::vec((0_i64..400_000, 1_i64..900), 1..40),
            scale in prop::sample::select(vec![1_000_i64, 1_000_000, 100_000_000]),
        ) {
            for (start, length) in &mut requests {
                (*start, *length) = (*start * scale, *length * scale);
            }
            let mut flight = Flight::default();
            for (start, length) in &requests {
                flight.add(MonoNs(*start), MonoNs(start + length));
            }
            prop_assert!(flight.len() <= MOST);
            let level = |at: i64| {
                let inside = |(start, length): &&(i64, i64)| *start < at && at <= start + length;
                requests.iter().filter(inside).count() as u64
            };
            let mut known = None;
            let mut area = 0.0;
            flight.walk(|begin, end, mean, most| {
                assert!(known.is_none_or(|known| known == begin), "{begin} {known:?}");
                known = Some(end);
                let overlap = |(start, length): &(i64, i64)| {
                    ((start + length).min(end) - (*start).max(begin)).max(0) as f64
                };
                let expected = requests.iter().map(overlap).sum::<f64>() / (end - begin) as f64;
                assert!((mean - expected).abs() < 1e-6, "{mean} {expected}");
                assert_eq!(most, level(begin).max(level(end)));
                area += mean * (end - begin) as f64;
            });
            let busy: f64 = requests.iter().map(|(_, length)| *length as f64).sum();
            prop_assert!((area - busy).abs() <= 1e-9 * busy);
            let mean = busy / requests.len() as f64;
            prop_assert!((flight.time_in_flight().unwrap() - mean).abs() <= 1e-9 * mean);
        }
    }

    #[test]
    fn times_that_are_too_far_apart_are_no_problem() {
        let mut flight = Flight::default();
        flight.add(MonoNs(0), MonoNs(i64::MAX));
        flight.add(MonoNs(i64::MIN), MonoNs(7));
        assert!(flight.len() <= MOST);
        flight.walk(|begin, end, mean, _| assert!(begin <= end && mean >= 0.0));
    }
}

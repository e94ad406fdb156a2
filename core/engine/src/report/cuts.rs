//! Equal parts of a window. Clients and servers are cut at the same moments.

use std::time::Duration;

/// More slices than anybody reads; a shorter duration than this many need is lengthened.
const MOST: u64 = 100_000;
/// Slices that any window may have.
const ALWAYS: u64 = 1_000;
/// Slices for each request and reading beyond: where nearly all would be empty, more of them say nothing and
/// cost as much as full ones.
const PER_EVENT: u64 = 100;

/// A window, cut into parts.
///
/// Moments are monotonic nanoseconds. A boundary belongs to the part that it begins, the end of the
/// window to the last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cuts {
    /// Slices of equal length; the last one may be shorter.
    Even {
        /// Where the window begins.
        begin: i64,
        /// Where it ends.
        end: i64,
        /// Length of a slice.
        length: i64,
    },
    /// All time before a window, the window, and all time after it.
    Around {
        /// Where the window begins.
        begin: i64,
        /// Where it ends; this moment belongs to the window.
        end: i64,
    },
}

impl Cuts {
    /// All of time as one slice.
    pub(super) const NONE: Self = Self::Even {
        begin: 0,
        end: 0,
        length: i64::MAX,
    };

    /// Slices of `length` from `begin` on, longer ones if they were too many for `events` requests and
    /// readings.
    pub(super) fn new(begin: i64, end: i64, length: Duration, events: u64) -> Self {
        // Recorded times may be further apart than a number holds.
        let end = end.clamp(begin, begin.saturating_add(i64::MAX));
        let length = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
        let most = events.saturating_mul(PER_EVENT).clamp(ALWAYS, MOST);
        let least = u64::try_from(end.saturating_sub(begin)).unwrap_or_default() / most;
        Self::Even {
            begin,
            end,
            length: length.max(least.cast_signed()).max(1),
        }
    }

    /// Before, inside and after the window from `begin` to `end`.
    pub(super) fn around(begin: i64, end: i64) -> Self {
        let end = end.max(begin);
        Self::Around { begin, end }
    }

    /// How long each of them is, but for the last; of a window, how long that is.
    pub(super) fn length(self) -> Duration {
        let length = match self {
            Self::Even { length, .. } => length,
            Self::Around { begin, end } => end.saturating_sub(begin),
        };
        Duration::from_nanos(length.cast_unsigned())
    }

    /// How many there are; at least one.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Even { begin, end, length } => {
                let full = (end - begin - 1).max(0) / length;
                usize::try_from(full).unwrap_or_default() + 1
            }
            Self::Around { .. } => 3,
        }
    }

    /// Which one a moment belongs to; what lies outside belongs to the nearest.
    pub(super) fn index_of(self, at_ns: i64) -> usize {
        match self {
            Self::Even { begin, length, .. } => {
                let index = at_ns.saturating_sub(begin).max(0) / length;
                usize::try_from(index)
                    .unwrap_or(usize::MAX)
                    .min(self.len() - 1)
            }
            Self::Around { begin, end } => usize::from(at_ns >= begin) + usize::from(at_ns > end),
        }
    }

    /// Begin and end of the slice at `index`.
    pub(super) fn bounds(self, index: usize) -> (i64, i64) {
        match self {
            Self::Even { begin, end, length } => {
                let start = |index: usize| {
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    begin.saturating_add(length.saturating_mul(index))
                };
                (start(index).min(end), start(index + 1).min(end))
            }
            Self::Around { begin, end } => match index {
                0 => (i64::MIN, begin),
                1 => (begin, end),
                _ => (end, i64::MAX),
            },
        }
    }

    /// Whether the window ended before the slice at `index` was full.
    pub(super) fn is_partial(self, index: usize) -> bool {
        let (begin, end) = self.bounds(index);
        matches!(self, Self::Even { length, .. } if end - begin < length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slices_cover_the_window_without_gap(
            from in -1_000_i64..1_000,
            window in 0_i64..10_000,
            length in 1_u64..5_000,
            at in 0_i64..10_000,
        ) {
            let cuts = Cuts::new(from, from + window, Duration::from_nanos(length), u64::MAX);
            let bounds: Vec<_> = (0..cuts.len()).map(|index| cuts.bounds(index)).collect();
            prop_assert_eq!(bounds[0].0, from);
            prop_assert_eq!(bounds[bounds.len() - 1].1, from + window);
            for pair in bounds.windows(2) {
                prop_assert_eq!(pair[0].1, pair[1].0);
                prop_assert_eq!(pair[0].1 - pair[0].0, length.cast_signed());
            }
            let at = from + at.min(window);
            let (begin, end) = bounds[cuts.index_of(at)];
            let last = at == from + window;
            prop_assert!(begin <= at && (at < end || last));
            for index in 0..cuts.len() - 1 {
                prop_assert!(!cuts.is_partial(index));
            }
        }
    }

    #[test]
    fn a_window_has_all_time_around_it() {
        let cuts = Cuts::around(5, 9);
        let parts = [i64::MIN, 4, 5, 9, 10, i64::MAX].map(|at| cuts.index_of(at));
        assert_eq!((cuts.len(), parts), (3, [0, 0, 1, 1, 2, 2]));
        assert_eq!(cuts.bounds(1), (5, 9));
        assert!(!cuts.is_partial(1));
    }

    #[test]
    fn a_window_that_divides_evenly_has_no_partial_slice() {
        let cuts = Cuts::new(5, 35, Duration::from_nanos(10), 1);
        assert_eq!(cuts.len(), 3);
        assert!(!cuts.is_partial(2));
        assert!(Cuts::new(5, 36, Duration::from_nanos(10), 1).is_partial(3));
        assert_eq!(Cuts::NONE.len(), 1);
        assert_eq!(Cuts::NONE.index_of(i64::MAX), 0);
    }
    #[test]
    fn there_are_not_many_more_slices_than_there_is_to_see() {
        let day = 24 * 3600 * 1_000_000_000;
        let second = Duration::from_secs(1);
        for (events, slices) in [(0, 1_000), (3, 1_000), (50, 5_000), (10_000, 86_400)] {
            assert_eq!(Cuts::new(0, day, second, events).len(), slices, "{events}");
        }
        let short = Cuts::new(0, day, Duration::from_nanos(1), u64::MAX);
        assert_eq!(short.len(), 100_000);
        assert_eq!(short.length(), Duration::from_millis(864));
        let all = Cuts::new(i64::MIN, i64::MAX, second, 1);
        assert!(all.len() <= 1_001, "{}", all.len());
    }
}

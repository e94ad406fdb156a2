//! Gaps between tokens: 4 bytes each, exact.

use std::ops::Range;

/// Marks a gap that does not fit; the true value is in [`GapColumn::long`].
const LONG: u32 = u32::MAX;

/// The gaps of many requests, one after the other, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct GapColumn {
    short: Vec<u32>,
    /// Index and value of the gaps of 4.29 s and more, by rising index.
    long: Vec<(usize, u64)>,
    /// Where each request's gaps end.
    ends: Vec<usize>,
}

impl GapColumn {
    pub(super) fn push(&mut self, gaps: &[u64]) {
        for &gap in gaps {
            let short = u32::try_from(gap).unwrap_or(LONG);
            if short == LONG {
                self.long.push((self.short.len(), gap));
            }
            self.short.push(short);
        }
        self.ends.push(self.short.len());
    }

    pub(super) fn append(&mut self, other: &Self, rows: Range<usize>) {
        let (from, to) = (other.start(rows.start), other.start(rows.end));
        let offset = self.short.len();
        let long = |at: usize| other.long.partition_point(|(place, _)| *place < at);
        for (at, gap) in &other.long[long(from)..long(to)] {
            self.long.push((at - from + offset, *gap));
        }
        self.short.extend_from_slice(&other.short[from..to]);
        let ends = &other.ends[rows];
        self.ends.extend(ends.iter().map(|end| end - from + offset));
    }

    pub(super) fn shrink(&mut self) {
        self.short.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Where the gaps of a row start.
    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    pub(super) fn row(&self, row: usize) -> Gaps<'_> {
        self.range(self.start(row), self.ends[row])
    }

    pub(super) fn all(&self) -> Gaps<'_> {
        self.range(0, self.short.len())
    }

    fn range(&self, start: usize, end: usize) -> Gaps<'_> {
        let first_long = self.long.partition_point(|&(at, _)| at < start);
        Gaps {
            short: self.short[start..end].iter(),
            long: self.long[first_long..].iter(),
        }
    }
}

/// Gaps between successive chunks with text, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Gaps<'a> {
    short: std::slice::Iter<'a, u32>,
    long: std::slice::Iter<'a, (usize, u64)>,
}

impl Iterator for Gaps<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let short = *self.short.next()?;
        if short != LONG {
            return Some(u64::from(short));
        }
        // Each marker has its entry, in the same order.
        Some(self.long.next().map_or(u64::from(LONG), |&(_, gap)| gap))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.short.size_hint()
    }
}

impl ExactSizeIterator for Gaps<'_> {}

//! Gaps between tokens: 4 bytes each, exact.

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

    pub(super) fn append(&mut self, other: &Self) {
        let offset = self.short.len();
        self.short.extend_from_slice(&other.short);
        self.long
            .extend(other.long.iter().map(|&(at, gap)| (at + offset, gap)));
        self.ends.extend(other.ends.iter().map(|end| end + offset));
    }

    pub(super) fn row(&self, row: usize) -> Gaps<'_> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.range(start, self.ends[row])
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

//! The latest intervals, as they came.

/// An interval between two pages, in which something was observed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval<'a> {
    /// Buckets that were hit, rising.
    pub(super) buckets: &'a [u16],
    /// Observations in each of them; whole numbers, negative only while the interval is torn.
    pub(super) counts: &'a [f64],
    /// Sum of all of them.
    pub(super) sum: f64,
    /// Most that rounding in the server's accumulator can have changed the sum by.
    pub(super) slack: f64,
}

impl<'a> Interval<'a> {
    /// Whether a bucket lost observations: the page was written while the server counted.
    pub(super) fn is_torn(&self) -> bool {
        self.counts.iter().any(|count| *count < 0.0)
    }

    /// Bucket and observations in it.
    pub(super) fn entries(self) -> impl DoubleEndedIterator<Item = (usize, f64)> + Clone + use<'a> {
        let buckets = self.buckets.iter().map(|bucket| usize::from(*bucket));
        buckets.zip(self.counts.iter().copied())
    }
}

/// Intervals in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer {
    buckets: Vec<u16>,
    counts: Vec<f64>,
    /// Of each interval: end of its entries, sum and slack.
    rows: Vec<(u32, f64, f64)>,
}

impl Buffer {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Appends an interval of these entries, which rise by bucket.
    pub(super) fn push(&mut self, entries: impl Iterator<Item = (u16, f64)>, sum: f64, slack: f64) {
        for (bucket, count) in entries {
            self.buckets.push(bucket);
            self.counts.push(count);
        }
        let end = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX);
        self.rows.push((end, sum, slack));
    }

    /// Makes one interval of the last two.
    pub(super) fn join(&mut self) {
        let Some(at) = self.len().checked_sub(2) else {
            return;
        };
        let (first, second) = (self.get(at), self.get(at + 1));
        let mut all: Vec<(u16, f64)> =
            Vec::with_capacity(first.buckets.len() + second.buckets.len());
        for interval in [first, second] {
            for (bucket, count) in interval.buckets.iter().zip(interval.counts) {
                match all.binary_search_by_key(bucket, |(bucket, _)| *bucket) {
                    Ok(known) => all[known].1 += count,
                    Err(free) => all.insert(free, (*bucket, *count)),
                }
            }
        }
        let (sum, slack) = (first.sum + second.sum, first.slack + second.slack);
        self.truncate(at);
        let hit = all.into_iter().filter(|(_, count)| *count != 0.0);
        self.push(hit, sum, slack);
    }

    /// Takes the last interval out.
    pub(super) fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    fn truncate(&mut self, len: usize) {
        let end = self.start(len);
        self.buckets.truncate(end);
        self.counts.truncate(end);
        self.rows.truncate(len);
    }

    /// Takes the first intervals out. O(entries).
    pub(super) fn drop_first(&mut self, len: usize) {
        let end = self.start(len);
        let entries = u32::try_from(end).unwrap_or(u32::MAX);
        self.buckets.drain(..end);
        self.counts.drain(..end);
        self.rows.drain(..len);
        for row in &mut self.rows {
            row.0 -= entries;
        }
    }

    /// Appends all intervals of another buffer.
    pub(super) fn extend(&mut self, other: &Self) {
        for interval in other.iter() {
            let entries = interval.buckets.iter().copied();
            let counts = interval.counts.iter().copied();
            self.push(entries.zip(counts), interval.sum, interval.slack);
        }
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1)
            .map_or(0, |before| self.rows[before].0 as usize)
    }

    pub(super) fn get(&self, at: usize) -> Interval<'_> {
        let (start, (end, sum, slack)) = (self.start(at), self.rows[at]);
        Interval {
            buckets: &self.buckets[start..end as usize],
            counts: &self.counts[start..end as usize],
            sum,
            slack,
        }
    }

    pub(super) fn last(&self) -> Option<Interval<'_>> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Interval<'_>> + Clone {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Gives back what room it has to spare.
    pub(super) fn shrink(&mut self) {
        self.buckets.shrink_to_fit();
        self.counts.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    /// Bytes on the heap.
    pub(super) fn heap(&self) -> usize {
        self.buckets.capacity() * 2 + self.counts.capacity() * 8 + self.rows.capacity() * 24
    }
}

//! How much memory samples take.

use super::series::Series;

/// What a series takes besides its samples, its key and its names: its row, an entry of the
/// endpoint's table, and its id in the lists of family, endpoint and keys.
const SERIES: usize = size_of::<Series>() + 128;

/// Bytes in use, counted as blocks are taken and given back.
#[derive(Debug)]
pub(super) struct Memory {
    used: usize,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    /// Something took `before` bytes and takes `after` now.
    pub(super) fn change(&mut self, before: usize, after: usize) {
        self.used = (self.used + after).saturating_sub(before);
    }

    /// A series was added, with a key of this length.
    pub(super) fn add_series(&mut self, key: usize) {
        // The key stands in the table, and about as much text in names of keys.
        self.used += SERIES + 2 * key;
    }

    /// True if it is time to fold: seven sixteenths of the limit are left to what is not counted, above
    /// all the allocator's own share, which grows over hours as blocks of all sizes come and go.
    pub(super) fn is_short(&self) -> bool {
        self.used > self.limit / 16 * 9
    }

    /// True if there is no room for another series.
    pub(super) fn is_full(&self) -> bool {
        self.used >= self.limit
    }

    pub(super) fn used(&self) -> usize {
        self.used
    }
}

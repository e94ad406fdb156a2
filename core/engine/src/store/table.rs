//! From the bytes of a sample to its series.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// What is known about a sample's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is this series.
    Series(u32),
    /// The user does not want its family.
    Filtered,
    /// Its name or a label is not UTF-8.
    NotUtf8,
}

/// Byte keys of one endpoint. A series has the key with sorted labels, and one more for every
/// other order in which a page gave them.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    entries: IndexMap<Box<[u8]>, Entry, FxBuildHasher>,
    /// Entry of each row of the last page: pages rarely change their order.
    order: Vec<u32>,
}

impl SeriesTable {
    /// Entry of `key`, which stands at `row` of the page.
    pub(super) fn find(&mut self, row: usize, key: &[u8]) -> Option<Entry> {
        let hint = self
            .order
            .get(row)
            .and_then(|at| self.entries.get_index(*at as usize));
        if let Some((known, entry)) = hint
            && **known == *key
        {
            return Some(*entry);
        }
        let at = self.entries.get_index_of(key)?;
        self.remember(row, at);
        self.entries.get_index(at).map(|(_, entry)| *entry)
    }

    /// Entry of `key` wherever it stands.
    pub(super) fn get(&self, key: &[u8]) -> Option<Entry> {
        self.entries.get(key).copied()
    }

    /// Adds a key and returns its row.
    pub(super) fn insert(&mut self, key: &[u8], entry: Entry) -> u32 {
        super::index(self.entries.insert_full(key.into(), entry).0)
    }

    /// Bytes of the key at `row`.
    pub(super) fn key(&self, row: u32) -> &[u8] {
        self.entries
            .get_index(row as usize)
            .map_or(&[], |(key, _)| key)
    }

    /// Number of keys.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn remember(&mut self, row: usize, entry: usize) {
        if row >= self.order.len() {
            self.order.resize(row + 1, u32::MAX);
        }
        self.order[row] = super::index(entry);
    }
}

//! A hash table of the names of a page.
//!
//! Its keys are places in the page, so that its memory can be used again for the next page, and
//! nothing is copied. A name may have several entries.

use std::hash::Hasher;
use std::ops::{Index, IndexMut, Range};

use aiperf_plugin_sdk::MetricKind as Kind;
use rustc_hash::FxHasher;

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A family with a `TYPE` line.
    Typed(Kind),
    /// A family with other metadata, so far without type and samples.
    Described,
    /// A family without type that has samples.
    Sampled,
    /// A sample name of another family.
    Alias,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Name as written, in the page.
    start: u32,
    end: u32,
    hash: u32,
    /// Row of its family in the batch.
    pub(crate) row: u32,
    pub(crate) state: State,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Names {
    entries: Vec<Entry>,
    /// Open addressing over `entries`: index + 1, or 0 for a free slot. A power of two long.
    slots: Vec<u32>,
}

impl Index<usize> for Names {
    type Output = Entry;
    fn index(&self, index: usize) -> &Entry {
        &self.entries[index]
    }
}

impl IndexMut<usize> for Names {
    fn index_mut(&mut self, index: usize) -> &mut Entry {
        &mut self.entries[index]
    }
}

impl Names {
    /// Forgets all names and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.slots.fill(0);
    }

    /// The first entry of the name `raw` whose state is `wanted`.
    pub(crate) fn find_where(
        &self,
        page: &[u8],
        raw: &[u8],
        wanted: impl Fn(State) -> bool,
    ) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let hash = hash(raw);
        let mut slot = hash as usize & mask;
        loop {
            let index = (self.slots[slot] as usize).checked_sub(1)?;
            let entry = &self.entries[index];
            let same = entry.hash == hash && page[entry.start as usize..entry.end as usize] == *raw;
            if same && wanted(entry.state) {
                return Some(index);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds an entry behind those of the same name.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "pages are capped far below 4 GiB"
    )]
    pub(crate) fn insert(&mut self, page: &[u8], raw: &Range<usize>, row: u32, state: State) {
        let (start, end) = (raw.start as u32, raw.end as u32);
        let hash = hash(&page[raw.clone()]);
        self.entries.push(Entry {
            start,
            end,
            hash,
            row,
            state,
        });
        if self.entries.len() * 2 > self.slots.len() {
            self.grow();
        } else {
            self.link(self.entries.len() - 1);
        }
    }

    fn grow(&mut self) {
        let len = (self.entries.len() * 4).next_power_of_two().max(64);
        self.slots.clear();
        self.slots.resize(len, 0);
        for index in 0..self.entries.len() {
            self.link(index);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are fewer names than bytes"
    )]
    fn link(&mut self, index: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = self.entries[index].hash as usize & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = index as u32 + 1;
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "half of the hash is enough"
)]
fn hash(raw: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(raw);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_name_after_growing() {
        let words: Vec<String> = (0..500).map(|n| format!("name_{n}")).collect();
        let page = words.join(" ").into_bytes();
        let mut names = Names::default();
        for _ in 0..2 {
            let mut start = 0;
            for (row, word) in (0_u32..).zip(&words) {
                names.insert(&page, &(start..start + word.len()), row, State::Sampled);
                start += word.len() + 1;
            }
            for (index, word) in words.iter().enumerate() {
                assert_eq!(
                    names.find_where(&page, word.as_bytes(), |_| true),
                    Some(index)
                );
            }
            assert_eq!(names.find_where(&page, b"name_", |_| true), None);
            names.clear();
            assert_eq!(names.find_where(&page, b"name_0", |_| true), None);
        }
    }

    #[test]
    fn entries_of_one_name_are_found_by_state_in_their_order() {
        let page = b"a";
        let mut names = Names::default();
        names.insert(page, &(0..1), 0, State::Typed(Kind::Gauge));
        names.insert(page, &(0..1), 1, State::Typed(Kind::Counter));
        assert_eq!(names.find_where(page, b"a", |_| true), Some(0));
        let counter = |state| state == State::Typed(Kind::Counter);
        assert_eq!(names.find_where(page, b"a", counter), Some(1));
        assert_eq!(
            names.find_where(page, b"a", |state| state == State::Alias),
            None
        );
    }
}

//! Values by page, exact and compressed.
//!
//! A [`Log`] keeps one vector of values (a single one for a scalar series, one per part for a
//! histogram) for each page that had them. What most pages do is cheap: a page that changes nothing
//! extends a run, a whole number is kept as the difference from the page before, the buckets of a
//! histogram as what each rose by beyond its neighbour, any other number as the bits that differ.
//!
//! Records stand in blocks of about [`BLOCK`] bytes. The first record of a block needs no other
//! one, so that reading starts at any block, and the oldest block can be dropped.
//!
//! ```text
//! record = head [gap] [presence] value...
//! head   = varint: unchanged pages since the record before << 2 | has gap << 1 | flag
//! gap    = varint: pages without the series after those
//! ```
//! With one value the flag says that its bits follow instead of a difference. With several it says
//! that some are not on the page: a bitmap of those that are comes next. Then, for each value that
//! is not as predicted, how many were before it << 1 | bits, and difference or bits.

mod bytes;
mod cursor;
mod slot;
#[cfg(test)]
mod tests;

pub(super) use cursor::{Cursor, Run};
pub(super) use slot::Slot;

use bytes::put_varint;

/// Bytes after which a block is full.
const BLOCK: usize = 480;

/// Bytes that the first block starts with. Most series never change, and need no more.
const FIRST: usize = 16;

/// Records that can be read without those before.
#[derive(Debug, Default)]
struct Block {
    /// Page of the first record.
    first: u32,
    /// Pages right after that of the last record that changed nothing.
    tail: u32,
    /// Number of values.
    width: u32,
    bytes: Vec<u8>,
}

/// Values by page. See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Log {
    sealed: Vec<Block>,
    /// The last block; it has no bytes as long as there is no record.
    open: Block,
    /// Page of the last record.
    last: u32,
    /// Bytes of the sealed blocks.
    sealed_bytes: u32,
}

impl Log {
    /// Adds the values of `page`, which is later than all before. The number of values never falls.
    ///
    /// Allocates when a block begins or grows, not per page.
    pub(super) fn push(&mut self, page: u32, slots: &[Slot]) {
        let is_first = self.open.bytes.is_empty();
        let next = self.last + 1 + self.open.tail;
        if !is_first && page == next && slots.iter().all(Slot::is_unchanged) {
            self.open.tail += 1;
            return;
        }
        let same_width = self.open.width as usize == slots.len();
        if is_first || !same_width || self.open.bytes.len() >= BLOCK {
            self.start_block(page, slots.len());
        }
        let block = &mut self.open;
        let opens = block.bytes.is_empty();
        let gap = if opens { 0 } else { page - next };
        let head = u64::from(block.tail) << 2
            | u64::from(gap > 0) << 1
            | u64::from(slot::flag(slots, opens));
        block.tail = 0;
        put_varint(&mut block.bytes, head);
        if gap > 0 {
            put_varint(&mut block.bytes, u64::from(gap));
        }
        slot::put(slots, opens, &mut block.bytes);
        self.last = page;
    }

    fn start_block(&mut self, page: u32, width: usize) {
        let is_first = self.open.bytes.is_empty();
        let block = Block {
            first: page,
            tail: 0,
            width: super::index(width),
            // A record may run over; a few bytes of room keep that from growing the block.
            bytes: Vec::with_capacity(if is_first { FIRST } else { BLOCK + BLOCK / 16 }),
        };
        let mut full = std::mem::replace(&mut self.open, block);
        if !is_first {
            full.bytes.shrink_to_fit();
            self.sealed_bytes += super::index(full.bytes.capacity());
            self.sealed.push(full);
        }
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let blocks = self.sealed.capacity() * size_of::<Block>();
        self.sealed_bytes as usize + blocks + self.open.bytes.capacity()
    }

    /// Drops the blocks that are not needed to read from the last page before `page` on.
    pub(super) fn forget_before(&mut self, page: u32) {
        let needs_open = self.open.first >= page;
        let known = self.sealed.partition_point(|block| block.first < page);
        let dropped = known.saturating_sub(usize::from(needs_open || known < self.sealed.len()));
        let bytes = self
            .sealed
            .drain(..dropped)
            .map(|block| block.bytes.capacity());
        self.sealed_bytes -= super::index(bytes.sum());
        self.sealed.shrink_to_fit();
    }

    /// Reads from the block that holds the last record not after `page`, or from the first.
    pub(super) fn cursor(&self, page: u32) -> Cursor<'_> {
        let after = self.sealed.partition_point(|block| block.first <= page);
        let holds_open = !self.open.bytes.is_empty() && self.open.first <= page;
        let from = if holds_open {
            self.sealed.len()
        } else {
            after.saturating_sub(1)
        };
        Cursor::new(&self.sealed[from..], &self.open)
    }
}

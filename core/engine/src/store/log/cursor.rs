//! Reading a log from some page on.

use super::Block;
use super::bytes::Reader;
use super::slot::State;

/// Consecutive pages with the same values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Run {
    pub(in super::super) first: u32,
    pub(in super::super) last: u32,
}

/// Head of the next record.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// Pages after the record before that changed nothing.
    same: u32,
    /// Pages without the series after those.
    gap: u32,
    flag: bool,
}

/// Reads values, page by page.
#[derive(Debug)]
pub(in super::super) struct Cursor<'a> {
    /// Blocks to come, then the last one.
    sealed: std::slice::Iter<'a, Block>,
    open: Option<&'a Block>,
    block: Option<&'a Block>,
    reader: Reader<'a>,
    head: Option<Head>,
    /// Page of the last record.
    page: u32,
    state: State,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(sealed: &'a [Block], open: &'a Block) -> Self {
        Self {
            sealed: sealed.iter(),
            open: Some(open).filter(|open| !open.bytes.is_empty()),
            block: None,
            reader: Reader(&[]),
            head: None,
            page: 0,
            state: State::default(),
        }
    }

    /// Values of the last run that was read. A value that is not on its pages is as last known.
    pub(in super::super) fn values(&self) -> &[f64] {
        &self.state.values
    }

    /// Which of [`Cursor::values`] are on the pages of the last run.
    pub(in super::super) fn present(&self) -> &[bool] {
        &self.state.present
    }

    /// Reads the next run. `follows` tells the same of each value as when it was written.
    pub(in super::super) fn advance(&mut self, follows: &impl Fn(usize) -> bool) -> Option<Run> {
        let head = match self.head.take() {
            Some(head) => {
                self.page += head.same + head.gap + 1;
                head
            }
            None => self.next_block()?,
        };
        let opens = self.block.is_some_and(|block| block.first == self.page);
        self.state
            .read(&mut self.reader, head.flag, opens, follows)?;
        self.head = self.read_head();
        let same = match (self.head, self.block) {
            (Some(head), _) => head.same,
            (None, Some(block)) => block.tail,
            (None, None) => 0,
        };
        Some(Run {
            first: self.page,
            last: self.page + same,
        })
    }

    fn next_block(&mut self) -> Option<Head> {
        let block = self.sealed.next().or_else(|| self.open.take())?;
        self.block = Some(block);
        self.reader = Reader(&block.bytes);
        self.page = block.first;
        let width = block.width as usize;
        self.state.values.clear();
        self.state.values.resize(width, 0.0);
        self.state.present.clear();
        self.state.present.resize(width, true);
        self.read_head()
    }

    fn read_head(&mut self) -> Option<Head> {
        if self.reader.is_empty() {
            return None;
        }
        let head = self.reader.varint()?;
        let gap = if head >> 1 & 1 == 1 {
            self.reader.varint()?
        } else {
            0
        };
        let flag = head & 1 == 1;
        Some(Head {
            same: u32::try_from(head >> 2).ok()?,
            gap: u32::try_from(gap).ok()?,
            flag,
        })
    }
}

//! What crossed a connection, stream by stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::walker::{Found, Frame, LEAD_BYTES, Walker};
use crate::http::clock::MonoNs;
use crate::http::error::HttpError;
use crate::http::stamps::{Arrival, Stamps};

/// The book of a connection. Written by the stream under it, read by those who have streams; all of them
/// run on one thread.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    streams: FxHashMap<u32, Arc<StreamLog>>,
    state: LedgerState,
}

/// What the connection as a whole has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct LedgerState {
    /// The server has sent its settings: it speaks HTTP/2.
    pub(super) greeted: bool,
    /// It answers in HTTP/1.
    pub(super) is_http1: bool,
    /// The last stream that the server looks at and an error code, once it has said that it gives the
    /// connection up.
    pub(super) goaway: Option<(u32, u32)>,
    /// The server has closed its side.
    pub(super) ended: bool,
    /// What broke the stream under it.
    pub(super) broken: Option<HttpError>,
}

impl Ledger {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Whole at every moment, so that poisoning means nothing.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> LedgerState {
        self.pages().state.clone()
    }

    /// Whether the server takes streams with new numbers, as far as is known.
    pub(super) fn takes_more(&self) -> bool {
        let state = &self.pages().state;
        state.goaway.is_none() && !state.ended
    }

    pub(super) fn ended(&self) {
        self.pages().state.ended = true;
    }

    pub(super) fn broke(&self, error: HttpError) {
        self.pages().state.broken.get_or_insert(error);
    }

    /// Has what crosses for `stream` noted in `log`, until the result is dropped.
    pub(super) fn open(self: &Arc<Self>, stream: u32, log: &Arc<StreamLog>) -> Entry {
        self.pages().streams.insert(stream, Arc::clone(log));
        Entry {
            ledger: Arc::clone(self),
            stream,
        }
    }

    /// Notes what `bytes` mean, which were read at `now` where `walker` has come to.
    pub(super) fn came(&self, walker: &mut Walker<Arrival>, bytes: &[u8], now: Arrival) {
        let mut pages = self.pages();
        walker.walk(bytes, now, |found| pages.came(found, now));
    }

    /// Notes what `bytes` mean, which `write` wrote where `walker` has come to.
    pub(super) fn sent(&self, walker: &mut Walker<Write>, bytes: &[u8], write: Write) {
        let pages = self.pages();
        walker.walk(bytes, write, |found| pages.sent(found, write));
    }
}

/// When a write began and was over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) began: MonoNs,
    pub(super) done: MonoNs,
}

impl Pages {
    fn sent(&self, found: Found<Write>, now: Write) {
        let (frame, Write { began, done }, bytes) = match found {
            Found::Header(frame, first) => (frame, first, 1),
            // The first byte was counted with the header.
            Found::End { frame, .. } => (frame, now, frame.bytes() - 1),
        };
        self.for_stream(&frame, |log| log.stamps.wrote(began, done, bytes));
    }

    fn came(&mut self, found: Found<Arrival>, now: Arrival) {
        match found {
            Found::Header(frame, first) => {
                self.state.is_http1 |= !self.state.greeted && frame.is_http1();
                self.for_stream(&frame, |log| log.stamps.began(first));
            }
            Found::End { frame, data, lead } => self.received(&frame, now, data, lead),
        }
    }

    fn received(&mut self, frame: &Frame, now: Arrival, data: u32, lead: [u8; LEAD_BYTES]) {
        match frame.kind {
            Frame::SETTINGS => self.state.greeted = true,
            Frame::GOAWAY => {
                let [l0, l1, l2, l3, code @ ..] = lead;
                let last = u32::from_be_bytes([l0, l1, l2, l3]) & (u32::MAX >> 1);
                self.state.goaway = Some((last, u32::from_be_bytes(code)));
            }
            Frame::DATA | Frame::HEADERS => self.for_stream(frame, |log| {
                log.stamps.read_frame(now, frame.bytes());
                if frame.kind == Frame::DATA {
                    log.marks().received(data, now);
                }
            }),
            _ => {}
        }
    }

    fn for_stream(&self, frame: &Frame, body: impl FnOnce(&StreamLog)) {
        if frame.stream != 0
            && let Some(log) = self.streams.get(&frame.stream)
        {
            body(log);
        }
    }
}

/// The place of a stream in the book.
#[derive(Debug)]
pub(super) struct Entry {
    ledger: Arc<Ledger>,
    pub(super) stream: u32,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.ledger.pages().streams.remove(&self.stream);
    }
}

/// What crossed for one stream.
#[derive(Debug, Default)]
pub(super) struct StreamLog {
    pub(super) stamps: Arc<Stamps>,
    marks: Mutex<Marks>,
}

impl StreamLog {
    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the stream before.
    pub(super) fn arm(&self) {
        self.stamps.arm();
        *self.marks() = Marks::default();
    }

    /// When the last of the next `bytes` bytes of the body arrived.
    pub(super) fn take(&self, bytes: usize) -> Option<Arrival> {
        self.marks().take(bytes)
    }
}

/// Which byte of a body came when: a body is taken later than it arrives, and several pieces of it may
/// have come since.
#[derive(Debug, Default)]
struct Marks {
    /// The places after the last bytes of reads, and their times; ascending.
    queue: VecDeque<(u64, Arrival)>,
    received: u64,
    taken: u64,
}

impl Marks {
    fn received(&mut self, bytes: u32, now: Arrival) {
        if bytes == 0 {
            return;
        }
        self.received += u64::from(bytes);
        match self.queue.back_mut() {
            // Frames that came in one read have one time.
            Some((end, at)) if *at == now => *end = self.received,
            _ => self.queue.push_back((self.received, now)),
        }
    }

    fn take(&mut self, bytes: usize) -> Option<Arrival> {
        self.taken += bytes as u64;
        while let Some(&(end, at)) = self.queue.front() {
            if end > self.taken {
                return Some(at);
            }
            self.queue.pop_front();
            if end == self.taken {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ns: i64) -> Arrival {
        Arrival {
            kernel: Some(MonoNs(ns)),
            seen: MonoNs(ns + 1),
        }
    }

    proptest! {
        #[test]
        fn each_piece_has_the_time_of_its_last_byte(
            frames in proptest::collection::vec((0_u32..50, 0_i64..3), 1..30),
            takes in proptest::collection::vec(1_usize..60, 1..60),
            ahead in 0_usize..10,
        ) {
            let mut marks = Marks::default();
            let mut times = Vec::new();
            let (mut now, mut taken) = (1, 0);
            let mut takes = takes.into_iter();
            for (index, (bytes, later)) in frames.into_iter().enumerate() {
                now += later;
                marks.received(bytes, at(now));
                times.extend(std::iter::repeat_n(now, bytes as usize));
                if index < ahead {
                    continue;
                }
                let Some(take) = takes.next() else { break };
                let take = take.min(times.len() - taken);
                if take > 0 {
                    taken += take;
                    prop_assert_eq!(marks.take(take), Some(at(times[taken - 1])));
                }
            }
        }
    }

    #[test]
    fn frames_of_one_read_take_one_place() {
        let mut marks = Marks::default();
        for _ in 0..100 {
            marks.received(10, at(5));
        }
        assert_eq!(marks.queue.len(), 1);
        for _ in 0..100 {
            assert_eq!(marks.take(10), Some(at(5)));
        }
        assert_eq!(marks.take(10), None);
    }
}

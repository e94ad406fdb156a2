//! Finished requests, one column a field.

use std::num::{NonZeroI64, NonZeroU16};
use std::ops::Range;

use crate::http::{ConnectTimes, MonoNs};

use super::gaps::{GapColumn, Gaps};
use super::messages::Messages;
use super::row::RequestRow;
use super::{Drafts, FinishReason, Outcome, PackedUsage, RequestRecord, TurnPlace};

/// Declares the columns once: storage, appending and merging follow.
macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        #[derive(Clone, Debug, Default)]
        struct Columns { $($name: Vec<$kind>,)* }

        struct Cells { $($name: $kind,)* }

        impl Columns {
            fn with_capacity(rows: usize) -> Self {
                Self { $($name: Vec::with_capacity(rows),)* }
            }

            fn push(&mut self, cells: Cells) {
                $(self.$name.push(cells.$name);)*
            }

            fn append(&mut self, other: &Self, rows: Range<usize>) {
                $(self.$name.extend_from_slice(&other.$name[rows.clone()]);)*
            }

            fn shrink(&mut self) {
                $(self.$name.shrink_to_fit();)*
            }
        }

        impl RequestRecords {
            $($(#[$doc])* pub fn $name(&self) -> &[$kind] {
                &self.columns.$name
            })*
        }
    };
}

columns! {
    /// Number of the request in the run.
    id: u64,
    /// Index of the phase.
    phase: u16,
    /// Load thread.
    worker: u16,
    /// Intended send time, monotonic ns.
    intended_ns: i64,
    /// Moment from which it could be sent, monotonic ns; `None` in a closed loop.
    released_ns: Option<NonZeroI64>,
    /// Write of the first byte, monotonic ns.
    start_ns: Option<NonZeroI64>,
    /// Write of the last byte, monotonic ns.
    sent_ns: Option<NonZeroI64>,
    /// Arrival of the first byte of the response, monotonic ns.
    first_byte_ns: Option<NonZeroI64>,
    /// Arrival of the first chunk with text, monotonic ns.
    first_token_ns: Option<NonZeroI64>,
    /// Arrival of the last chunk with text, monotonic ns.
    last_token_ns: Option<NonZeroI64>,
    /// Arrival of the first chunk with text that is no reasoning, monotonic ns.
    first_output_ns: Option<NonZeroI64>,
    /// Arrival of the end, or the moment of failure, monotonic ns.
    end_ns: i64,
    /// HTTP status.
    status: Option<NonZeroU16>,
    /// How the request ended.
    outcome: Outcome,
    /// Why the server stopped generating.
    finish: Option<FinishReason>,
    /// The server's token counts.
    usage: PackedUsage,
    /// Words of the prompt.
    estimated_isl: u32,
    /// `max_tokens` that was asked for.
    requested_osl: Option<u32>,
    /// Tokens of the first chunk with text, if the server counted them there.
    first_chunk_tokens: Option<u32>,
    /// Chunks with text.
    chunks: u32,
    /// Length of the text, escaped as JSON.
    text_bytes: u32,
    /// Images of the prompt.
    images: u32,
    /// Length of the request's body.
    request_bytes: u32,
    /// Length of the response's body.
    response_bytes: u32,
    /// Bytes written to the socket.
    wire_sent: u32,
    /// Bytes read from the socket.
    wire_received: u32,
    /// Reads of the socket.
    reads: u32,
    /// Arrival to reading of the first token, ns.
    first_token_lag_ns: u32,
}

/// Finished requests in the order in which they ended (per load thread).
///
/// About 190 bytes a request and 4 bytes a chunk. Columns have one entry per request; rarely used
/// fields (connect times, error messages) are kept apart. [`RequestRecords::rows`] puts them
/// together again.
#[derive(Clone, Debug, Default)]
pub struct RequestRecords {
    columns: Columns,
    gaps: GapColumn,
    /// Row and times of the requests that opened a connection, by rising row.
    connects: Vec<(usize, ConnectTimes)>,
    /// Row and counts of the requests that the server says something of, by rising row.
    drafts: Vec<(usize, Drafts)>,
    /// Row and place of the turns of conversations, by rising row.
    turns: Vec<(usize, TurnPlace)>,
    /// Row and message of the failed requests, by rising row.
    errors: Vec<(usize, u32)>,
    messages: Messages,
}

impl RequestRecords {
    /// No requests yet, with room for `rows` of them.
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            columns: Columns::with_capacity(rows),
            ..Self::default()
        }
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.columns.id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.id.is_empty()
    }

    /// Appends a finished request.
    pub fn push(&mut self, record: &RequestRecord) {
        let row = self.len();
        if let Some(times) = record.connect {
            self.connects.push((row, times));
        }
        if let Some(drafts) = record.drafts {
            self.drafts.push((row, drafts));
        }
        if let Some(turn) = &record.turn {
            self.turns.push((row, turn.clone()));
        }
        if let Some(error) = &record.error {
            self.errors.push((row, self.messages.intern(error)));
        }
        self.gaps.push(&record.gaps);
        self.columns.push(cells(record));
    }

    /// Appends all requests of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.append(other, 0..other.len());
    }

    /// Appends requests of `other`.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn append(&mut self, other: &Self, rows: Range<usize>) {
        let (first, offset) = (rows.start, self.len());
        for (row, times) in between(&other.connects, &rows) {
            self.connects.push((row - first + offset, *times));
        }
        for (row, drafts) in between(&other.drafts, &rows) {
            self.drafts.push((row - first + offset, *drafts));
        }
        for (row, turn) in between(&other.turns, &rows) {
            self.turns.push((row - first + offset, turn.clone()));
        }
        for (row, message) in between(&other.errors, &rows) {
            let text = other.messages.text(*message).unwrap_or_default();
            let message = self.messages.intern(text);
            self.errors.push((row - first + offset, message));
        }
        self.gaps.append(&other.gaps, rows.clone());
        self.columns.append(&other.columns, rows);
    }

    /// Gives back what room there is to spare.
    pub fn shrink(&mut self) {
        self.columns.shrink();
        self.gaps.shrink();
    }

    /// All requests.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = RequestRow<'_>> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// All gaps of all requests, pooled, in nanoseconds.
    pub fn gaps(&self) -> Gaps<'_> {
        self.gaps.all()
    }

    /// One request.
    ///
    /// # Panics
    /// If `row` is not below [`RequestRecords::len`].
    pub fn row(&self, row: usize) -> RequestRow<'_> {
        let columns = &self.columns;
        RequestRow {
            id: columns.id[row],
            phase: columns.phase[row],
            worker: columns.worker[row],
            intended: MonoNs(columns.intended_ns[row]),
            released: moment(columns.released_ns[row]),
            start: moment(columns.start_ns[row]),
            sent: moment(columns.sent_ns[row]),
            first_byte: moment(columns.first_byte_ns[row]),
            first_token: moment(columns.first_token_ns[row]),
            last_token: moment(columns.last_token_ns[row]),
            first_output: moment(columns.first_output_ns[row]),
            end: MonoNs(columns.end_ns[row]),
            status: columns.status[row].map(NonZeroU16::get),
            outcome: columns.outcome[row],
            finish: columns.finish[row],
            usage: columns.usage[row].into(),
            drafts: sparse(&self.drafts, row).copied(),
            estimated_isl: columns.estimated_isl[row],
            requested_osl: columns.requested_osl[row],
            first_chunk_tokens: columns.first_chunk_tokens[row],
            chunks: columns.chunks[row],
            text_bytes: columns.text_bytes[row],
            images: columns.images[row],
            request_bytes: columns.request_bytes[row],
            response_bytes: columns.response_bytes[row],
            wire_sent: columns.wire_sent[row],
            wire_received: columns.wire_received[row],
            reads: columns.reads[row],
            first_token_lag_ns: columns.first_token_lag_ns[row],
            connect: sparse(&self.connects, row).copied(),
            turn: sparse(&self.turns, row),
            error: sparse(&self.errors, row).and_then(|message| self.messages.text(*message)),
            gaps: self.gaps.row(row),
        }
    }
}

fn cells(record: &RequestRecord) -> Cells {
    // The monotonic clock never reads 0 on a running system, so that 0 is free to mean "never".
    let optional = |at: Option<MonoNs>| at.and_then(|at| NonZeroI64::new(at.0));
    Cells {
        id: record.id,
        phase: record.phase,
        worker: record.worker,
        intended_ns: record.intended.0,
        released_ns: optional(record.released),
        start_ns: optional(record.start),
        sent_ns: optional(record.sent),
        first_byte_ns: optional(record.first_byte),
        first_token_ns: optional(record.first_token),
        last_token_ns: optional(record.last_token),
        first_output_ns: optional(record.first_output),
        end_ns: record.end.0,
        status: record.status.and_then(NonZeroU16::new),
        outcome: record.outcome,
        finish: record.finish,
        usage: record.usage.into(),
        estimated_isl: record.estimated_isl,
        requested_osl: record.requested_osl,
        first_chunk_tokens: record.first_chunk_tokens,
        chunks: record.chunks,
        text_bytes: record.text_bytes,
        images: record.images,
        request_bytes: record.request_bytes,
        response_bytes: record.response_bytes,
        wire_sent: record.wire_sent,
        wire_received: record.wire_received,
        reads: record.reads,
        first_token_lag_ns: record.first_token_lag_ns,
    }
}

fn moment(at: Option<NonZeroI64>) -> Option<MonoNs> {
    at.map(|at| MonoNs(at.get()))
}

fn sparse<T>(entries: &[(usize, T)], row: usize) -> Option<&T> {
    let at = entries.binary_search_by_key(&row, |(row, _)| *row).ok()?;
    Some(&entries[at].1)
}

/// Entries of these rows.
fn between<'a, T>(entries: &'a [(usize, T)], rows: &Range<usize>) -> &'a [(usize, T)] {
    let place = |row: usize| entries.partition_point(|(at, _)| *at < row);
    &entries[place(rows.start)..place(rows.end)]
}

//! Finished requests: rows, and the columns in which they cross the boundary.

mod row;

use abi_stable::std_types::RSlice;

use super::wire;
use crate::abi::{AbiBatch, Column};
use crate::{ErrorKind, PluginError, Result};

pub use row::{Outcome, RequestRow};

const NONE: i64 = i64::MIN;
/// Columns of `i64`, in the order of [`RequestBlock::ints`].
const INTS: [&str; 16] = [
    "request.id",
    "request.start_ns",
    "request.send_delay_ns",
    "request.ttft_ns",
    "request.latency_ns",
    "request.prompt_tokens",
    "request.completion_tokens",
    "request.cached_tokens",
    "request.prompt_estimate",
    "request.requested_tokens",
    "request.end_ns",
    "request.read_lag_ns",
    "request.chunks",
    "request.held_ns",
    "request.reasoning_tokens",
    "request.first_output_ns",
];
/// Columns of `u32`, in the order of [`RequestBlock::words`].
const WORDS: [&str; 3] = ["request.phase", "request.worker", "request.status"];
const OUTCOME: &str = "request.outcome";
const GAPS: &str = "request.gaps_ns";
const GAP_OFFSETS: &str = "request.gap_offsets";
const ERROR_CLASS: &str = "request.error_class";
const ERROR_MESSAGE: &str = "request.error_message";

/// Finished requests as the host hands them over; exporters see them as a [`RequestView`].
#[derive(Debug, Clone, Default)]
pub struct RequestBlock {
    ints: [Vec<i64>; 16],
    words: [Vec<u32>; 3],
    outcome: Vec<u8>,
    gaps: Vec<i64>,
    gap_offsets: Vec<u32>,
    error_class: Vec<u32>,
    error_message: Vec<u32>,
    text: Vec<u8>,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "blocks hold far fewer than 2^32 bytes"
)]
fn narrow(len: usize) -> u32 {
    len as u32
}

impl RequestBlock {
    /// Number of requests.
    pub fn len(&self) -> usize {
        self.outcome.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.outcome.is_empty()
    }

    /// Adds a request.
    pub fn push(&mut self, row: &RequestRow<'_>) {
        let ints = [
            row.id,
            row.start_ns,
            row.send_delay_ns.unwrap_or(NONE),
            row.ttft_ns.unwrap_or(NONE),
            row.latency_ns.unwrap_or(NONE),
            row.prompt_tokens.unwrap_or(NONE),
            row.completion_tokens.unwrap_or(NONE),
            row.cached_tokens.unwrap_or(NONE),
            row.prompt_estimate,
            row.requested_tokens,
            row.end_ns,
            row.read_lag_ns,
            row.chunks,
            row.held_ns.unwrap_or(NONE),
            row.reasoning_tokens.unwrap_or(NONE),
            row.first_output_ns.unwrap_or(NONE),
        ];
        for (column, value) in self.ints.iter_mut().zip(ints) {
            column.push(value);
        }
        for (column, value) in self
            .words
            .iter_mut()
            .zip([row.phase, row.worker, row.status])
        {
            column.push(value);
        }
        self.outcome.push(row.outcome as u8);
        if self.gap_offsets.is_empty() {
            self.gap_offsets.push(0);
        }
        self.gaps.extend_from_slice(row.gaps_ns);
        self.gap_offsets.push(narrow(self.gaps.len()));
        for (text, column) in [
            (row.error_class, &mut self.error_class),
            (row.error_message, &mut self.error_message),
        ] {
            let start = narrow(self.text.len());
            self.text.extend_from_slice(text.as_bytes());
            column.extend([start, narrow(self.text.len())]);
        }
    }

    /// The block as bytes, appended to `bytes`. For [`RequestBlock::from_bytes`] of the same program
    /// only.
    pub fn to_bytes(&self, bytes: &mut Vec<u8>) {
        self.ints.iter().for_each(|column| wire::put(bytes, column));
        self.words
            .iter()
            .for_each(|column| wire::put(bytes, column));
        wire::put(bytes, &self.outcome);
        wire::put(bytes, &self.gaps);
        wire::put(bytes, &self.gap_offsets);
        wire::put(bytes, &self.error_class);
        wire::put(bytes, &self.error_message);
        wire::put(bytes, &self.text);
    }

    /// The block that [`RequestBlock::to_bytes`] wrote.
    ///
    /// # Errors
    /// If `bytes` are anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self> {
        let bytes = &mut bytes;
        let mut block = Self::default();
        for column in &mut block.ints {
            *column = wire::take(bytes)?;
        }
        for column in &mut block.words {
            *column = wire::take(bytes)?;
        }
        block.outcome = wire::take(bytes)?;
        block.gaps = wire::take(bytes)?;
        block.gap_offsets = wire::take(bytes)?;
        block.error_class = wire::take(bytes)?;
        block.error_message = wire::take(bytes)?;
        block.text = wire::take(bytes)?;
        Ok(block)
    }

    /// Bytes that it takes in memory, roughly.
    pub fn weight(&self) -> usize {
        // Twelve columns of eight bytes, and about as many smaller ones.
        144 * self.len() + 8 * self.gaps.len() + self.text.len()
    }

    pub(crate) fn with_abi<T>(&self, with: impl FnOnce(AbiBatch<'_>) -> T) -> T {
        let mut columns = Vec::with_capacity(INTS.len() + WORDS.len() + 5);
        columns.extend(
            INTS.iter()
                .zip(&self.ints)
                .map(|(name, data)| Column::i64s(name, data)),
        );
        columns.extend(
            WORDS
                .iter()
                .zip(&self.words)
                .map(|(name, data)| Column::u32s(name, data)),
        );
        columns.push(Column::u8s(OUTCOME, &self.outcome));
        columns.push(Column::i64s(GAPS, &self.gaps));
        columns.push(Column::u32s(GAP_OFFSETS, &self.gap_offsets));
        columns.push(Column::u32s(ERROR_CLASS, &self.error_class));
        columns.push(Column::u32s(ERROR_MESSAGE, &self.error_message));
        with(AbiBatch {
            text: self.text.as_slice().into(),
            extra: RSlice::EMPTY,
            columns: columns.as_slice().into(),
        })
    }
}

/// Finished requests. Columns that a host does not send read as "unknown".
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    ints: [&'a [i64]; 16],
    words: [&'a [u32]; 3],
    outcome: &'a [u8],
    gaps: &'a [i64],
    gap_offsets: &'a [u32],
    error_class: &'a [u32],
    error_message: &'a [u32],
    text: &'a [u8],
}

impl<'a> RequestView<'a> {
    pub(crate) fn read(batch: AbiBatch<'a>) -> Result<Self> {
        let columns = batch.columns.as_slice();
        let find = |name: &str| columns.iter().find(|column| column.name.as_str() == name);
        let i64s = |name| find(name).map_or(&[][..], |column| column.i64s.as_slice());
        let u32s = |name| find(name).map_or(&[][..], |column| column.u32s.as_slice());
        let outcome = find(OUTCOME)
            .ok_or_else(|| PluginError::new(ErrorKind::Format, "request view without outcomes"))?;
        Ok(Self {
            ints: INTS.map(i64s),
            words: WORDS.map(u32s),
            outcome: outcome.u8s.as_slice(),
            gaps: i64s(GAPS),
            gap_offsets: u32s(GAP_OFFSETS),
            error_class: u32s(ERROR_CLASS),
            error_message: u32s(ERROR_MESSAGE),
            text: batch.text.as_slice(),
        })
    }

    /// Number of requests.
    pub fn len(&self) -> usize {
        self.outcome.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.outcome.is_empty()
    }

    fn text(&self, column: &[u32], row: usize) -> &'a str {
        column
            .get(2 * row..2 * row + 2)
            .and_then(|pair| self.text.get(pair[0] as usize..pair[1] as usize))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    fn gaps(&self, row: usize) -> &'a [i64] {
        let bounds = self.gap_offsets.get(row).zip(self.gap_offsets.get(row + 1));
        bounds
            .and_then(|(start, end)| self.gaps.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }

    fn row(&self, row: usize) -> RequestRow<'a> {
        let known = |column: usize| self.ints[column].get(row).copied().filter(|v| *v != NONE);
        let word = |column: usize| self.words[column].get(row).copied().unwrap_or_default();
        RequestRow {
            id: known(0).unwrap_or_default(),
            start_ns: known(1).unwrap_or_default(),
            send_delay_ns: known(2),
            ttft_ns: known(3),
            latency_ns: known(4),
            prompt_tokens: known(5),
            completion_tokens: known(6),
            cached_tokens: known(7),
            prompt_estimate: known(8).unwrap_or_default(),
            requested_tokens: known(9).unwrap_or_default(),
            end_ns: known(10).unwrap_or_default(),
            read_lag_ns: known(11).unwrap_or_default(),
            chunks: known(12).unwrap_or_default(),
            held_ns: known(13),
            reasoning_tokens: known(14),
            first_output_ns: known(15),
            phase: word(0),
            worker: word(1),
            status: word(2),
            outcome: Outcome::from_u8(self.outcome.get(row).copied().unwrap_or(1)),
            gaps_ns: self.gaps(row),
            error_class: self.text(self.error_class, row),
            error_message: self.text(self.error_message, row),
        }
    }

    /// The requests, in the order of their end.
    pub fn rows(&self) -> impl Iterator<Item = RequestRow<'a>> + '_ {
        (0..self.len()).map(|row| self.row(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_the_crossing() {
        let rows = [
            RequestRow {
                id: 7,
                phase: 1,
                worker: 2,
                status: 200,
                start_ns: 1_730_000_000_000_000_000,
                send_delay_ns: Some(12),
                held_ns: Some(5),
                end_ns: 160,
                read_lag_ns: 9,
                chunks: 3,
                ttft_ns: Some(50),
                latency_ns: Some(150),
                completion_tokens: Some(3),
                reasoning_tokens: Some(1),
                first_output_ns: Some(90),
                gaps_ns: &[40, 60],
                ..RequestRow::default()
            },
            RequestRow {
                outcome: Outcome::Failed,
                error_class: "http_500",
                error_message: "boom",
                ..RequestRow::default()
            },
        ];
        let mut block = RequestBlock::default();
        for row in &rows {
            block.push(row);
        }
        block.with_abi(|batch| {
            let view = RequestView::read(batch).unwrap();
            assert_eq!(view.rows().collect::<Vec<_>>(), rows);
        });
        let mut bytes = Vec::new();
        block.to_bytes(&mut bytes);
        assert!(RequestBlock::from_bytes(&bytes[1..]).is_err());
        RequestBlock::from_bytes(&bytes).unwrap().with_abi(|batch| {
            let view = RequestView::read(batch).unwrap();
            assert_eq!(view.rows().collect::<Vec<_>>(), rows);
        });
    }
}

//! The host's side: finished requests on their way to exporters.

use abi_stable::std_types::RSlice;

use super::RequestRow;
use super::columns::{
    CONVERSATION_ID, ERROR_CLASS, ERROR_MESSAGE, GAP_OFFSETS, GAPS, INTS, NONE, OUTCOME, WORDS,
};
use crate::Result;
use crate::abi::{AbiBatch, Column};
use crate::view::wire;

/// Finished requests as the host hands them over; exporters see them as a [`RequestView`].
#[derive(Debug, Clone, Default)]
pub struct RequestBlock {
    ints: [Vec<i64>; INTS.len()],
    words: [Vec<u32>; WORDS.len()],
    outcome: Vec<u8>,
    gaps: Vec<i64>,
    gap_offsets: Vec<u32>,
    error_class: Vec<u32>,
    error_message: Vec<u32>,
    conversation_id: Vec<u32>,
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
            row.session_num.unwrap_or(NONE),
            row.turn_index.unwrap_or(NONE),
            row.dns_ns.unwrap_or(NONE),
            row.connecting_ns.unwrap_or(NONE),
            row.tls_ns.unwrap_or(NONE),
            row.sending_ns.unwrap_or(NONE),
            row.waiting_ns.unwrap_or(NONE),
            row.data_sent.unwrap_or(NONE),
            row.data_received.unwrap_or(NONE),
            row.socket_reads.unwrap_or(NONE),
            row.cache_write_tokens.unwrap_or(NONE),
            row.accepted_prediction_tokens.unwrap_or(NONE),
            row.rejected_prediction_tokens.unwrap_or(NONE),
            row.spec_decode_steps.unwrap_or(NONE),
            row.draft_tokens.unwrap_or(NONE),
            row.accepted_draft_tokens.unwrap_or(NONE),
        ];
        for (column, value) in self.ints.iter_mut().zip(ints) {
            column.push(value);
        }
        for (column, value) in self
            .words
            .iter_mut()
            .zip([row.phase, row.worker, row.status, row.images])
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
            (row.conversation_id, &mut self.conversation_id),
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
        wire::put(bytes, &self.conversation_id);
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
        block.conversation_id = wire::take(bytes)?;
        block.text = wire::take(bytes)?;
        Ok(block)
    }

    /// Bytes that it takes in memory, roughly.
    pub fn weight(&self) -> usize {
        // Columns of eight bytes, and half a dozen smaller ones.
        (8 * INTS.len() + 56) * self.len() + 8 * self.gaps.len() + self.text.len()
    }

    pub(crate) fn with_abi<T>(&self, with: impl FnOnce(AbiBatch<'_>) -> T) -> T {
        let mut columns = Vec::with_capacity(INTS.len() + WORDS.len() + 6);
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
        columns.push(Column::u32s(CONVERSATION_ID, &self.conversation_id));
        with(AbiBatch {
            text: self.text.as_slice().into(),
            extra: RSlice::EMPTY,
            columns: columns.as_slice().into(),
        })
    }
}

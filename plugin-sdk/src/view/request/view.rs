//! The exporter's side: finished requests as they came.

use super::columns::{
    CONVERSATION_ID, ERROR_CLASS, ERROR_MESSAGE, GAP_OFFSETS, GAPS, INTS, NONE, OUTCOME, WORDS,
};
use super::{Outcome, RequestRow};
use crate::abi::AbiBatch;
use crate::{ErrorKind, PluginError, Result};

/// Finished requests. Columns that a host does not send read as "unknown".
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    ints: [&'a [i64]; INTS.len()],
    words: [&'a [u32]; WORDS.len()],
    outcome: &'a [u8],
    gaps: &'a [i64],
    gap_offsets: &'a [u32],
    error_class: &'a [u32],
    error_message: &'a [u32],
    conversation_id: &'a [u32],
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
            conversation_id: u32s(CONVERSATION_ID),
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
            session_num: known(16),
            turn_index: known(17),
            dns_ns: known(18),
            connecting_ns: known(19),
            tls_ns: known(20),
            sending_ns: known(21),
            waiting_ns: known(22),
            data_sent: known(23),
            data_received: known(24),
            socket_reads: known(25),
            cache_write_tokens: known(26),
            accepted_prediction_tokens: known(27),
            rejected_prediction_tokens: known(28),
            spec_decode_steps: known(29),
            draft_tokens: known(30),
            accepted_draft_tokens: known(31),
            conversation_id: self.text(self.conversation_id, row),
            phase: word(0),
            worker: word(1),
            status: word(2),
            images: word(3),
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

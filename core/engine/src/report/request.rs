//! What the times of one complete request make.

use crate::http::MonoNs;
use crate::load::RequestRow;

const NS_PER_MS: f64 = 1e6;

/// Durations and lengths of a complete request. All metrics of single requests are made of these, and
/// the limits of `[goodput]` are held against the same numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// First byte sent to the last chunk with text, or to the end of a body that is no stream.
    pub(super) latency_ms: f64,
    /// Intended to actual send.
    pub(super) delay_ms: f64,
    /// First byte sent to the first chunk with text.
    pub(super) ttft_ms: Option<f64>,
    /// Gap between the first two chunks with text.
    pub(super) second_ms: Option<f64>,
    /// First byte sent to the first chunk with text that is no reasoning.
    pub(super) first_output_ms: Option<f64>,
    /// Time for each output token after the first.
    pub(super) itl_ms: Option<f64>,
    /// Tokens of the answer; `None` if they are not known.
    pub(super) output: Option<f64>,
    /// Tokens of the prompt, perhaps estimated.
    pub(super) input: f64,
}

impl Measured {
    /// Of a request whose first byte was sent at `start`.
    pub(super) fn of(row: &RequestRow<'_>, start: MonoNs) -> Self {
        let output = output_of(row).map(f64::from);
        let latency_ms = ms(row.last_token.unwrap_or(row.end).since(start));
        let ttft_ms = row.first_token.map(|first| ms(first.since(start)));
        let tokens = output.filter(|output| *output > 1.0);
        let itl_ms = ttft_ms
            .zip(tokens)
            .map(|(ttft, tokens)| (latency_ms - ttft) / (tokens - 1.0));
        Self {
            latency_ms,
            delay_ms: ms(start.since(row.intended)),
            ttft_ms,
            second_ms: row.first_token.and(row.gaps.clone().next()).map(gap_ms),
            first_output_ms: row.first_output.map(|output| ms(output.since(start))),
            itl_ms,
            output,
            input: input_of(row),
        }
    }

    /// Output tokens per second after the first token.
    pub(super) fn per_user(&self) -> Option<f64> {
        self.itl_ms.filter(|itl| *itl > 0.0).map(|itl| 1e3 / itl)
    }

    /// Prompt tokens per second until the first token.
    pub(super) fn prefill(&self) -> Option<f64> {
        let ttft = self.ttft_ms.filter(|ttft| *ttft > 0.0)?;
        Some(1e3 * self.input / ttft)
    }

    /// Output tokens per second of the whole request.
    pub(super) fn end_to_end(&self) -> Option<f64> {
        let output = self.output.filter(|_| self.latency_ms > 0.0)?;
        Some(1e3 * output / self.latency_ms)
    }
}

/// Milliseconds of nanoseconds.
pub(super) fn ms(ns: i64) -> f64 {
    ns as f64 / NS_PER_MS
}

/// The same of a gap.
pub(super) fn gap_ms(ns: u64) -> f64 {
    ns as f64 / NS_PER_MS
}

/// Tokens of an answer: the server's count, else its chunks; `None` if it has no chunks.
fn output_of(row: &RequestRow<'_>) -> Option<u32> {
    let chunks = Some(row.chunks).filter(|&chunks| chunks > 0);
    row.usage.completion_tokens.or(chunks)
}

/// Tokens of a prompt: the server's count, else what was estimated.
fn input_of(row: &RequestRow<'_>) -> f64 {
    f64::from(row.usage.prompt_tokens.unwrap_or(row.estimated_isl))
}

//! What complete requests say beyond first token, gaps and latency.

use crate::load::RequestRow;
use crate::report::label::{self, Metrics};
use crate::report::request::Measured;
use crate::report::values::Values;

/// An answer is as long as was asked for if it misses by no more than this share, and by no more than
/// this number of tokens.
const OSL_SHARE: f64 = 0.05;
const OSL_TOKENS: f64 = 50.0;

/// Values of one slice of a phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Details {
    second_ms: Values,
    first_output_ms: Values,
    /// Requests whose first token was reasoning.
    thought: u64,
    /// From the first token to the last.
    decode_ms: Values,
    /// Tokens per second of the whole request.
    end_to_end: Values,
    /// Tokens per second until the first token.
    prefill: Values,
    visible: Values,
    reasoning: Values,
    /// In percent of the tokens asked for.
    mismatch: Values,
    mismatched: u64,
    cached: Values,
    /// Prompt tokens that were in no cache.
    missed: Values,
    cache_written: Values,
    accepted_predictions: Values,
    rejected_predictions: Values,
    /// Images of the prompts that had some, how many a second, and the time of each.
    images: Values,
    images_per_second: Values,
    image_ms: Values,
    /// Prompt tokens of the requests that said how many were cached, and those.
    cached_of: (f64, f64),
    /// Prompt tokens of all requests.
    input: f64,
}

impl Details {
    /// Makes statistics of all values up to now.
    pub(super) fn settle(&mut self) {
        self.values().into_iter().for_each(Values::settle);
    }

    /// Adds all that another one holds.
    pub(super) fn merge(&mut self, other: &mut Self) {
        for (values, more) in self.values().into_iter().zip(other.values()) {
            values.merge(more);
        }
        self.thought += other.thought;
        self.mismatched += other.mismatched;
        self.cached_of.0 += other.cached_of.0;
        self.cached_of.1 += other.cached_of.1;
        self.input += other.input;
    }

    fn values(&mut self) -> [&mut Values; 16] {
        [
            &mut self.second_ms,
            &mut self.first_output_ms,
            &mut self.decode_ms,
            &mut self.end_to_end,
            &mut self.prefill,
            &mut self.visible,
            &mut self.reasoning,
            &mut self.mismatch,
            &mut self.cached,
            &mut self.missed,
            &mut self.cache_written,
            &mut self.accepted_predictions,
            &mut self.rejected_predictions,
            &mut self.images,
            &mut self.images_per_second,
            &mut self.image_ms,
        ]
    }

    /// Adds what is known when a request has ended.
    pub(super) fn ended(&mut self, row: &RequestRow<'_>, measured: &Measured) {
        let usage = &row.usage;
        self.input += measured.input;
        if let Some(ttft) = measured.ttft_ms {
            self.decode_ms.push(measured.latency_ms - ttft);
        }
        if let Some(speed) = measured.end_to_end() {
            self.end_to_end.push(speed);
        }
        let output = usage.completion_tokens.map(f64::from);
        if let (Some(reasoning), Some(output)) = (usage.reasoning_tokens.map(f64::from), output) {
            self.reasoning.push(reasoning);
            self.visible.push((output - reasoning).max(0.0));
        }
        if let (Some(asked), Some(output)) = (row.requested_osl.map(f64::from), output) {
            let difference = output - asked;
            self.mismatch.push(100.0 * difference / asked.max(1.0));
            let allowed = OSL_TOKENS.min(OSL_SHARE * asked);
            self.mismatched += u64::from(difference.abs() > allowed);
        }
        if let (Some(cached), Some(prompt)) = (usage.cached_tokens, usage.prompt_tokens) {
            self.cached.push(f64::from(cached));
            self.missed.push(f64::from(prompt.saturating_sub(cached)));
            self.cached_of.0 += f64::from(prompt);
            self.cached_of.1 += f64::from(cached);
        }
        self.images(f64::from(row.images), measured.latency_ms);
        for (values, count) in [
            (&mut self.cache_written, usage.cache_write_tokens),
            (
                &mut self.accepted_predictions,
                usage.accepted_prediction_tokens,
            ),
            (
                &mut self.rejected_predictions,
                usage.rejected_prediction_tokens,
            ),
        ] {
            if let Some(count) = count {
                values.push(f64::from(count));
            }
        }
    }

    fn images(&mut self, images: f64, latency_ms: f64) {
        if images == 0.0 {
            return;
        }
        self.images.push(images);
        self.image_ms.push(latency_ms / images);
        if latency_ms > 0.0 {
            self.images_per_second.push(1e3 * images / latency_ms);
        }
    }

    /// Adds a first token.
    pub(super) fn first_token(&mut self, measured: &Measured) {
        if let Some(prefill) = measured.prefill() {
            self.prefill.push(prefill);
        }
    }

    /// Adds the time from the first chunk to the second.
    pub(super) fn second_token(&mut self, gap_ms: f64) {
        self.second_ms.push(gap_ms);
    }

    /// Adds a first token that is no reasoning. `thought`: reasoning came before it.
    pub(super) fn first_output(&mut self, output_ms: f64, thought: bool) {
        self.first_output_ms.push(output_ms);
        self.thought += u64::from(thought);
    }

    /// Times of tokens, in the order of the tables.
    pub(super) fn add_times(&mut self, metrics: &mut Metrics) {
        metrics.spread(label::TTST, std::mem::take(&mut self.second_ms));
        // Where nobody thinks it is the time to the first token again.
        if self.thought > 0 {
            metrics.spread(label::TTFOT, std::mem::take(&mut self.first_output_ms));
        }
    }

    /// Time from the first token to the last.
    pub(super) fn add_decode(&mut self, metrics: &mut Metrics) {
        metrics.spread(label::DECODE, std::mem::take(&mut self.decode_ms));
    }

    /// Speed of whole requests.
    pub(super) fn add_speed(&mut self, metrics: &mut Metrics) {
        metrics.spread(label::END_TO_END, std::mem::take(&mut self.end_to_end));
    }

    /// Counts of tokens.
    pub(super) fn add_counts(&mut self, metrics: &mut Metrics) {
        let (prompt, cached) = self.cached_of;
        let share = Some(100.0 * cached / prompt).filter(|_| prompt > 0.0);
        let compared = self.mismatch.len();
        metrics.spread(label::VISIBLE, std::mem::take(&mut self.visible));
        metrics.spread(label::REASONING, std::mem::take(&mut self.reasoning));
        metrics.spread(label::OSL_MISMATCH, std::mem::take(&mut self.mismatch));
        if compared > 0 {
            metrics.single(label::OSL_MISMATCHES, Some(self.mismatched as f64));
        }
        if self.cached.len() > 0 {
            metrics.spread(label::CACHED, std::mem::take(&mut self.cached));
            metrics.single(label::CACHED_SHARE, share);
            metrics.spread(label::CACHE_MISSED, std::mem::take(&mut self.missed));
        }
        for (label, values) in [
            (label::CACHE_WRITTEN, &mut self.cache_written),
            (label::PREDICTED, &mut self.accepted_predictions),
            (label::MISPREDICTED, &mut self.rejected_predictions),
            (label::IMAGES, &mut self.images),
            (label::IMAGE_SPEED, &mut self.images_per_second),
            (label::IMAGE_LATENCY, &mut self.image_ms),
        ] {
            metrics.spread(label, std::mem::take(values));
        }
        metrics.spread(label::PREFILL, std::mem::take(&mut self.prefill));
    }

    /// Prompt tokens of all requests.
    pub(super) fn input(&self) -> f64 {
        self.input
    }
}

//! Token counts as the server reports them.

use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// The server's token counts of one request. What it did not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireUsage")]
pub struct Usage {
    /// Tokens of the prompt, cached ones and the chat template's included.
    pub prompt_tokens: Option<u32>,
    /// Tokens generated, reasoning and invisible ones included.
    pub completion_tokens: Option<u32>,
    /// Prompt tokens taken from the server's cache.
    pub cached_tokens: Option<u32>,
    /// Prompt tokens put into the server's cache.
    pub cache_write_tokens: Option<u32>,
    /// Generated tokens that were reasoning.
    pub reasoning_tokens: Option<u32>,
    /// Tokens of the predicted output that the answer has.
    pub accepted_prediction_tokens: Option<u32>,
    /// Tokens of the predicted output that the answer does not have.
    pub rejected_prediction_tokens: Option<u32>,
}

impl Usage {
    /// Of an answer that is no text: some servers write that they generated 0 tokens.
    pub(super) fn without_output(self) -> Self {
        Self {
            completion_tokens: None,
            reasoning_tokens: None,
            accepted_prediction_tokens: None,
            rejected_prediction_tokens: None,
            ..self
        }
    }

    /// Takes over what is known later: counts come together or one by one, and grow.
    pub(in crate::load) fn update(&mut self, later: Self) {
        self.prompt_tokens = later.prompt_tokens.or(self.prompt_tokens);
        self.completion_tokens = later.completion_tokens.or(self.completion_tokens);
        self.cached_tokens = later.cached_tokens.or(self.cached_tokens);
        self.cache_write_tokens = later.cache_write_tokens.or(self.cache_write_tokens);
        self.reasoning_tokens = later.reasoning_tokens.or(self.reasoning_tokens);
        self.accepted_prediction_tokens = later
            .accepted_prediction_tokens
            .or(self.accepted_prediction_tokens);
        self.rejected_prediction_tokens = later
            .rejected_prediction_tokens
            .or(self.rejected_prediction_tokens);
    }
}

/// [`Usage`] in half of the memory: one is kept for each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedUsage([u32; 7]);

/// Nobody counts as many tokens.
const UNKNOWN: u32 = u32::MAX;

impl From<Usage> for PackedUsage {
    fn from(usage: Usage) -> Self {
        let counts = [
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens,
            usage.cache_write_tokens,
            usage.reasoning_tokens,
            usage.accepted_prediction_tokens,
            usage.rejected_prediction_tokens,
        ];
        Self(counts.map(|count| count.unwrap_or(UNKNOWN)))
    }
}

impl From<PackedUsage> for Usage {
    fn from(PackedUsage(counts): PackedUsage) -> Self {
        let known = |count| Some(count).filter(|count| *count != UNKNOWN);
        let [
            prompt,
            completion,
            cached,
            written,
            reasoning,
            accepted,
            rejected,
        ] = counts.map(known);
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            cached_tokens: cached,
            cache_write_tokens: written,
            reasoning_tokens: reasoning,
            accepted_prediction_tokens: accepted,
            rejected_prediction_tokens: rejected,
        }
    }
}

/// `usage` of a response, under the names of all APIs.
#[derive(Debug, Deserialize)]
struct WireUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Option<CompletionDetails>,
    #[serde(default)]
    input_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    output_tokens_details: Option<CompletionDetails>,
    /// Anthropic counts these beside `input_tokens`, and not among them.
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: Option<u64>,
    /// The cached tokens, as `DeepSeek` has them.
    #[serde(default, deserialize_with = "count")]
    prompt_cache_hit_tokens: Option<u64>,
    /// Where some servers put them instead of into the details.
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
    /// vLLM's chat has a name of its own.
    #[serde(default, alias = "created_cache_tokens", deserialize_with = "count")]
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
struct CompletionDetails {
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    accepted_prediction_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    rejected_prediction_tokens: Option<u64>,
}

/// A whole number, also if it is written as `5.0`; anything else is unknown, and costs no
/// request.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    Ok(number.and_then(|number| number.as_u64().or_else(|| whole(number.as_f64()?))))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number within the range of u32"
)]
fn whole(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    fits.then_some(number as u64)
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        // The largest stands for what is unknown: see `PackedUsage`.
        let small = |count: Option<u64>| {
            let count = u32::try_from(count?).ok()?;
            (count != UNKNOWN).then_some(count)
        };
        let read = usage.cache_read_input_tokens;
        let written = usage.cache_creation_input_tokens;
        let apart = read
            .unwrap_or_default()
            .saturating_add(written.unwrap_or_default());
        let input = usage
            .input_tokens
            .map(|tokens| tokens.saturating_add(apart));
        let prompt = usage.prompt_tokens_details.or(usage.input_tokens_details);
        let completion = usage
            .completion_tokens_details
            .or(usage.output_tokens_details);
        let prompt = prompt.map_or((None, None), |details| {
            (details.cached_tokens, details.cache_write_tokens)
        });
        let cached = prompt.0.or(read).or(usage.prompt_cache_hit_tokens);
        let completion = completion.as_ref();
        let reasoning = completion.and_then(|details| details.reasoning_tokens);
        let accepted = completion.and_then(|details| details.accepted_prediction_tokens);
        let rejected = completion.and_then(|details| details.rejected_prediction_tokens);
        Self {
            prompt_tokens: small(usage.prompt_tokens.or(input)),
            completion_tokens: small(usage.completion_tokens.or(usage.output_tokens)),
            cached_tokens: small(cached),
            cache_write_tokens: small(prompt.1.or(written)),
            reasoning_tokens: small(reasoning.or(usage.reasoning_tokens)),
            accepted_prediction_tokens: small(accepted),
            rejected_prediction_tokens: small(rejected),
        }
    }
}

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
}

impl Usage {
    /// Of an answer that is no text: some servers write that they generated 0 tokens.
    pub(super) fn without_output(self) -> Self {
        Self {
            completion_tokens: None,
            reasoning_tokens: None,
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
    /// Where some servers put them instead of into the details.
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct CompletionDetails {
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: Option<u64>,
}

/// A whole number, also if it is written as `5.0`; anything else is unknown, and costs no request.
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
        let small =
            |count: Option<u64>| count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let read = usage.cache_read_input_tokens;
        let written = usage.cache_creation_input_tokens;
        let apart = read.unwrap_or_default() + written.unwrap_or_default();
        let input = usage.input_tokens.map(|tokens| tokens + apart);
        let prompt = usage.prompt_tokens_details.or(usage.input_tokens_details);
        let completion = usage
            .completion_tokens_details
            .or(usage.output_tokens_details);
        let cached = prompt.and_then(|details| details.cached_tokens);
        let reasoning = completion.and_then(|details| details.reasoning_tokens);
        Self {
            prompt_tokens: small(usage.prompt_tokens.or(input)),
            completion_tokens: small(usage.completion_tokens.or(usage.output_tokens)),
            cached_tokens: small(cached.or(read)),
            cache_write_tokens: small(written),
            reasoning_tokens: small(reasoning.or(usage.reasoning_tokens)),
        }
    }
}

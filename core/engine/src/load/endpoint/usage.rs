//! Token counts as the server reports them.

use serde::Deserialize;

/// The server's token counts of one request. What it did not say is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones and the chat template's included.
    pub prompt_tokens: Option<u32>,
    /// Tokens generated, reasoning and invisible ones included.
    pub completion_tokens: Option<u32>,
    /// Prompt tokens taken from the server's cache.
    pub cached_tokens: Option<u32>,
    /// Generated tokens that were reasoning.
    pub reasoning_tokens: Option<u32>,
}

/// `usage` of a response.
#[derive(Debug, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Option<CompletionDetails>,
    /// Where some servers put them instead of into the details.
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let small =
            |count: Option<u64>| count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let detailed = usage
            .completion_tokens_details
            .and_then(|details| details.reasoning_tokens);
        Self {
            prompt_tokens: small(usage.prompt_tokens),
            completion_tokens: small(usage.completion_tokens),
            cached_tokens: small(
                usage
                    .prompt_tokens_details
                    .and_then(|details| details.cached_tokens),
            ),
            reasoning_tokens: small(detailed.or(usage.reasoning_tokens)),
        }
    }
}

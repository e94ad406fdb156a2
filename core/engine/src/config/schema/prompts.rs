//! `[prompts]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What requests ask, beside the lengths in `[load]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PromptsConfig {
    /// Texts in one request, such as those to embed.
    #[schemars(range(min = 1, max = 100_000))]
    pub batch_size: u32,
    /// Length of a system prompt that all requests share, in tokens. 0: none.
    #[schemars(range(max = 10_000_000))]
    pub shared_system_prompt_length: u32,
    /// How many beginnings of prompts there are; each request has one of them, drawn at random.
    #[schemars(range(max = 1_000_000))]
    pub num_prefix_prompts: u32,
    /// Length of these beginnings, in tokens; `isl` counts what follows.
    #[schemars(range(max = 10_000_000))]
    pub prefix_prompt_length: u32,
    /// Passages of a ranking: mean number.
    #[schemars(range(min = 1))]
    pub rankings_passages_mean: f64,
    /// Standard deviation of `rankings_passages_mean`.
    #[schemars(range(min = 0))]
    pub rankings_passages_stddev: f64,
    /// Mean number of tokens of a passage.
    #[schemars(range(min = 1))]
    pub rankings_passages_prompt_token_mean: f64,
    /// Standard deviation of `rankings_passages_prompt_token_mean`.
    #[schemars(range(min = 0))]
    pub rankings_passages_prompt_token_stddev: f64,
    /// Mean number of tokens of the query of a ranking.
    #[schemars(range(min = 1))]
    pub rankings_query_prompt_token_mean: f64,
    /// Standard deviation of `rankings_query_prompt_token_mean`.
    #[schemars(range(min = 0))]
    pub rankings_query_prompt_token_stddev: f64,
}

impl Default for PromptsConfig {
    fn default() -> Self {
        Self {
            batch_size: 1,
            shared_system_prompt_length: 0,
            num_prefix_prompts: 0,
            prefix_prompt_length: 0,
            rankings_passages_mean: 1.0,
            rankings_passages_stddev: 0.0,
            rankings_passages_prompt_token_mean: 550.0,
            rankings_passages_prompt_token_stddev: 0.0,
            rankings_query_prompt_token_mean: 550.0,
            rankings_query_prompt_token_stddev: 0.0,
        }
    }
}

//! `[prompts]`.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::UnitDuration;

/// What requests ask, beside the lengths in `[load]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PromptsConfig {
    /// File to take prompts from. Without it they are made up, with the lengths of `[load]`.
    pub input_file: Option<PathBuf>,
    /// Form of `input_file`. Without it, its name and its first record tell.
    pub custom_dataset_type: Option<DatasetType>,
    /// In which order the prompts of `input_file` are sent.
    pub dataset_sampling_strategy: SamplingStrategy,
    /// Local `tokenizer.json`, or the folder of one, that counts the tokens of prompts where the server
    /// does not, and makes the lengths of made-up prompts exact. Needs a program built with the feature `tokenizer`.
    pub tokenizer: Option<PathBuf>,
    /// Texts in one request, such as those to embed.
    #[schemars(range(min = 1, max = 100_000))]
    pub batch_size: u32,
    /// Length of a system prompt that all requests share, in tokens. 0: none.
    #[schemars(range(max = 10_000_000))]
    pub shared_system_prompt_length: u32,
    /// System prompt of all requests, but for those of `input_file` that have their own.
    #[schemars(length(min = 1))]
    pub system_prompt: Option<String>,
    /// How many beginnings of prompts there are; each request has one of them, drawn at random.
    #[schemars(range(max = 1_000_000))]
    pub num_prefix_prompts: u32,
    /// Length of these beginnings, in tokens; `isl` counts what follows.
    #[schemars(range(max = 10_000_000))]
    pub prefix_prompt_length: u32,
    /// Mean number of turns of a made-up conversation. Each turn is sent with all that was said before, after
    /// the answer to the last one.
    #[schemars(range(min = 1, max = 100_000))]
    pub conversation_turn_mean: f64,
    /// Standard deviation of `conversation_turn_mean`.
    #[schemars(range(min = 0, max = 100_000))]
    pub conversation_turn_stddev: f64,
    /// Mean pause of a made-up conversation between an answer and the next turn.
    pub conversation_turn_delay_mean: UnitDuration,
    /// Standard deviation of `conversation_turn_delay_mean`.
    pub conversation_turn_delay_stddev: UnitDuration,
    /// What all pauses are multiplied by, those of `input_file` too.
    #[schemars(range(min = 0))]
    pub conversation_turn_delay_ratio: f64,
    /// Longest pause. Default: no limit.
    pub inter_turn_delay_cap: Option<UnitDuration>,
    /// Images in each request, if there are any: `image_width_mean` and `image_height_mean`, or
    /// `image_source`.
    #[schemars(range(min = 1, max = 10_000))]
    pub image_batch_size: u32,
    /// Mean width of images of random pixels. 0: no images.
    #[schemars(range(min = 0, max = 32_768))]
    pub image_width_mean: f64,
    /// Standard deviation of `image_width_mean`, in pixels.
    #[schemars(range(min = 0))]
    pub image_width_stddev: f64,
    /// Mean height of images of random pixels. 0: no images.
    #[schemars(range(min = 0, max = 32_768))]
    pub image_height_mean: f64,
    /// Standard deviation of `image_height_mean`, in pixels.
    #[schemars(range(min = 0))]
    pub image_height_stddev: f64,
    /// Different images of random pixels; requests take turns with them. All are in memory.
    #[schemars(range(min = 1, max = 100_000))]
    pub image_pool_size: u32,
    /// Image, or folder of images, to send instead of random pixels: PNG, JPEG, GIF or WebP.
    pub image_source: Option<PathBuf>,
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
            input_file: None,
            custom_dataset_type: None,
            dataset_sampling_strategy: SamplingStrategy::Sequential,
            tokenizer: None,
            batch_size: 1,
            shared_system_prompt_length: 0,
            system_prompt: None,
            num_prefix_prompts: 0,
            prefix_prompt_length: 0,
            conversation_turn_mean: 1.0,
            conversation_turn_stddev: 0.0,
            conversation_turn_delay_mean: UnitDuration(Duration::ZERO),
            conversation_turn_delay_stddev: UnitDuration(Duration::ZERO),
            conversation_turn_delay_ratio: 1.0,
            inter_turn_delay_cap: None,
            image_batch_size: 1,
            image_width_mean: 0.0,
            image_width_stddev: 0.0,
            image_height_mean: 0.0,
            image_height_stddev: 0.0,
            image_pool_size: 100,
            image_source: None,
            rankings_passages_mean: 1.0,
            rankings_passages_stddev: 0.0,
            rankings_passages_prompt_token_mean: 550.0,
            rankings_passages_prompt_token_stddev: 0.0,
            rankings_query_prompt_token_mean: 550.0,
            rankings_query_prompt_token_stddev: 0.0,
        }
    }
}

/// The written form of [`DatasetFormat`](crate::load::DatasetFormat).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetType {
    /// JSON lines, or a JSON list, of `{"text": ..., "image": ..., "output_length": ...}`.
    SingleTurn,
    /// JSON lines, or a JSON list, of `{"session_id": ..., "turns": [...]}`.
    MultiTurn,
    /// A prompt a line.
    Text,
    /// Comma-separated values with a header: `text`, `system`, `image`, `output_length`, `timestamp`,
    /// `delay`, `session_id`.
    Csv,
    /// The form of the `ShareGPT` data set.
    Sharegpt,
    /// Traces: `timestamp`, `input_length`, `output_length`, `hash_ids`, `session_id`.
    MooncakeTrace,
    /// JSON lines, or a JSON list, of whole request bodies, which are sent as they are.
    RawPayload,
}

/// The written form of [`Sampling`](crate::load::Sampling).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SamplingStrategy {
    /// As they stand in the file, again from the start when they are used up; warm-up from the end.
    Sequential,
    /// In an order drawn once.
    Shuffle,
    /// Each drawn anew.
    Random,
}

//! Flags about what requests ask.

use std::path::PathBuf;

use aiperf_core::load::{DatasetFormat, Sampling};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::arrival::millis;
use super::flags::Flags;

/// What requests ask.
#[derive(Debug, Args)]
#[command(next_help_heading = "Prompts")]
pub(crate) struct PromptArgs {
    /// Take prompts from this file instead of making them up.
    #[arg(long, value_name = "FILE")]
    pub(crate) input_file: Option<PathBuf>,
    /// Form of the file [default: as its name and first record tell]
    #[arg(long, value_name = "TYPE", value_parser = dataset_types())]
    pub(crate) custom_dataset_type: Option<String>,
    /// Order of the file's prompts [default: sequential]
    #[arg(long, value_name = "ORDER", value_parser = samplings())]
    pub(crate) dataset_sampling_strategy: Option<String>,
    /// Local tokenizer.json, or its folder, to count the tokens of prompts with.
    #[arg(long, value_name = "PATH")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Texts in one request, such as those to embed [default: 1]
    #[arg(
        long,
        alias = "batch-size-text",
        alias = "batch-size",
        short = 'b',
        value_name = "N"
    )]
    pub(crate) prompt_batch_size: Option<u32>,
    /// Tokens of a system prompt that all requests share [default: 0]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) shared_system_prompt_length: Option<u32>,
    /// System prompt of all requests that have none of their own in --input-file.
    #[arg(long, value_name = "TEXT", conflicts_with = "system_prompt_file")]
    pub(crate) system_prompt: Option<String>,
    /// File with that system prompt.
    #[arg(long, value_name = "FILE")]
    pub(crate) system_prompt_file: Option<PathBuf>,
    /// Beginnings of prompts to draw one from for each request [default: 0]
    #[arg(
        long,
        alias = "prompt-prefix-pool-size",
        alias = "prefix-prompt-pool-size",
        value_name = "N"
    )]
    pub(crate) num_prefix_prompts: Option<u32>,
    /// Tokens of each of these beginnings, beside --isl [default: 0]
    #[arg(long, alias = "prompt-prefix-length", value_name = "TOKENS")]
    pub(crate) prefix_prompt_length: Option<u32>,
    /// Turns of a conversation, on average: each is sent with all that was said before, after the answer
    /// to the last one [default: 1]
    #[arg(long, alias = "session-turns-mean", value_name = "N")]
    pub(crate) conversation_turn_mean: Option<f64>,
    /// Standard deviation of --conversation-turn-mean [default: 0]
    #[arg(long, alias = "session-turns-stddev", value_name = "N")]
    pub(crate) conversation_turn_stddev: Option<f64>,
    /// From an answer to the next turn, on average, in milliseconds unless it has a unit [default: 0]
    #[arg(long, alias = "session-turn-delay-mean", value_name = "MS")]
    pub(crate) conversation_turn_delay_mean: Option<String>,
    /// Standard deviation of --conversation-turn-delay-mean [default: 0]
    #[arg(long, alias = "session-turn-delay-stddev", value_name = "MS")]
    pub(crate) conversation_turn_delay_stddev: Option<String>,
    /// What all these delays are multiplied by, those of files too [default: 1]
    #[arg(long, alias = "session-delay-ratio", value_name = "FACTOR")]
    pub(crate) conversation_turn_delay_ratio: Option<f64>,
    /// The longest of these delays [default: no limit]
    #[arg(long, alias = "inter-turn-delay-cap-seconds", value_name = "DURATION")]
    pub(crate) inter_turn_delay_cap: Option<String>,
    /// Mean width of images of random pixels, sent with each prompt [default: 0, no images]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) image_width_mean: Option<f64>,
    /// Standard deviation of --image-width-mean [default: 0]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) image_width_stddev: Option<f64>,
    /// Mean height of images of random pixels [default: 0, no images]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) image_height_mean: Option<f64>,
    /// Standard deviation of --image-height-mean [default: 0]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) image_height_stddev: Option<f64>,
    /// Images in each request, if there are any [default: 1]
    #[arg(long, alias = "batch-size-image", value_name = "N")]
    pub(crate) image_batch_size: Option<u32>,
    /// Different images of random pixels; requests take turns with them [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) image_pool_size: Option<u32>,
    /// Image, or folder of images, to send instead of random pixels.
    #[arg(long, value_name = "PATH")]
    pub(crate) image_source: Option<PathBuf>,
    /// Passages of a ranking, on average [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) rankings_passages_mean: Option<f64>,
    /// Standard deviation of --rankings-passages-mean [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) rankings_passages_stddev: Option<f64>,
    /// Tokens of a passage, on average [default: 550]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) rankings_passages_prompt_token_mean: Option<f64>,
    /// Standard deviation of --rankings-passages-prompt-token-mean [default: 0]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) rankings_passages_prompt_token_stddev: Option<f64>,
    /// Tokens of the query of a ranking, on average [default: 550]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) rankings_query_prompt_token_mean: Option<f64>,
    /// Standard deviation of --rankings-query-prompt-token-mean [default: 0]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) rankings_query_prompt_token_stddev: Option<f64>,
}

fn dataset_types() -> PossibleValuesParser {
    DatasetFormat::ALL.map(DatasetFormat::as_str).into()
}

fn samplings() -> PossibleValuesParser {
    [Sampling::Sequential, Sampling::Shuffle, Sampling::Random]
        .map(Sampling::as_str)
        .into()
}

impl PromptArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        self.add_files(flags);
        let (path, system) = ("prompts.system_prompt", self.system_prompt.as_ref());
        flags.text("--system-prompt", path, system);
        let file = self.system_prompt_file.as_ref();
        flags.file("--system-prompt-file", path, file, |text| Ok(text.into()));
        self.add_turns(flags);
        self.add_images(flags);
        self.add_rankings(flags);
        let mut count = |name: &str, path: &str, value: Option<u32>| {
            flags.text(name, path, value.as_ref());
        };
        count(
            "--prompt-batch-size",
            "prompts.batch_size",
            self.prompt_batch_size,
        );
        count(
            "--shared-system-prompt-length",
            "prompts.shared_system_prompt_length",
            self.shared_system_prompt_length,
        );
        count(
            "--num-prefix-prompts",
            "prompts.num_prefix_prompts",
            self.num_prefix_prompts,
        );
        count(
            "--prefix-prompt-length",
            "prompts.prefix_prompt_length",
            self.prefix_prompt_length,
        );
    }

    fn add_files(&self, flags: &mut Flags) {
        let file = self.input_file.as_ref().map(|file| file.display());
        flags.text("--input-file", "prompts.input_file", file.as_ref());
        flags.text(
            "--custom-dataset-type",
            "prompts.custom_dataset_type",
            self.custom_dataset_type.as_ref(),
        );
        flags.text(
            "--dataset-sampling-strategy",
            "prompts.dataset_sampling_strategy",
            self.dataset_sampling_strategy.as_ref(),
        );
        let tokenizer = self.tokenizer.as_ref().map(|path| path.display());
        flags.text("--tokenizer", "prompts.tokenizer", tokenizer.as_ref());
    }

    fn add_turns(&self, flags: &mut Flags) {
        let mean = self.conversation_turn_mean.map(|turns| turns.to_string());
        let stddev = self.conversation_turn_stddev.map(|turns| turns.to_string());
        let delay = self.conversation_turn_delay_mean.as_deref();
        let spread = self.conversation_turn_delay_stddev.as_deref();
        let ratio = self.conversation_turn_delay_ratio;
        for (name, value) in [
            ("conversation-turn-mean", mean),
            ("conversation-turn-stddev", stddev),
            ("conversation-turn-delay-mean", delay.map(millis)),
            ("conversation-turn-delay-stddev", spread.map(millis)),
            (
                "conversation-turn-delay-ratio",
                ratio.map(|ratio| ratio.to_string()),
            ),
            ("inter-turn-delay-cap", self.inter_turn_delay_cap.clone()),
        ] {
            let path = format!("prompts.{}", name.replace('-', "_"));
            flags.text(&format!("--{name}"), &path, value.as_ref());
        }
    }

    fn add_images(&self, flags: &mut Flags) {
        let numbers = [
            ("width_mean", self.image_width_mean),
            ("width_stddev", self.image_width_stddev),
            ("height_mean", self.image_height_mean),
            ("height_stddev", self.image_height_stddev),
        ];
        for (name, value) in numbers {
            let flag = format!("--image-{}", name.replace('_', "-"));
            flags.text(&flag, &format!("prompts.image_{name}"), value.as_ref());
        }
        let counts = [
            ("batch_size", self.image_batch_size),
            ("pool_size", self.image_pool_size),
        ];
        for (name, value) in counts {
            let flag = format!("--image-{}", name.replace('_', "-"));
            flags.text(&flag, &format!("prompts.image_{name}"), value.as_ref());
        }
        let source = self.image_source.as_ref().map(|path| path.display());
        flags.text("--image-source", "prompts.image_source", source.as_ref());
    }

    fn add_rankings(&self, flags: &mut Flags) {
        let mut number = |name: &str, path: &str, value: Option<f64>| {
            flags.text(name, path, value.as_ref());
        };
        number(
            "--rankings-passages-mean",
            "prompts.rankings_passages_mean",
            self.rankings_passages_mean,
        );
        number(
            "--rankings-passages-stddev",
            "prompts.rankings_passages_stddev",
            self.rankings_passages_stddev,
        );
        number(
            "--rankings-passages-prompt-token-mean",
            "prompts.rankings_passages_prompt_token_mean",
            self.rankings_passages_prompt_token_mean,
        );
        number(
            "--rankings-passages-prompt-token-stddev",
            "prompts.rankings_passages_prompt_token_stddev",
            self.rankings_passages_prompt_token_stddev,
        );
        number(
            "--rankings-query-prompt-token-mean",
            "prompts.rankings_query_prompt_token_mean",
            self.rankings_query_prompt_token_mean,
        );
        number(
            "--rankings-query-prompt-token-stddev",
            "prompts.rankings_query_prompt_token_stddev",
            self.rankings_query_prompt_token_stddev,
        );
    }
}

//! Flags about what requests ask.

use clap::Args;

use super::flags::Flags;

/// What requests ask.
#[derive(Debug, Args)]
#[command(next_help_heading = "Prompts")]
pub(crate) struct PromptArgs {
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

impl PromptArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
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
}

//! `[prompts]` becomes what prompts are made of.

use super::Resolver;
use crate::load::{PrefixPlan, PromptPlan, RankingPlan, TokenCount};

impl Resolver<'_> {
    pub(super) fn prompts(&mut self) -> PromptPlan {
        let prompts = &self.config.prompts;
        let count = |mean, stddev| TokenCount { mean, stddev };
        let plan = PromptPlan {
            batch_size: prompts.batch_size,
            shared_system_tokens: prompts.shared_system_prompt_length,
            prefixes: PrefixPlan {
                count: prompts.num_prefix_prompts,
                tokens: prompts.prefix_prompt_length,
            },
            rankings: RankingPlan {
                passages: count(
                    prompts.rankings_passages_mean,
                    prompts.rankings_passages_stddev,
                ),
                passage_tokens: count(
                    prompts.rankings_passages_prompt_token_mean,
                    prompts.rankings_passages_prompt_token_stddev,
                ),
                query_tokens: count(
                    prompts.rankings_query_prompt_token_mean,
                    prompts.rankings_query_prompt_token_stddev,
                ),
            },
        };
        self.check_prefixes();
        plan
    }

    /// A number without a length, or the other way round, asks for nothing.
    fn check_prefixes(&mut self) {
        let prompts = &self.config.prompts;
        let (count, length) = (prompts.num_prefix_prompts, prompts.prefix_prompt_length);
        let (written, missing) = match (count, length) {
            (1.., 0) => ("num_prefix_prompts", "prefix_prompt_length"),
            (0, 1..) => ("prefix_prompt_length", "num_prefix_prompts"),
            _ => return,
        };
        let help = format!("give `{missing}` too");
        self.wrong(&["prompts", written], "alone asks for nothing", Some(help));
    }
}

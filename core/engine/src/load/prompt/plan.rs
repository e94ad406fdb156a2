//! What prompts are made of.

use crate::load::plan::{PlanError, TokenCount};

/// What prompts hold beside the text whose length the plan gives.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptPlan {
    /// Texts in one request, for APIs that take several.
    pub batch_size: u32,
    /// Length of the system prompt that all requests share; 0 for none.
    pub shared_system_tokens: u32,
    /// Beginnings that requests share.
    pub prefixes: PrefixPlan,
    /// What is ranked, for APIs that rank.
    pub rankings: RankingPlan,
}

/// Beginnings of prompts that many requests have in common, as servers cache them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrefixPlan {
    /// How many there are; each request has one of them.
    pub count: u32,
    /// Length of each.
    pub tokens: u32,
}

/// A query and the passages that are ranked by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankingPlan {
    /// Passages of a request.
    pub passages: TokenCount,
    /// Length of a passage.
    pub passage_tokens: TokenCount,
    /// Length of the query.
    pub query_tokens: TokenCount,
}

impl Default for PromptPlan {
    fn default() -> Self {
        let constant = |mean| TokenCount { mean, stddev: 0.0 };
        Self {
            batch_size: 1,
            shared_system_tokens: 0,
            prefixes: PrefixPlan::default(),
            rankings: RankingPlan {
                passages: constant(1.0),
                passage_tokens: constant(550.0),
                query_tokens: constant(550.0),
            },
        }
    }
}

impl PromptPlan {
    /// Checks what the types do not rule out.
    pub(in crate::load) fn check(&self) -> Result<(), PlanError> {
        if self.batch_size == 0 {
            return Err(PlanError::Zero("prompt_batch_size"));
        }
        let rankings = &self.rankings;
        rankings.passages.check("rankings_passages")?;
        rankings.passage_tokens.check("rankings_passages_tokens")?;
        rankings.query_tokens.check("rankings_query_tokens")
    }
}

//! What prompts are made of.

use std::sync::Arc;

use serde_json::{Value, json};

use super::file::Sampling;
use super::sessions::SessionPlan;
use crate::load::dataset::Dataset;
use crate::load::plan::{PlanError, TokenCount};
use crate::load::tokenizer::Tokenizer;

/// What prompts are made of, beside the text whose length the plan gives.
#[derive(Clone, Debug)]
pub struct PromptPlan {
    /// Where prompts come from, and in which order; `None`: they are made up.
    pub file: Option<(Arc<Dataset>, Sampling)>,
    /// What counts tokens where the server does not; `None`: they are estimated.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// Images beside the text.
    pub images: Option<ImagePlan>,
    /// Texts in one request, for APIs that take several.
    pub batch_size: u32,
    /// The system prompt of all requests that have none of their own.
    pub system: Option<Arc<str>>,
    /// Length of the system prompt that is made up for all requests; 0 for none.
    pub shared_system_tokens: u32,
    /// Beginnings that requests share.
    pub prefixes: PrefixPlan,
    /// Conversations of several turns.
    pub sessions: SessionPlan,
    /// What is ranked, for APIs that rank.
    pub rankings: RankingPlan,
}

/// Images beside the text of each prompt.
#[derive(Clone, Debug)]
pub struct ImagePlan {
    /// Images in one request.
    pub per_request: u32,
    /// Different ones in all; requests take turns with them.
    pub pool: u32,
    /// What they are.
    pub source: ImageSource,
}

/// What images are.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// Random pixels.
    Noise {
        /// In pixels.
        width: TokenCount,
        /// In pixels.
        height: TokenCount,
    },
    /// These, as URLs.
    Given(Vec<Arc<str>>),
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
            file: None,
            tokenizer: None,
            images: None,
            batch_size: 1,
            system: None,
            shared_system_tokens: 0,
            prefixes: PrefixPlan::default(),
            sessions: SessionPlan::default(),
            rankings: RankingPlan {
                passages: constant(1.0),
                passage_tokens: constant(550.0),
                query_tokens: constant(550.0),
            },
        }
    }
}

impl PromptPlan {
    /// Whether conversations have several turns.
    pub fn has_turns(&self) -> bool {
        match &self.file {
            Some((dataset, _)) => dataset.most_turns() > 1,
            None => self.sessions.has_turns(),
        }
    }

    /// Checks what the types do not rule out.
    pub(in crate::load) fn check(&self) -> Result<(), PlanError> {
        if self.batch_size == 0 {
            return Err(PlanError::Zero("prompt_batch_size"));
        }
        if let Some(images) = &self.images {
            images.check()?;
        }
        self.sessions.check()?;
        let rankings = &self.rankings;
        rankings.passages.check("rankings_passages")?;
        rankings.passage_tokens.check("rankings_passages_tokens")?;
        rankings.query_tokens.check("rankings_query_tokens")
    }
}

impl ImagePlan {
    pub(super) fn describe(&self) -> Value {
        let count = |count: TokenCount| json!({"mean": count.mean, "stddev": count.stddev});
        let (kind, pool) = match &self.source {
            ImageSource::Noise { .. } => ("noise", self.pool as usize),
            ImageSource::Given(urls) => ("files", urls.len()),
        };
        let mut described = json!({"kind": kind, "per_request": self.per_request, "pool": pool});
        if let ImageSource::Noise { width, height } = &self.source {
            described["width"] = count(*width);
            described["height"] = count(*height);
        }
        described
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.per_request == 0 {
            return Err(PlanError::Zero("image_batch_size"));
        }
        match &self.source {
            ImageSource::Given(_) => Ok(()),
            ImageSource::Noise { .. } if self.pool == 0 => Err(PlanError::Zero("image_pool_size")),
            ImageSource::Noise { width, height } => {
                width.check("image_width")?;
                height.check("image_height")
            }
        }
    }
}

//! Prompts that are made up.

use rand::rngs::Xoshiro256PlusPlus;
use serde_json::{Value, json};

use super::random::{generator, sample, scramble};
use super::vocabulary::Vocabulary;
use super::{Draw, PromptPlan};
use crate::load::conversation::Prompt;
use crate::load::plan::TokenCount;

/// What sets the texts apart that requests share from those that they do not.
const SYSTEM_KEY: u64 = 1 << 63;
const PREFIX_KEY: u64 = SYSTEM_KEY + 1;

/// Makes prompts up.
#[derive(Clone, Debug)]
pub(super) struct Synthetic {
    pub(super) seed: u64,
    pub(super) input_tokens: TokenCount,
    pub(super) output_tokens: Option<TokenCount>,
    pub(super) plan: PromptPlan,
    /// Whether requests are queries with passages.
    ranks: bool,
    system: String,
    prefixes: Vec<String>,
}

impl Synthetic {
    pub(super) fn new(
        seed: u64,
        (input_tokens, output_tokens): (TokenCount, Option<TokenCount>),
        plan: &PromptPlan,
        ranks: bool,
        vocabulary: &Vocabulary,
    ) -> Self {
        let shared = |key: u64, tokens| {
            let mut text = String::new();
            let mut random = generator(seed, key);
            vocabulary.push_unique(&mut text, (seed, key), &mut random, tokens);
            text
        };
        let prefix = |index| shared(PREFIX_KEY + u64::from(index), plan.prefixes.tokens);
        Self {
            seed,
            input_tokens,
            output_tokens,
            system: shared(SYSTEM_KEY, plan.shared_system_tokens),
            prefixes: (0..plan.prefixes.count).map(prefix).collect(),
            plan: plan.clone(),
            ranks,
        }
    }

    /// Writes the prompt of this key into an empty `prompt`.
    pub(super) fn draw(&self, key: u64, words: &Vocabulary, prompt: &mut Prompt) -> Draw {
        let mut random = generator(self.seed, key);
        if self.ranks {
            return self.draw_ranking(key, words, &mut random, prompt);
        }
        let length = sample(self.input_tokens, &mut random);
        let output_tokens = self.output_tokens.map(|count| sample(count, &mut random));
        prompt.system.push_str(&self.system);
        let mut shared = self.plan.shared_system_tokens;
        if let Some(prefix) = self.prefix(key) {
            prompt.text.push_str(prefix);
            shared += self.plan.prefixes.tokens;
        }
        let batch = u64::from(self.plan.batch_size);
        let first = key.wrapping_mul(batch);
        words.push_unique(&mut prompt.text, (self.seed, first), &mut random, length);
        for more in 1..batch {
            let name = (self.seed, first.wrapping_add(more));
            let mut text = String::new();
            words.push_unique(&mut text, name, &mut random, length);
            prompt.more.push(text);
        }
        Draw {
            input_tokens: shared + length * self.plan.batch_size,
            output_tokens,
        }
    }

    /// Writes a turn that follows others into an empty `prompt`. What stands before it is its own already.
    pub(super) fn draw_turn(&self, key: u64, words: &Vocabulary, prompt: &mut Prompt) -> Draw {
        let mut random = generator(self.seed, key);
        let length = sample(self.input_tokens, &mut random);
        let output_tokens = self.output_tokens.map(|count| sample(count, &mut random));
        words.push_random(&mut prompt.text, &mut random, length);
        Draw {
            input_tokens: length,
            output_tokens,
        }
    }

    /// A query, and passages of lengths of their own.
    fn draw_ranking(
        &self,
        key: u64,
        words: &Vocabulary,
        random: &mut Xoshiro256PlusPlus,
        prompt: &mut Prompt,
    ) -> Draw {
        let plan = &self.plan.rankings;
        let query = sample(plan.query_tokens, random);
        words.push_unique(&mut prompt.text, (self.seed, key), random, query);
        let mut input_tokens = query;
        for _ in 0..sample(plan.passages, random) {
            let length = sample(plan.passage_tokens, random);
            let mut text = String::new();
            words.push_random(&mut text, random, length);
            prompt.more.push(text);
            input_tokens += length;
        }
        Draw {
            input_tokens,
            output_tokens: None,
        }
    }

    /// The beginning that a request shares with others.
    fn prefix(&self, key: u64) -> Option<&str> {
        let count = self.prefixes.len() as u64;
        let index = scramble(self.seed ^ scramble(key)).checked_rem(count)?;
        let prefix = self.prefixes.get(usize::try_from(index).ok()?)?;
        Some(prefix)
    }

    /// All that the prompts depend on.
    pub(super) fn describe(&self, n_phases: u64, is_exact: bool) -> Value {
        let count = |count: TokenCount| json!({"mean": count.mean, "stddev": count.stddev});
        let (plan, rankings) = (&self.plan, &self.plan.rankings);
        let tokens_per_word = if is_exact {
            "1 (by the tokenizer)"
        } else {
            "about 1 (estimate)"
        };
        let mut described = json!({
            "kind": "synthetic_words",
            "random_seed": self.seed,
            "phases": n_phases,
            "input_tokens": count(self.input_tokens),
            "output_tokens": self.output_tokens.map(count),
            "tokens_per_word": tokens_per_word,
            "batch_size": plan.batch_size,
            "shared_system_prompt_length": plan.shared_system_tokens,
            "num_prefix_prompts": plan.prefixes.count,
            "prefix_prompt_length": plan.prefixes.tokens,
        });
        if plan.sessions.has_turns() {
            described["conversation_turns"] = count(plan.sessions.turns);
        }
        if self.ranks {
            described["rankings"] = json!({
                "passages": count(rankings.passages),
                "passage_tokens": count(rankings.passage_tokens),
                "query_tokens": count(rankings.query_tokens),
            });
        }
        described
    }
}

//! Prompts: what the requests of a run ask.

mod plan;
mod random;
#[cfg(test)]
mod tests;
mod words;

use rand::rngs::Xoshiro256PlusPlus;
use serde_json::{Value, json};

use super::conversation::Prompt;
use super::plan::{LoadPlan, TokenCount};
use random::{generator, sample, scramble};

pub use plan::{PrefixPlan, PromptPlan, RankingPlan};

/// What sets the texts apart that requests share from those that they do not.
const SYSTEM_KEY: u64 = 1 << 63;
const PREFIX_KEY: u64 = SYSTEM_KEY + 1;

/// Bytes of prompts after which no further one is described.
const DESCRIBED: usize = 1 << 20;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Words of the prompt, as an estimate of its tokens.
    pub input_tokens: u32,
    /// `max_tokens` of the request; `None` if the length is the server's choice.
    pub output_tokens: Option<u32>,
}

/// Makes the prompts of a run: the same seed gives the same prompts, in whatever order and on
/// whatever thread they are drawn.
///
/// Unless they are told to share their beginnings, no two prompts of a run begin alike, warm-up
/// included, so that a server's prefix cache cannot serve one from another: their first words differ
/// within any 512 texts in a row, their first four words always. Texts shorter than four words may
/// repeat.
#[derive(Clone, Debug)]
pub struct PromptSource {
    seed: u64,
    n_phases: u64,
    input_tokens: TokenCount,
    output_tokens: Option<TokenCount>,
    plan: PromptPlan,
    /// Whether requests are queries with passages.
    ranks: bool,
    system: String,
    prefixes: Vec<String>,
}

impl PromptSource {
    /// The prompts of a plan.
    pub fn new(plan: &LoadPlan) -> Self {
        let n_phases = plan.phases.len().max(1) as u64;
        let lengths = (plan.input_tokens, plan.output_tokens);
        let ranks = plan.endpoint.ranks();
        Self::of(plan.random_seed, n_phases, lengths, &plan.prompts, ranks)
    }

    fn of(
        seed: u64,
        n_phases: u64,
        (input_tokens, output_tokens): (TokenCount, Option<TokenCount>),
        plan: &PromptPlan,
        ranks: bool,
    ) -> Self {
        let shared = |key: u64, tokens| {
            let mut text = String::new();
            words::push_unique(&mut text, (seed, key), &mut generator(seed, key), tokens);
            text
        };
        let prefix = |index| shared(PREFIX_KEY + u64::from(index), plan.prefixes.tokens);
        Self {
            seed,
            n_phases,
            input_tokens,
            output_tokens,
            system: shared(SYSTEM_KEY, plan.shared_system_tokens),
            prefixes: (0..plan.prefixes.count).map(prefix).collect(),
            plan: plan.clone(),
            ranks,
        }
    }

    /// Writes the prompt of a phase's `ordinal`-th request into `prompt`, replacing what it held.
    pub fn draw(&self, phase: usize, ordinal: u64, prompt: &mut Prompt) -> Draw {
        let key = ordinal
            .wrapping_mul(self.n_phases)
            .wrapping_add(phase as u64);
        let mut random = generator(self.seed, key);
        prompt.clear();
        if self.ranks {
            return self.draw_ranking(key, &mut random, prompt);
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
        words::push_unique(&mut prompt.text, (self.seed, first), &mut random, length);
        for more in 1..batch {
            let name = (self.seed, first.wrapping_add(more));
            let mut text = String::new();
            words::push_unique(&mut text, name, &mut random, length);
            prompt.more.push(text);
        }
        Draw {
            input_tokens: shared + length * self.plan.batch_size,
            output_tokens,
        }
    }

    /// A query, and passages of lengths of their own.
    fn draw_ranking(&self, key: u64, random: &mut Xoshiro256PlusPlus, prompt: &mut Prompt) -> Draw {
        let plan = &self.plan.rankings;
        let query = sample(plan.query_tokens, random);
        words::push_unique(&mut prompt.text, (self.seed, key), random, query);
        let mut input_tokens = query;
        for _ in 0..sample(plan.passages, random) {
            let length = sample(plan.passage_tokens, random);
            let mut text = String::new();
            words::push_random(&mut text, random, length);
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

    /// The parameters of the generator and the first `n` prompts of a phase (fewer where they are long),
    /// so that a run's inputs can be checked and made again.
    pub fn describe(&self, phase: usize, n: u64) -> Value {
        let (mut prompt, mut bytes) = (Prompt::default(), 0);
        let prompts: Vec<Value> = (0..n)
            .map_while(|ordinal| {
                if bytes > DESCRIBED {
                    return None;
                }
                let draw = self.draw(phase, ordinal, &mut prompt);
                bytes += prompt.size();
                let mut described = json!({
                    "phase": phase,
                    "ordinal": ordinal,
                    "estimated_input_tokens": draw.input_tokens,
                    "max_tokens": draw.output_tokens,
                    "prompt": prompt.text,
                });
                if !prompt.system.is_empty() {
                    described["system"] = json!(prompt.system);
                }
                if !prompt.more.is_empty() {
                    described["more"] = json!(prompt.more);
                }
                Some(described)
            })
            .collect();
        json!({ "generator": self.describe_generator(), "prompts": prompts })
    }

    fn describe_generator(&self) -> Value {
        let count = |count: TokenCount| json!({"mean": count.mean, "stddev": count.stddev});
        let (plan, rankings) = (&self.plan, &self.plan.rankings);
        let mut described = json!({
            "kind": "synthetic_words",
            "random_seed": self.seed,
            "phases": self.n_phases,
            "input_tokens": count(self.input_tokens),
            "output_tokens": self.output_tokens.map(count),
            "tokens_per_word": "about 1 (estimate)",
            "batch_size": plan.batch_size,
            "shared_system_prompt_length": plan.shared_system_tokens,
            "num_prefix_prompts": plan.prefixes.count,
            "prefix_prompt_length": plan.prefixes.tokens,
        });
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

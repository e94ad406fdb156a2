//! Synthetic prompts of common English words.
//!
//! A word is about one token in the vocabularies of today's models. That is an estimate: what the
//! server counted stands in its `usage`, chat template included.

use std::sync::LazyLock;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Normal};
use serde_json::{Value, json};

use super::plan::{LoadPlan, TokenCount};

/// 512 words, so that nine random bits name one.
static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").lines().collect());
const WORD_BITS: u32 = 9;
/// Words at a prompt's start that are its own: enough for 6.9e10 prompts.
const PREFIX_WORDS: u32 = 4;
const PREFIX_MASK: u64 = (1 << (WORD_BITS * PREFIX_WORDS)) - 1;
/// Odd, so that multiplying by it permutes the prefixes; the fraction of the golden ratio.
const PREFIX_STEP: u64 = 0x9_E377_9B97 | 1;

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
/// No two prompts of a run begin alike, warm-up included, so that a server's prefix cache cannot
/// serve one from another: their first words differ within any 512 prompts in a row, their first four
/// words always. Prompts shorter than four words may repeat.
#[derive(Clone, Debug)]
pub struct PromptSource {
    seed: u64,
    n_phases: u64,
    input_tokens: TokenCount,
    output_tokens: Option<TokenCount>,
}

/// Bytes of prompts after which no further one is described.
const DESCRIBED: usize = 1 << 20;

impl PromptSource {
    /// The prompts of a plan.
    pub fn new(plan: &LoadPlan) -> Self {
        Self {
            seed: plan.random_seed,
            n_phases: plan.phases.len().max(1) as u64,
            input_tokens: plan.input_tokens,
            output_tokens: plan.output_tokens,
        }
    }

    /// Writes the prompt of a phase's `ordinal`-th request into `prompt`, replacing what it held.
    pub fn draw(&self, phase: usize, ordinal: u64, prompt: &mut String) -> Draw {
        let key = ordinal
            .wrapping_mul(self.n_phases)
            .wrapping_add(phase as u64);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed ^ scramble(key));
        let input_tokens = sample(self.input_tokens, &mut random);
        let output_tokens = self.output_tokens.map(|count| sample(count, &mut random));
        prompt.clear();
        let own = PREFIX_WORDS.min(input_tokens);
        push_words(prompt, self.prefix(key), own);
        push_random_words(prompt, &mut random, input_tokens - own);
        Draw {
            input_tokens,
            output_tokens,
        }
    }

    /// The parameters of the generator and the first `n` prompts of a phase (fewer where they are long),
    /// so that a run's inputs can be checked and made again.
    pub fn describe(&self, phase: usize, n: u64) -> Value {
        let count = |count: TokenCount| json!({"mean": count.mean, "stddev": count.stddev});
        let (mut prompt, mut bytes) = (String::new(), 0);
        let prompts: Vec<Value> = (0..n)
            .map_while(|ordinal| {
                if bytes > DESCRIBED {
                    return None;
                }
                let draw = self.draw(phase, ordinal, &mut prompt);
                bytes += prompt.len();
                Some(json!({
                    "phase": phase,
                    "ordinal": ordinal,
                    "estimated_input_tokens": draw.input_tokens,
                    "max_tokens": draw.output_tokens,
                    "prompt": prompt,
                }))
            })
            .collect();
        json!({
            "generator": {
                "kind": "synthetic_words",
                "random_seed": self.seed,
                "phases": self.n_phases,
                "input_tokens": count(self.input_tokens),
                "output_tokens": self.output_tokens.map(count),
                "tokens_per_word": "about 1 (estimate)",
            },
            "prompts": prompts,
        })
    }

    /// The words, as nine bits each from the low end, that only this key begins with.
    fn prefix(&self, key: u64) -> u64 {
        key.wrapping_mul(PREFIX_STEP)
            .wrapping_add(scramble(self.seed))
            & PREFIX_MASK
    }
}

/// Sebastiano Vigna's `SplitMix64`: spreads neighbouring numbers over the whole range.
fn scramble(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn sample(count: TokenCount, random: &mut Xoshiro256PlusPlus) -> u32 {
    let drawn = match Normal::new(count.mean, count.stddev) {
        Ok(normal) if count.stddev > 0.0 => normal.sample(random),
        _ => count.mean,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is clamped to the range of the type, and `as` saturates"
    )]
    let rounded = drawn.round().max(1.0) as u32;
    rounded
}

/// Appends `count` words named by `bits`, nine bits a word, and returns the bits that are left.
fn push_words(prompt: &mut String, mut bits: u64, count: u32) {
    for _ in 0..count {
        if !prompt.is_empty() {
            prompt.push(' ');
        }
        let index = usize::try_from(bits & ((1 << WORD_BITS) - 1)).unwrap_or(0);
        prompt.push_str(WORDS.get(index).copied().unwrap_or("word"));
        bits >>= WORD_BITS;
    }
}

fn push_random_words(prompt: &mut String, random: &mut Xoshiro256PlusPlus, count: u32) {
    const PER_DRAW: u32 = u64::BITS / WORD_BITS;
    let mut left = count;
    while left > 0 {
        let now = left.min(PER_DRAW);
        push_words(prompt, random.next_u64(), now);
        left -= now;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn source(seed: u64, input: f64, stddev: f64) -> PromptSource {
        PromptSource {
            seed,
            n_phases: 2,
            input_tokens: TokenCount {
                mean: input,
                stddev,
            },
            output_tokens: Some(TokenCount {
                mean: 100.0,
                stddev: 10.0,
            }),
        }
    }

    fn prompt(source: &PromptSource, phase: usize, ordinal: u64) -> String {
        let mut prompt = String::new();
        source.draw(phase, ordinal, &mut prompt);
        prompt
    }

    #[test]
    fn the_word_list_is_a_power_of_two_of_distinct_words() {
        assert_eq!(WORDS.len(), 1 << WORD_BITS);
        assert_eq!(WORDS.iter().collect::<HashSet<_>>().len(), WORDS.len());
        assert!(
            WORDS
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()))
        );
    }

    #[test]
    fn a_prompt_has_as_many_words_as_it_says() {
        let source = source(1, 40.0, 15.0);
        let mut prompt = String::new();
        for ordinal in 0..200 {
            let draw = source.draw(0, ordinal, &mut prompt);
            assert_eq!(prompt.split(' ').count(), draw.input_tokens as usize);
        }
    }

    #[test]
    fn the_seed_decides_and_the_order_does_not() {
        let (one, two) = (source(1, 30.0, 5.0), source(2, 30.0, 5.0));
        let late = prompt(&one, 1, 500);
        assert_eq!(late, prompt(&one.clone(), 1, 500));
        assert_ne!(late, prompt(&two, 1, 500));
    }

    #[test]
    fn neighbours_differ_in_their_first_word_and_all_differ_in_their_first_four() {
        let source = source(3, 8.0, 0.0);
        let words = |ordinal: u64, phase, n| {
            let prompt = prompt(&source, phase, ordinal);
            prompt
                .split(' ')
                .take(n)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let firsts: HashSet<_> = (0..256)
            .flat_map(|ordinal| [words(ordinal, 0, 1), words(ordinal, 1, 1)])
            .collect();
        assert_eq!(firsts.len(), 512);
        let prefixes: HashSet<_> = (0..5_000)
            .flat_map(|ordinal| [words(ordinal, 0, 4), words(ordinal, 1, 4)])
            .collect();
        assert_eq!(prefixes.len(), 10_000);
    }

    #[test]
    fn lengths_have_the_mean_and_the_spread_that_were_asked_for() {
        let source = source(4, 200.0, 20.0);
        let mut prompt = String::new();
        let lengths: Vec<f64> = (0..4_000)
            .map(|ordinal| source.draw(0, ordinal, &mut prompt).input_tokens.into())
            .collect();
        let n = lengths.len() as f64;
        let mean = lengths.iter().sum::<f64>() / n;
        let variance = lengths
            .iter()
            .map(|length| (length - mean).powi(2))
            .sum::<f64>()
            / n;
        // Four standard errors of the mean; the seed is fixed, so that this cannot flicker.
        assert!((mean - 200.0).abs() < 1.3, "{mean}");
        assert!((variance.sqrt() - 20.0).abs() < 1.0, "{}", variance.sqrt());
    }

    #[test]
    fn a_length_is_at_least_one() {
        let source = source(5, 1.0, 50.0);
        assert!((0..100).all(|ordinal| !prompt(&source, 0, ordinal).is_empty()));
    }

    #[test]
    fn the_description_holds_generator_and_prompts() {
        let source = source(6, 5.0, 0.0);
        let described = source.describe(1, 2);
        assert_eq!(described["generator"]["random_seed"], 6);
        assert_eq!(described["prompts"][1]["prompt"], prompt(&source, 1, 1));
        assert_eq!(described["prompts"].as_array().map(Vec::len), Some(2));
    }
}

//! Texts of common English words.
//!
//! A word is about one token in the vocabularies of today's models. That is an estimate: what the
//! server counted stands in its `usage`, chat template included. Where a tokenizer is at hand, only
//! words are used that are one token each, so that lengths are exact.

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

use super::random::scramble;
use crate::load::tokenizer::Tokenizer;

/// A power of two of them, so that random bits name one.
const WORDS: &str = include_str!("words.txt");
/// Bits at a text's start that are its own: enough for 6.9e10 texts.
const OWN_BITS: u32 = 36;
/// Odd, so that multiplying by it permutes the beginnings; the fraction of the golden ratio.
const STEP: u64 = 0x9_E377_9B97 | 1;
/// With fewer words that are one token, a text would say the same again and again.
const FEWEST: usize = 64;

/// The words of a run's texts.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    words: Vec<&'static str>,
    /// Bits that name a word.
    bits: u32,
    /// Whether each word is known to be one token.
    pub(super) is_exact: bool,
}

impl Vocabulary {
    pub(super) fn new(tokenizer: Option<&Tokenizer>) -> Self {
        let is_one = |word: &&str| {
            tokenizer.is_some_and(|tokenizer| {
                tokenizer.count(word) == 1 && tokenizer.count(&format!("{word} {word}")) == 2
            })
        };
        let exact: Vec<_> = WORDS.lines().filter(is_one).collect();
        let is_exact = exact.len() >= FEWEST;
        let mut words = if is_exact {
            exact
        } else {
            WORDS.lines().collect()
        };
        let bits = words.len().max(1).ilog2();
        words.truncate(1 << bits);
        Self {
            words,
            bits,
            is_exact,
        }
    }

    /// Appends a text that no other key of this seed begins alike: its first word differs from those
    /// of the keys beside it, the first 36 bits of words always. Shorter texts may repeat.
    pub(super) fn push_unique(
        &self,
        text: &mut String,
        (seed, key): (u64, u64),
        random: &mut Xoshiro256PlusPlus,
        count: u32,
    ) {
        let own = OWN_BITS.div_ceil(self.bits).min(count);
        let mask = (1 << OWN_BITS) - 1;
        let beginning = key.wrapping_mul(STEP).wrapping_add(scramble(seed)) & mask;
        self.push_words(text, beginning, own);
        self.push_random(text, random, count - own);
    }

    /// Appends words at random.
    pub(super) fn push_random(
        &self,
        text: &mut String,
        random: &mut Xoshiro256PlusPlus,
        count: u32,
    ) {
        let per_draw = u64::BITS / self.bits;
        let mut left = count;
        while left > 0 {
            let now = left.min(per_draw);
            self.push_words(text, random.next_u64(), now);
            left -= now;
        }
    }

    /// Appends `count` words named by `bits`, from the low end.
    fn push_words(&self, text: &mut String, mut bits: u64, count: u32) {
        let mask = (1 << self.bits) - 1;
        for _ in 0..count {
            if !text.is_empty() {
                text.push(' ');
            }
            let index = usize::try_from(bits & mask).unwrap_or(0);
            text.push_str(self.words.get(index).copied().unwrap_or("word"));
            bits >>= self.bits;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_word_list_is_a_power_of_two_of_distinct_words() {
        let words: Vec<_> = WORDS.lines().collect();
        assert_eq!(words.len(), 512);
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
        let mut letters = words.iter().flat_map(|word| word.bytes());
        assert!(letters.all(|byte| byte.is_ascii_lowercase()));
        let vocabulary = Vocabulary::new(None);
        assert_eq!((vocabulary.bits, vocabulary.is_exact), (9, false));
    }
}

//! Texts of common English words.
//!
//! A word is about one token in the vocabularies of today's models. That is an estimate: what the
//! server counted stands in its `usage`, chat template included.

use std::sync::LazyLock;

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

use super::random::scramble;

/// 512 words, so that nine random bits name one.
static WORDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("words.txt").lines().collect());
const WORD_BITS: u32 = 9;
/// Words at a text's start that are its own: enough for 6.9e10 texts.
const PREFIX_WORDS: u32 = 4;
const PREFIX_MASK: u64 = (1 << (WORD_BITS * PREFIX_WORDS)) - 1;
/// Odd, so that multiplying by it permutes the prefixes; the fraction of the golden ratio.
const PREFIX_STEP: u64 = 0x9_E377_9B97 | 1;

/// Appends a text that no other key of this seed begins alike: the first words differ within any 512
/// keys in a row, the first four always. Shorter texts may repeat.
pub(super) fn push_unique(
    text: &mut String,
    (seed, key): (u64, u64),
    random: &mut Xoshiro256PlusPlus,
    count: u32,
) {
    let own = PREFIX_WORDS.min(count);
    let prefix = key.wrapping_mul(PREFIX_STEP).wrapping_add(scramble(seed)) & PREFIX_MASK;
    push_words(text, prefix, own);
    push_random(text, random, count - own);
}

/// Appends words at random.
pub(super) fn push_random(text: &mut String, random: &mut Xoshiro256PlusPlus, count: u32) {
    const PER_DRAW: u32 = u64::BITS / WORD_BITS;
    let mut left = count;
    while left > 0 {
        let now = left.min(PER_DRAW);
        push_words(text, random.next_u64(), now);
        left -= now;
    }
}

/// Appends `count` words named by `bits`, nine bits a word from the low end.
fn push_words(text: &mut String, mut bits: u64, count: u32) {
    for _ in 0..count {
        if !text.is_empty() {
            text.push(' ');
        }
        let index = usize::try_from(bits & ((1 << WORD_BITS) - 1)).unwrap_or(0);
        text.push_str(WORDS.get(index).copied().unwrap_or("word"));
        bits >>= WORD_BITS;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

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
}

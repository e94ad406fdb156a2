//! Identity of answers, and the words that follow from it.

use super::WORDS;
use super::prepared::ID;

/// Identity of one answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerId {
    seq: u64,
    pub(super) hex: [u8; 16],
}

impl AnswerId {
    pub(crate) fn new(seq: u64) -> Self {
        let mut hex = [0_u8; 16];
        for (digit, shift) in hex.iter_mut().zip((0..16).rev()) {
            let value = (seq >> (4 * shift)) & 0xf;
            *digit = b"0123456789abcdef"
                .get(usize::try_from(value).unwrap_or(0))
                .copied()
                .unwrap_or(b'0');
        }
        Self { seq, hex }
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.hex).unwrap_or(ID)
    }

    /// Index of the word that stands for this answer's token number `index`.
    pub(super) fn word(self, index: u32) -> usize {
        let mixed = self.seq.wrapping_add(u64::from(index)) % WORDS.len() as u64;
        usize::try_from(mixed).unwrap_or_default()
    }

    /// The text of some tokens.
    pub(super) fn words(self, tokens: std::ops::Range<u32>) -> String {
        let words = tokens.filter_map(|index| WORDS.get(self.word(index)));
        words.copied().collect()
    }
}

//! The simulated tokenizer: whitespace-separated words. A prompt given as token ids counts its ids.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Number of tokens in a JSON value: words of its texts, whatever it nests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) words: u32,
    /// Entries, if it is a list; else 1.
    pub(crate) items: u32,
}

impl Tokens {
    fn one(words: u32) -> Self {
        Self { words, items: 1 }
    }

    /// Both together.
    pub(crate) fn with(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or_default();
        Self {
            words: self.words.saturating_add(other.words),
            items: self.items.max(other.items),
        }
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountTokens)
    }
}

struct CountTokens;

impl<'de> Visitor<'de> for CountTokens {
    type Value = Tokens;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("messages or a prompt")
    }

    fn visit_str<E>(self, text: &str) -> Result<Tokens, E> {
        let words = text.split_whitespace().count();
        Ok(Tokens::one(u32::try_from(words).unwrap_or(u32::MAX)))
    }

    fn visit_u64<E>(self, _token_id: u64) -> Result<Tokens, E> {
        Ok(Tokens::one(1))
    }

    fn visit_unit<E>(self) -> Result<Tokens, E> {
        Ok(Tokens::one(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tokens, A::Error> {
        let mut sum = Tokens::default();
        while let Some(item) = items.next_element::<Tokens>()? {
            sum.words = sum.words.saturating_add(item.words);
            sum.items += 1;
        }
        Ok(sum)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tokens, A::Error> {
        let mut words = 0_u32;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "content" || key == "text" {
                let content: Tokens = map.next_value()?;
                words = words.saturating_add(content.words);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Tokens::one(words))
    }
}

//! Counting tokens by a model's own `tokenizer.json`, from a local file.

use std::fmt;
use std::path::Path;

/// A tokenizer. There is none in programs without the feature `tokenizer`.
pub struct Tokenizer {
    #[cfg(feature = "tokenizer")]
    inner: tokenizers::Tokenizer,
    #[cfg(not(feature = "tokenizer"))]
    inner: std::convert::Infallible,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").finish_non_exhaustive()
    }
}

/// Name of the file in a model's folder.
#[cfg(feature = "tokenizer")]
const FILE: &str = "tokenizer.json";

impl Tokenizer {
    /// Reads a `tokenizer.json`, or that of a model's folder. Nothing is downloaded.
    ///
    /// # Errors
    /// What is wrong with it, in one line: it cannot be read, it is no tokenizer, or this program
    /// has none.
    #[cfg(feature = "tokenizer")]
    pub fn load(path: &Path) -> Result<Self, String> {
        let file = if path.is_dir() {
            path.join(FILE)
        } else {
            path.to_owned()
        };
        let bytes = std::fs::read(&file).map_err(|error| {
            format!(
                "cannot be read: {error}; name a local `{FILE}`, or the folder of one (`{}`)",
                file.display()
            )
        })?;
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes)
            .map_err(|error| format!("is no `{FILE}`: {error}"))?;
        // What a file says of lengths is for training.
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|error| format!("is no `{FILE}`: {error}"))?;
        Ok(Self { inner })
    }

    /// Reads nothing: this program has no tokenizers.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "tokenizer"))]
    pub fn load(_: &Path) -> Result<Self, String> {
        let what =
            "is of no use: this aiperf was built without tokenizers (`--features tokenizer`)";
        Err(what.to_owned())
    }

    /// Tokens of a text, without those that a chat template or a beginning adds.
    #[cfg(feature = "tokenizer")]
    pub fn count(&self, text: &str) -> u32 {
        let encoded = self.inner.encode_fast(text, false);
        // Any text has an encoding; one that has none has no tokens.
        encoded.map_or(0, |tokens| u32::try_from(tokens.len()).unwrap_or(u32::MAX))
    }

    /// Tokens of a text.
    #[cfg(not(feature = "tokenizer"))]
    pub fn count(&self, _: &str) -> u32 {
        match self.inner {}
    }
}

#[cfg(test)]
#[cfg(feature = "tokenizer")]
pub(super) mod testing {
    use super::*;

    /// A tokenizer that knows some words; others are a token a letter.
    pub(in crate::load) fn of_words(words: &[&str]) -> Tokenizer {
        let letters = ('a'..='z').flat_map(|letter| [letter.to_string(), format!("##{letter}")]);
        let known = words.iter().map(|word| (*word).to_owned());
        let all = std::iter::once("[UNK]".to_owned())
            .chain(letters)
            .chain(known);
        let vocab: serde_json::Map<_, _> =
            all.zip(0..).map(|(token, id)| (token, id.into())).collect();
        let json = serde_json::json!({
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
            "padding": null,
            "added_tokens": [],
            "normalizer": null,
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": null,
            "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocab},
        });
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), json.to_string()).unwrap();
        Tokenizer::load(dir.path()).unwrap()
    }
}

#[cfg(test)]
#[cfg(feature = "tokenizer")]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_to_its_end() {
        let tokenizer = testing::of_words(&["hello", "there"]);
        assert_eq!(tokenizer.count("hello there hello"), 3);
        assert_eq!(tokenizer.count("hello you"), 4, "unknown words are letters");
        assert_eq!(tokenizer.count(""), 0);
    }

    #[test]
    fn what_is_no_tokenizer_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = |path: &Path| Tokenizer::load(path).unwrap_err();
        assert!(
            error(dir.path()).contains("cannot be read"),
            "{}",
            error(dir.path())
        );
        let file = dir.path().join("x.json");
        std::fs::write(&file, "{}").unwrap();
        assert!(
            error(&file).starts_with("is no `tokenizer.json`"),
            "{}",
            error(&file)
        );
    }
}

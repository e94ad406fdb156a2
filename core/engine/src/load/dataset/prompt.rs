//! One prompt as JSON and CSV files have it.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::images;
use crate::load::conversation::{Prompt, Turn};

/// A prompt: the fields of NVIDIA's `AIPerf`, under all names that are in use.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WirePrompt {
    #[serde(default, alias = "prompt", alias = "text_input")]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) texts: Vec<WireText>,
    #[serde(default, alias = "system_message")]
    pub(super) system: Option<String>,
    #[serde(default)]
    pub(super) image: Option<String>,
    #[serde(default)]
    pub(super) images: Vec<WireText>,
    #[serde(default)]
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) passages: Vec<String>,
    #[serde(default, alias = "max_tokens", alias = "output_tokens", alias = "osl")]
    pub(super) output_length: Option<u32>,
    /// Milliseconds.
    #[serde(default)]
    pub(super) timestamp: Option<f64>,
    /// Milliseconds.
    #[serde(default)]
    pub(super) delay: Option<f64>,
    #[serde(default, alias = "audios", alias = "video", alias = "videos")]
    audio: Option<IgnoredAny>,
}

/// A text, or several under a name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum WireText {
    Text(String),
    Named {
        #[serde(default)]
        name: String,
        contents: Vec<String>,
    },
}

impl WirePrompt {
    /// Makes a turn of it; images are found from `folder`.
    pub(super) fn into_turn(self, folder: &Path) -> Result<Turn, String> {
        if self.audio.is_some() {
            return Err("audio and video cannot be sent; leave them out".to_owned());
        }
        let output_tokens = self.output_length;
        if output_tokens == Some(0) {
            return Err("`output_length` must be at least 1".to_owned());
        }
        let (at, delay) = (
            self.timestamp
                .map(|at| millis("timestamp", at))
                .transpose()?,
            millis("delay", self.delay.unwrap_or_default())?,
        );
        Ok(Turn {
            prompt: self.into_prompt(folder)?,
            delay,
            at,
            output_tokens,
            ..Turn::default()
        })
    }

    fn into_prompt(self, folder: &Path) -> Result<Prompt, String> {
        let (mut queries, mut passages) = (self.query, self.passages);
        let mut texts: Vec<String> = self.text.into_iter().collect();
        for text in self.texts {
            match text {
                WireText::Text(text) => texts.push(text),
                WireText::Named { name, contents } if name == "query" => {
                    queries = contents.into_iter().next();
                }
                WireText::Named { name, contents } if name == "passages" => passages = contents,
                WireText::Named { contents, .. } => texts.extend(contents),
            }
        }
        let images = self
            .image
            .into_iter()
            .map(WireText::Text)
            .chain(self.images);
        let images = images.flat_map(|image| match image {
            WireText::Text(url) => vec![url],
            WireText::Named { contents, .. } => contents,
        });
        let images: Vec<_> = images
            .map(|image| images::url_of(&image, folder))
            .collect::<Result<_, _>>()?;
        let mut texts = queries.into_iter().chain(texts);
        let text = texts.next();
        if text.is_none() && images.is_empty() {
            return Err("there is no `text`, `texts`, `image` or `query`".to_owned());
        }
        Ok(Prompt {
            system: self.system.unwrap_or_default(),
            text: text.unwrap_or_default(),
            more: texts.chain(passages).collect(),
            images,
            ..Prompt::default()
        })
    }
}

/// Milliseconds as files have them.
pub(super) fn millis(name: &str, ms: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(ms / 1e3)
        .map_err(|_| format!("`{name}` must be a number of milliseconds, at least 0, not {ms}"))
}

//! The form of the `ShareGPT` data set.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::DatasetError;
use super::records::Record;
use crate::load::conversation::{Conversation, Prompt, Turn};
use crate::load::prompt::estimate;

#[derive(Debug, Deserialize)]
struct WireDialogue {
    #[serde(default)]
    id: Option<String>,
    #[serde(alias = "conversation")]
    conversations: Vec<WireSaid>,
}

#[derive(Debug, Deserialize)]
struct WireSaid {
    #[serde(alias = "role")]
    from: String,
    #[serde(alias = "content")]
    value: String,
}

/// The questions of a dialogue. The length of each answer is what is asked for; what it says is the
/// server's affair. A dialogue without a question is left out, as the data set has some.
pub(super) fn read(path: &Path, record: &Record<'_>) -> Result<Option<Conversation>, DatasetError> {
    let dialogue: WireDialogue = record.read(path)?;
    let mut turns: Vec<Turn> = Vec::new();
    let mut system = String::new();
    for said in dialogue.conversations {
        match said.from.as_str() {
            "human" | "user" => turns.push(Turn {
                prompt: Prompt {
                    system: std::mem::take(&mut system),
                    text: said.value,
                    ..Prompt::default()
                },
                ..Turn::default()
            }),
            "gpt" | "chatgpt" | "bing" | "bard" | "assistant" => {
                // Answers to nothing are the end of an earlier part.
                if let Some(turn) = turns.last_mut() {
                    turn.output_tokens = Some(estimate(&said.value).max(1));
                }
            }
            "system" => system = said.value,
            other => {
                let what = format!(
                    "`from` is `{}`; known are human, user, gpt, assistant and system",
                    other.escape_debug()
                );
                return Err(DatasetError::of_line(path, record.line, what));
            }
        }
    }
    turns.retain(|turn| !turn.prompt.text.trim().is_empty());
    Ok((!turns.is_empty()).then(|| Conversation {
        id: dialogue.id.map(Arc::from),
        turns,
    }))
}

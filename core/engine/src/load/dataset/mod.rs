//! Prompts from files.

mod csv;
mod error;
mod format;
mod images;
mod mooncake;
mod prompt;
mod records;
mod schedule;
mod sessions;
mod sharegpt;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::conversation::{Conversation, Prompt, Turn};
use prompt::WirePrompt;
use records::{Record, records};

pub use error::DatasetError;
pub use format::DatasetFormat;
pub(super) use mooncake::BLOCK_TOKENS;
pub use schedule::Replay;

/// A file of prompts that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The file.
    pub path: PathBuf,
    /// Its form.
    pub format: DatasetFormat,
    /// What is in it; at least one.
    pub conversations: Vec<Conversation>,
}

/// A conversation of a `multi-turn` file.
#[derive(Debug, Deserialize)]
struct WireConversation {
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default, alias = "system_message")]
    system: Option<String>,
    turns: Vec<WirePrompt>,
}

impl Dataset {
    /// Reads a file. Without a `format`, its name and its first record tell it.
    ///
    /// # Errors
    /// [`DatasetError`], with the line where there is one: the file cannot be read, its form cannot
    /// be told, a record is not what the form demands, or there is none.
    pub fn load(path: &Path, format: Option<DatasetFormat>) -> Result<Self, DatasetError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| DatasetError::of_file(path, format!("it cannot be read: {error}")))?;
        Self::read(path, &text, format)
    }

    /// What a file with this text would hold.
    #[cfg(test)]
    pub(super) fn of_text(text: &str, format: DatasetFormat) -> Self {
        Self::read(Path::new("prompts.jsonl"), text, Some(format)).unwrap()
    }

    /// All that is asked, in turns.
    pub fn turns(&self) -> u64 {
        let turns = self.conversations.iter().map(|one| one.turns.len() as u64);
        turns.sum()
    }

    fn read(path: &Path, text: &str, format: Option<DatasetFormat>) -> Result<Self, DatasetError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let format = match format {
            Some(format) => format,
            None => guess(path, text)?,
        };
        let conversations = match format {
            DatasetFormat::Text => of_lines(text),
            DatasetFormat::Csv => csv::read(path, text)?,
            DatasetFormat::MooncakeTrace => mooncake::read(path, &records(path, text)?)?,
            DatasetFormat::SingleTurn => each(path, text, single)?,
            DatasetFormat::MultiTurn => each(path, text, several)?,
            DatasetFormat::ShareGpt => each(path, text, sharegpt::read)?,
            DatasetFormat::RawPayload => each(path, text, raw)?,
        };
        if conversations.is_empty() {
            return Err(DatasetError::of_file(path, "there is no prompt in it"));
        }
        Ok(Self {
            path: path.to_owned(),
            format,
            conversations,
        })
    }

    /// The longest conversation, in turns.
    pub fn most_turns(&self) -> usize {
        let turns = self.conversations.iter().map(|one| one.turns.len());
        turns.max().unwrap_or(0)
    }
}

fn guess(path: &Path, text: &str) -> Result<DatasetFormat, DatasetError> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let first = if is_json {
        let all = records(path, text)?;
        let first = all.first().and_then(Record::members);
        Some(first.unwrap_or_default())
    } else {
        None
    };
    DatasetFormat::guess(path, first.as_ref()).ok_or_else(|| {
        let names = DatasetFormat::ALL.map(DatasetFormat::as_str).join(", ");
        let what = format!("its form cannot be told; give `--custom-dataset-type`: {names}");
        DatasetError::of_line(path, 1, what)
    })
}

/// A conversation of each record; `None` leaves one out.
fn each(
    path: &Path,
    text: &str,
    read: impl Fn(&Path, &Record<'_>) -> Result<Option<Conversation>, DatasetError>,
) -> Result<Vec<Conversation>, DatasetError> {
    let all = records(path, text)?;
    let read = all.iter().map(|record| read(path, record));
    read.filter_map(Result::transpose).collect()
}

fn of_lines(text: &str) -> Vec<Conversation> {
    let lines = text.lines().map(str::trim_end);
    let filled = lines.filter(|line| !line.is_empty());
    let turn = |line: &str| Turn {
        prompt: Prompt {
            text: line.to_owned(),
            ..Prompt::default()
        },
        ..Turn::default()
    };
    filled.map(|line| alone(turn(line))).collect()
}

fn single(path: &Path, record: &Record<'_>) -> Result<Option<Conversation>, DatasetError> {
    let prompt: WirePrompt = record.read(path)?;
    Ok(Some(alone(turn(path, record.line, prompt)?)))
}

fn several(path: &Path, record: &Record<'_>) -> Result<Option<Conversation>, DatasetError> {
    let wire: WireConversation = record.read(path)?;
    let turns = wire.turns.into_iter();
    let mut turns: Vec<Turn> = turns
        .map(|prompt| turn(path, record.line, prompt))
        .collect::<Result<_, _>>()?;
    let Some(first) = turns.first_mut() else {
        let what = "a conversation has no `turns`";
        return Err(DatasetError::of_line(path, record.line, what));
    };
    first.delay = std::time::Duration::ZERO;
    if let Some(system) = wire.system {
        first.prompt.system = system;
    }
    Ok(Some(Conversation {
        id: wire.session_id.map(Arc::from),
        turns,
    }))
}

fn raw(path: &Path, record: &Record<'_>) -> Result<Option<Conversation>, DatasetError> {
    let body: Box<serde_json::value::RawValue> = record.read(path)?;
    Ok(Some(alone(Turn {
        prompt: Prompt {
            body: Some(body.get().into()),
            ..Prompt::default()
        },
        ..Turn::default()
    })))
}

fn turn(path: &Path, line: usize, prompt: WirePrompt) -> Result<Turn, DatasetError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let turn = prompt.into_turn(folder);
    turn.map_err(|what| DatasetError::of_line(path, line, what))
}

fn alone(turn: Turn) -> Conversation {
    Conversation {
        id: None,
        turns: vec![turn],
    }
}

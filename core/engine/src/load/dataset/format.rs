//! Forms of files, and how they are told apart.

use std::path::Path;

use serde_json::{Map, Value};

/// The form of a file of prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatasetFormat {
    /// JSON lines, or a JSON list: a prompt each.
    SingleTurn,
    /// JSON lines, or a JSON list: a conversation each, with `turns`.
    MultiTurn,
    /// A prompt a line.
    Text,
    /// Comma-separated values with a header.
    Csv,
    /// The form of the `ShareGPT` data set: `conversations` of `from` and `value`.
    ShareGpt,
    /// Traces with `timestamp`, `input_length`, `output_length` and `hash_ids`.
    MooncakeTrace,
    /// JSON lines, or a JSON list: the whole body of a request each.
    RawPayload,
}

impl DatasetFormat {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SingleTurn,
        Self::MultiTurn,
        Self::Text,
        Self::Csv,
        Self::ShareGpt,
        Self::MooncakeTrace,
        Self::RawPayload,
    ];

    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleTurn => "single-turn",
            Self::MultiTurn => "multi-turn",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::ShareGpt => "sharegpt",
            Self::MooncakeTrace => "mooncake-trace",
            Self::RawPayload => "raw-payload",
        }
    }

    /// The form of this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Goes by the file's name, and then by its first record.
    pub(super) fn guess(path: &Path, first: Option<&Map<String, Value>>) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            return Some(Self::Csv);
        }
        let Some(first) = first else {
            return Some(Self::Text);
        };
        let has = |names: &[&str]| names.iter().any(|name| first.contains_key(*name));
        if has(&["turns"]) {
            Some(Self::MultiTurn)
        } else if has(&["conversations", "conversation"]) {
            Some(Self::ShareGpt)
        } else if has(&["input_length", "hash_ids", "text_input"]) {
            Some(Self::MooncakeTrace)
        } else if has(&["text", "texts", "prompt", "image", "images", "query"]) {
            Some(Self::SingleTurn)
        } else if has(&["messages", "input", "inputs"]) {
            Some(Self::RawPayload)
        } else {
            None
        }
    }
}

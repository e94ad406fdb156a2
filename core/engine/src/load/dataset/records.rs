//! Records of JSON files, with the lines that they are on.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::error::DatasetError;

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) line: usize,
    pub(super) json: &'a str,
}

/// All records of a text: one a line, or the entries of a list.
pub(super) fn records<'a>(path: &Path, text: &'a str) -> Result<Vec<Record<'a>>, DatasetError> {
    if text.trim_start().starts_with('[') {
        return entries(path, text);
    }
    let lines = text.lines().zip(1..);
    let filled = lines.filter(|(json, _)| !json.trim().is_empty());
    Ok(filled.map(|(json, line)| Record { line, json }).collect())
}

fn entries<'a>(path: &Path, text: &'a str) -> Result<Vec<Record<'a>>, DatasetError> {
    let list: Vec<&'a RawValue> = serde_json::from_str(text)
        .map_err(|error| DatasetError::of_line(path, error.line(), no_json(&error)))?;
    let (mut line, mut seen) = (1, 0);
    let record = |raw: &'a RawValue| {
        // Entries are slices of the text.
        let at = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let before = text.as_bytes().get(seen..at).unwrap_or_default();
        line += memchr::memchr_iter(b'\n', before).count();
        seen = at;
        Record {
            line,
            json: raw.get(),
        }
    };
    Ok(list.into_iter().map(record).collect())
}

impl Record<'_> {
    /// Reads it as a `T`.
    pub(super) fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<T, DatasetError> {
        serde_json::from_str(self.json).map_err(|error| {
            // Positions within a list's entry start at the entry.
            let line = self.line + error.line().saturating_sub(1);
            DatasetError::of_line(path, line, no_json(&error))
        })
    }

    /// Its members, if it is an object.
    pub(super) fn members(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(self.json).ok()
    }
}

/// What serde says, without the line that we know better.
fn no_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("{what} (column {})", error.column())
}

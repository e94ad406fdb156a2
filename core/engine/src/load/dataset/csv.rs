//! Comma-separated values with a header.

use std::path::Path;

use super::error::DatasetError;
use super::prompt::WirePrompt;
use super::sessions::Sessions;
use super::turn;
use crate::load::conversation::Conversation;

/// Names that a column can have.
const COLUMNS: [&str; 8] = [
    "text",
    "prompt",
    "system",
    "image",
    "output_length",
    "timestamp",
    "delay",
    "session_id",
];

/// A row is a prompt; rows of one session are one conversation.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Conversation>, DatasetError> {
    let mut rows = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = rows.headers().map_err(|error| broken(path, text, &error))?;
    let header: Vec<String> = header
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    if !header.iter().any(|name| COLUMNS.contains(&name.as_str())) {
        let what = format!("the header has none of the columns {}", COLUMNS.join(", "));
        return Err(DatasetError::of_line(path, 1, what));
    }
    let mut conversations = Sessions::default();
    for row in rows.records() {
        let row = row.map_err(|error| broken(path, text, &error))?;
        let line = line_of(text, row.position());
        if row.len() != header.len() {
            let what = format!("{} values for {} columns", row.len(), header.len());
            return Err(DatasetError::of_line(path, line, what));
        }
        let (prompt, session) = prompt(path, line, &header, &row)?;
        conversations.add(session, turn(path, line, prompt)?);
    }
    Ok(conversations.all)
}

fn broken(path: &Path, text: &str, error: &csv::Error) -> DatasetError {
    DatasetError::of_line(path, line_of(text, error.position()), error.to_string())
}

/// The line of a row. Its position is that of the empty lines before it, if there are any.
fn line_of(text: &str, position: Option<&csv::Position>) -> usize {
    let Some(position) = position else { return 1 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let skipped = breaks.filter(|&&byte| byte == b'\n').count();
    usize::try_from(position.line()).unwrap_or(usize::MAX) + skipped
}

fn prompt(
    path: &Path,
    line: usize,
    header: &[String],
    row: &csv::StringRecord,
) -> Result<(WirePrompt, Option<String>), DatasetError> {
    let mut prompt = WirePrompt::default();
    let mut session = None;
    let filled = header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
    for (name, cell) in filled {
        let text = || Some(cell.to_owned());
        let wrong = |kind: &str| {
            let what = format!("`{name}` must be {kind}, not `{}`", cell.escape_debug());
            DatasetError::of_line(path, line, what)
        };
        let number = || cell.trim().parse::<f64>().map_err(|_| wrong("a number"));
        let whole = || {
            cell.trim()
                .parse::<u32>()
                .map_err(|_| wrong("a whole number"))
        };
        match name.as_str() {
            "text" | "prompt" => prompt.text = text(),
            "system" => prompt.system = text(),
            "image" => prompt.image = text(),
            "session_id" => session = text(),
            "timestamp" => prompt.timestamp = Some(number()?),
            "delay" => prompt.delay = Some(number()?),
            "output_length" => prompt.output_length = Some(whole()?),
            _ => {}
        }
    }
    Ok((prompt, session))
}

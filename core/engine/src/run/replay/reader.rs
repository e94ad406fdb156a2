//! Reads a file of JSON lines that may be cut or damaged.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::super::RunError;
use super::gaps::Gaps;

/// Hands each line of `path` to `take`, which says what is wrong with it. A line that cannot be used
/// is a gap and is left out. Returns false if there is no such file.
///
/// # Errors
/// If the file is there and cannot be read.
pub(super) fn lines<T: DeserializeOwned>(
    path: &Path,
    gaps: &mut Gaps,
    mut take: impl FnMut(T) -> Result<(), String>,
) -> Result<bool, RunError> {
    let failed = |error: io::Error| RunError::Recording {
        path: path.to_owned(),
        why: format!("{error}; check the file and its permissions"),
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::new();
    let (mut number, mut bad) = (0, 0);
    let mut first = None;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        let parsed = serde_json::from_slice(&line);
        // Lines are written whole with their end: one without either was cut.
        if parsed.is_err() && !line.ends_with(b"\n") {
            gaps.cut(path, number);
            break;
        }
        number += 1;
        if let Err(why) = parsed
            .map_err(|error| error.to_string())
            .and_then(&mut take)
        {
            bad += 1;
            first.get_or_insert((number, why));
        }
    }
    if let Some((line, why)) = first {
        gaps.damaged(path, bad, (line, &why));
    }
    Ok(true)
}

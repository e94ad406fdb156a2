//! Foreign text on one line.

/// `text` on one line, without control characters, cut after `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let clean = crate::event::one_line(text);
    let words: Vec<_> = clean.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

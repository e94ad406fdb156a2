//! How prompts are written into bodies.

use serde::Serialize;

use crate::load::conversation::{Message, Prompt};

/// Appends a value as JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized), body: &mut Vec<u8>) {
    // Writing texts, numbers and values to memory cannot fail.
    drop(serde_json::to_writer(body, value));
}

/// Appends the texts of a prompt: the text alone, or all of a batch as a list.
pub(super) fn texts(prompt: &Prompt, body: &mut Vec<u8>) {
    if prompt.more.is_empty() {
        return json(&prompt.text, body);
    }
    let all = std::iter::once(&prompt.text).chain(&prompt.more);
    list(all, body, json);
}

/// Appends a list, each entry by `write`.
pub(super) fn list<T>(
    items: impl IntoIterator<Item = T>,
    body: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    body.push(b'[');
    let mut is_first = true;
    for item in items {
        if !is_first {
            body.push(b',');
        }
        is_first = false;
        write(item, body);
    }
    body.push(b']');
}

/// Appends `{"role":...,"content":...}` of a text.
pub(super) fn message(role: &str, text: &str, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"role\":\"");
    body.extend_from_slice(role.as_bytes());
    body.extend_from_slice(b"\",\"content\":");
    json(text, body);
    body.push(b'}');
}

/// Appends what was said earlier, each followed by a comma.
pub(super) fn history(history: &[Message], body: &mut Vec<u8>) {
    for said in history {
        message(said.role.as_str(), &said.text, body);
        body.push(b',');
    }
}

/// Appends `{"type":KIND,"text":...}`.
pub(super) fn part(kind: &str, text: &str, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"type\":\"");
    body.extend_from_slice(kind.as_bytes());
    body.extend_from_slice(b"\",\"text\":");
    json(text, body);
    body.push(b'}');
}

/// Appends all that is said as one text, for APIs that know no roles.
pub(super) fn transcript(prompt: &Prompt, body: &mut Vec<u8>) {
    if prompt.system.is_empty() && prompt.history.is_empty() {
        return texts(prompt, body);
    }
    let earlier = prompt.history.iter().map(|said| said.text.as_str());
    let all: Vec<&str> = std::iter::once(prompt.system.as_str())
        .chain(earlier)
        .chain([prompt.text.as_str()])
        .filter(|text| !text.is_empty())
        .collect();
    json(&all.join("\n"), body);
}

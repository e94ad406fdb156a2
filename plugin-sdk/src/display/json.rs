//! JSON that is harmless to look at: what [`printable`](super::printable) makes visible is escaped, which
//! programs read as the same text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::printable::is_hostile;

/// Appends `value` to `line`, without line breaks.
///
/// # Errors
/// If `value` cannot be JSON, such as a map with keys that are no text.
pub fn json_line(line: &mut Vec<u8>, value: &impl Serialize) -> serde_json::Result<()> {
    let mut serializer = Serializer::with_formatter(line, Harmless(CompactFormatter));
    value.serialize(&mut serializer)
}

/// `value` as indented text with a final newline.
///
/// # Errors
/// If `value` cannot be JSON, such as a map with keys that are no text.
pub fn json_text(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Harmless(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes as `F` does, but for strings.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // JSON has escaped what is hostile in ASCII already, but for DEL, which does nothing.
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hostile) {
            let (before, after) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = after.chars();
            for unit in chars.next().into_iter().flat_map(utf16) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// JSON escapes characters beyond 16 bits as two.
fn utf16(c: char) -> impl Iterator<Item = u16> {
    let mut units = [0; 2];
    let count = c.encode_utf16(&mut units).len();
    units.into_iter().take(count)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(value: &Value) -> String {
        let mut line = Vec::new();
        json_line(&mut line, value).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn hostile_text_is_escaped_and_the_rest_stays() {
        let value = json!({ "\u{202e}k": ["a\u{9b}31m\u{e0041}", "größe", "\x1b\n"] });
        assert_eq!(
            line(&value),
            r#"{"\u202ek":["a\u009b31m\udb40\udc41","größe","\u001b\n"]}"#
        );
    }

    #[test]
    fn harmless_documents_are_written_as_ever() {
        let value = json!({ "a": [1, 2.5, null, []], "b": { "c": "x", "d": {} } });
        assert_eq!(line(&value), value.to_string());
        let text = String::from_utf8(json_text(&value).unwrap()).unwrap();
        assert_eq!(text, format!("{value:#}\n"));
    }

    #[test]
    fn programs_read_the_same_text() {
        for c in char::MIN..=char::MAX {
            let text = format!("{c}ä{c}b");
            let written = line(&json!([text]));
            assert!(
                !written.chars().any(|c| is_hostile(c) && c != '\u{7f}'),
                "{written}"
            );
            let read: Vec<String> = serde_json::from_str(&written).unwrap();
            assert_eq!(read, [text]);
        }
    }
}

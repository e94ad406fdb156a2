//! Text from outside, made harmless.

use std::borrow::Cow;

/// `text` as people may see it, in a terminal, a log or a table: what would be obeyed (escape sequences,
/// line breaks), reordered (bidirectional marks) or not seen (characters without width) becomes visible,
/// as `\u{1b}` or `\n`. So no server, label or plugin can draw on the screen, forge a line, or look like
/// something else.
///
/// Use it where text leaves for people; programs get the text as it is, see [`json_line`].
///
/// [`json_line`]: crate::display::json_line
pub fn printable(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_hostile) else {
        return Cow::Borrowed(text);
    };
    let (harmless, rest) = text.split_at(first);
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(harmless);
    for c in rest.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.extend(c.escape_default()),
            c if is_hostile(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// [`printable`] text of at most `limit` characters (at least one); what is left out shows as `…`.
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    let end = text.char_indices().nth(limit);
    let Some((end, _)) = end else {
        return printable(text);
    };
    let kept = text.get(..end).unwrap_or_default();
    Cow::Owned(format!("{}…", printable(kept)))
}

/// Whether a terminal would obey `c`, or people would not see it.
pub(super) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_becomes_visible() {
        assert_eq!(printable("a\x1b[31mred\n\t"), "a\\u{1b}[31mred\\n\\t");
        assert_eq!(
            printable("x\u{202e}y\u{200b}z\u{9b}\u{7f}"),
            "x\\u{202e}y\\u{200b}z\\u{9b}\\u{7f}"
        );
        assert!(matches!(printable("größe 日本 ✔ 👍"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöü", 2), "äö…");
        assert_eq!(excerpt("\n\n\n", 1), "\\n…");
    }

    #[test]
    fn nothing_hostile_is_left() {
        for c in (char::MIN..=char::MAX).filter(|c| is_hostile(*c)) {
            let text = format!("a{c}b{c}");
            let shown = printable(&text);
            assert!(!shown.contains(is_hostile), "{shown}");
            assert!(shown.starts_with("a\\") && shown.matches('b').count() >= 1);
            assert!(!excerpt(&text, 2).contains(is_hostile));
        }
    }
}

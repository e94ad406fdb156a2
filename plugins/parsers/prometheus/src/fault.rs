//! What is wrong with a line.

/// Longest excerpt of the page that a reason shows, in characters.
const EXCERPT_CHARS: usize = 24;

/// Why a line cannot be read. Small and `Copy`: the text is made only when it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What was expected there, or what is wrong.
    pub(crate) what: &'static str,
    /// Offset into the page.
    pub(crate) at: usize,
}

impl Fault {
    pub(crate) fn new(what: &'static str, at: usize) -> Self {
        Self { what, at }
    }

    /// The reason as users see it. `line` is the page up to the end of the line.
    pub(crate) fn reason(self, line: &[u8], line_start: usize) -> String {
        let rest = line.get(self.at..).unwrap_or_default();
        let column = self.at.saturating_sub(line_start) + 1;
        if rest.is_empty() {
            return format!("{}, found the end of the line (column {column})", self.what);
        }
        // Four bytes a character at most; a character cut at the end is dropped with the rest.
        let shown = &rest[..rest.len().min(4 * EXCERPT_CHARS)];
        let text = String::from_utf8_lossy(shown);
        let excerpt: String = text
            .chars()
            .take(EXCERPT_CHARS)
            .flat_map(char::escape_debug)
            .collect();
        let more = if text.chars().count() > EXCERPT_CHARS {
            "..."
        } else {
            ""
        };
        format!("{}, found `{excerpt}`{more} (column {column})", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_place_and_text() {
        let page = b"ok 1\na{b} 1";
        let fault = Fault::new("expected `=` after the label name", 8);
        assert_eq!(
            fault.reason(page, 5),
            "expected `=` after the label name, found `} 1` (column 4)"
        );
        assert_eq!(
            Fault::new("expected a value", page.len()).reason(page, 5),
            "expected a value, found the end of the line (column 7)"
        );
        let long = [b'x'; 100];
        assert!(Fault::new("no", 0).reason(&long, 0).contains("xxx`..."));
        assert!(
            Fault::new("not UTF-8", 0)
                .reason(b"\xff\n", 0)
                .contains('\u{fffd}')
        );
    }
}

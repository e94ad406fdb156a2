//! A finding with the line that it stands on.

use std::ops::Range;

use aiperf_parser_prometheus::lint::{Finding, Severity};
use aiperf_plugin_sdk::display::printable;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::source::Page;

/// Characters of a long line that are shown before and behind the place.
const AROUND: usize = 60;

pub(super) fn render(page: &Page, finding: &Finding, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = printable(&finding.message);
    let title = level.primary_title(message.as_ref()).id(finding.rule);
    let (line, span) = excerpt(&page.body, &finding.span);
    let snippet = Snippet::source(line)
        .path(page.name.clone())
        .line_start(finding.line as usize)
        .annotation(AnnotationKind::Primary.span(span));
    let group = title.element(snippet);
    let group = match finding.others {
        0 => group,
        1 => group.element(Level::NOTE.message("so is one more place")),
        others => group.element(Level::NOTE.message(format!("so are {others} more places"))),
    };
    renderer.render(&[group])
}

/// The line of the page that `span` begins on, or the part around it, and where the span is in it.
/// What a terminal would obey is replaced, character by character.
fn excerpt(page: &[u8], span: &Range<usize>) -> (String, Range<usize>) {
    let mut at = span.start.min(page.len());
    // What is behind the last line is shown at its end.
    if at == page.len() && at > 0 && page[at - 1] == b'\n' {
        at -= 1;
    }
    let start = page[..at].iter().rposition(|byte| *byte == b'\n');
    let start = start.map_or(0, |newline| newline + 1);
    let length = page[at..].iter().position(|byte| *byte == b'\n');
    let end = length.map_or(page.len(), |length| at + length);
    let before = harmless(&page[start..at]);
    let marked = harmless(&page[at..span.end.clamp(at, end)]);
    let behind = harmless(&page[span.end.clamp(at, end)..end]);
    let cut = before.chars().count().saturating_sub(AROUND);
    let mut line: String = before.chars().skip(cut).collect();
    if cut > 0 {
        line.insert_str(0, "...");
    }
    let from = line.len();
    line.extend(marked.chars().take(AROUND));
    let to = line.len();
    let room = AROUND.saturating_sub(marked.chars().count());
    line.extend(behind.chars().take(room.max(20)));
    (line, from..to)
}

fn harmless(bytes: &[u8]) -> String {
    let one = |character: char| {
        let mut buffer = [0; 4];
        let text: &str = character.encode_utf8(&mut buffer);
        if character == '\t' {
            ' '
        } else if printable(text) == text {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    String::from_utf8_lossy(bytes).chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_around_the_place() {
        let page = b"first 1\nsecond{a=b} 2\nthird 3\n";
        let (line, span) = excerpt(page, &(17..18));
        assert_eq!(
            (line.as_str(), line.get(span)),
            ("second{a=b} 2", Some("b"))
        );
        let (line, span) = excerpt(page, &(page.len()..page.len()));
        assert_eq!((line.as_str(), span), ("third 3", 7..7));
        assert_eq!(excerpt(b"", &(0..0)), (String::new(), 0..0));
    }

    #[test]
    fn long_lines_are_cut_and_hostile_ones_are_harmless() {
        let page = format!("{}\u{1b}X{}", "a".repeat(500), "b".repeat(500));
        let (line, span) = excerpt(page.as_bytes(), &(501..502));
        assert_eq!(line.get(span), Some("X"));
        assert!(
            line.starts_with("...aaa") && line.contains("\u{fffd}Xbbb"),
            "{line}"
        );
        assert!(line.len() < 200);
    }
}

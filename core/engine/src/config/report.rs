//! Renders findings with the line that they stand on.

use aiperf_plugin_sdk::display::printable;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::error::{Problem, Severity};
use super::source::{Origin, Source, SourceKind, Sources};
use crate::secrets::Secrets;

pub(crate) fn render(sources: &Sources, problems: &[Problem], color: bool) -> Vec<String> {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    problems
        .iter()
        .map(|problem| renderer.render(&[group(sources, problem)]))
        .collect()
}

fn group<'a>(sources: &'a Sources, problem: &'a Problem) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let secrets = &sources.secrets;
    let shown = |text| printable(&secrets.scrub(text)).into_owned();
    let title = level.primary_title(shown(&problem.message));
    let place = problem
        .origin
        .as_ref()
        .and_then(|at| Some((at, sources.at(at)?)));
    let group = match place {
        Some((origin, source)) => title.element(snippet(source, origin, secrets)),
        None => Group::with_title(title),
    };
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(shown(help))),
        None => group,
    }
}

fn snippet<'a>(
    source: &Source,
    origin: &Origin,
    secrets: &Secrets,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let span = one_line(&source.text, origin);
    let visible = harmless(&source.visible_text(secrets));
    let snippet = Snippet::source(visible).annotation(AnnotationKind::Primary.span(span));
    if source.kind == SourceKind::File {
        snippet.path(printable(&source.name).into_owned())
    } else {
        // There are no lines on a command line.
        snippet.line_numbering(false)
    }
}

/// The text with another sign for each that a terminal obeys or that people cannot see. It takes as many
/// bytes, so that spans stay right. Those of ASCII are drawn by the renderer.
fn harmless(text: &str) -> String {
    let mut buffer = [0; 4];
    let sign = |c: char| {
        let own: &str = c.encode_utf8(&mut buffer);
        match c.len_utf8() {
            _ if c.is_ascii() || printable(own) == own => c,
            2 => '·',
            3 => char::REPLACEMENT_CHARACTER,
            _ => '\u{1f6ab}',
        }
    };
    text.chars().map(sign).collect()
}

/// Cuts a span at the end of its first line: a caret under a whole table helps nobody.
fn one_line(text: &str, origin: &Origin) -> std::ops::Range<usize> {
    let start = origin.span.start.min(text.len());
    let end = origin.span.end.clamp(start, text.len());
    let length = text
        .get(start..end)
        .and_then(|part| part.find('\n'))
        .unwrap_or(end - start);
    start..start + length
}

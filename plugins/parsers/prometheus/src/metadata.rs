//! Lines that begin with `#`: HELP, TYPE, UNIT, `# EOF`, and comments.

use std::ops::Range;

use aiperf_plugin_sdk::MetricKind;

use crate::cursor::Cursor;
use crate::families::{Families, Name};
use crate::fault::Fault;
use crate::format::Format;
use crate::labels::quoted;
use crate::sink::{Escapes, Sink, Text};

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Help,
    Type,
    Unit,
    /// `# EOF` in OpenMetrics.
    Eof,
    /// Anything else in Prometheus text.
    Comment,
}

/// Reads `#` and the keyword, up to the blank behind it.
pub(crate) fn keyword(cursor: &mut Cursor<'_>) -> Result<Keyword, Fault> {
    let start = cursor.at;
    cursor.at += 1;
    match cursor.format {
        Format::PrometheusText => Ok(prometheus_keyword(cursor)),
        Format::OpenMetrics => open_metrics_keyword(cursor).ok_or(Fault::new(
            "expected `# HELP `, `# TYPE `, `# UNIT ` or `# EOF` (OpenMetrics has no comments)",
            start,
        )),
    }
}

fn prometheus_keyword(cursor: &mut Cursor<'_>) -> Keyword {
    let before = cursor.at;
    cursor.skip_blanks();
    let Some((word, [b' ' | b'\t', ..])) = cursor.rest().split_at_checked(4) else {
        return Keyword::Comment;
    };
    cursor.at += 4;
    match word {
        _ if before == cursor.at - 4 => Keyword::Comment,
        b"HELP" => Keyword::Help,
        b"TYPE" => Keyword::Type,
        b"UNIT" => Keyword::Unit,
        _ => Keyword::Comment,
    }
}

fn open_metrics_keyword(cursor: &mut Cursor<'_>) -> Option<Keyword> {
    let rest = cursor.rest();
    if rest == b" EOF" {
        return Some(Keyword::Eof);
    }
    let (word, [b' ', ..]) = rest.split_at_checked(5)? else {
        return None;
    };
    cursor.at += 5;
    match word {
        b" HELP" => Some(Keyword::Help),
        b" TYPE" => Some(Keyword::Type),
        b" UNIT" => Some(Keyword::Unit),
        _ => None,
    }
}

/// Reads the rest of a HELP line.
pub(crate) fn help(
    cursor: &mut Cursor<'_>,
    families: &mut Families,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let name = name(cursor, sink, "expected a metric name after HELP")?;
    let range = text(
        cursor,
        "expected a space and a text (it may be empty) after the name",
    )?;
    let known = match cursor.format {
        Format::PrometheusText => Escapes::Help,
        Format::OpenMetrics => Escapes::Quoted,
    };
    let escaped = cursor.line[range.clone()].contains(&b'\\');
    let help = sink.span(&Text { range, escaped }, known);
    families.describe(sink.page, &name, help, sink.batch);
    Ok(())
}

/// Reads the rest of a TYPE line. A family of a bad type is kept, as one of unknown type.
pub(crate) fn kind(
    cursor: &mut Cursor<'_>,
    families: &mut Families,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let name = name(cursor, sink, "expected a metric name after TYPE")?;
    let word = text(cursor, "expected a space and a type after the name")?;
    let at = word.start;
    let word = &cursor.line[word];
    let Some(kind) = MetricKind::from_type_line(word.trim_ascii()) else {
        families.mentioned(sink.page, &name, sink.batch);
        return Err(Fault::new("this type is not known", at));
    };
    families.declare(sink.page, &name, kind, sink.batch);
    let open_metrics = cursor.format == Format::OpenMetrics;
    if open_metrics && word == b"untyped" {
        return Err(Fault::new(
            "expected `unknown`, which OpenMetrics has for `untyped`",
            at,
        ));
    }
    if open_metrics && word.trim_ascii() != word {
        return Err(Fault::new("expected a type without blanks around it", at));
    }
    Ok(())
}

/// Reads the rest of a UNIT line. In Prometheus text that is a comment like any other, so that
/// nothing in it is wrong.
pub(crate) fn unit(
    cursor: &mut Cursor<'_>,
    families: &mut Families,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    let name = name(cursor, sink, "expected a metric name after UNIT")?;
    let range = text(
        cursor,
        "expected a space and a unit (it may be empty) after the name",
    )?;
    let unit = &cursor.line[range.clone()];
    let stem = cursor.line[name.raw.clone()].strip_suffix(unit);
    if !unit.is_empty() && !stem.is_some_and(|stem| stem.ends_with(b"_")) {
        return Err(Fault::new(
            "expected a unit that is the last word of the name",
            range.start,
        ));
    }
    let unit = sink.span(&Text::plain(range), Escapes::Help);
    families.set_unit(sink.page, &name, unit, sink.batch);
    Ok(())
}

/// Reads the separator before the name, and the name.
fn name(cursor: &mut Cursor<'_>, sink: &mut Sink<'_>, what: &'static str) -> Result<Name, Fault> {
    cursor.skip_separator(what)?;
    let text = if cursor.eat(b'"') {
        quoted(cursor)?
    } else {
        Text::plain(cursor.metric_name().ok_or(cursor.fault(what))?)
    };
    let span = sink.span(&text, Escapes::Quoted);
    Ok(Name {
        raw: text.range,
        span,
    })
}

/// Reads the separator behind the name and gives the rest of the line.
fn text(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Range<usize>, Fault> {
    let end = cursor.line.len();
    match (cursor.peek(), cursor.format) {
        (None, Format::PrometheusText) => Ok(end..end),
        (Some(b' ' | b'\t'), Format::PrometheusText) => {
            cursor.skip_blanks();
            Ok(cursor.at..end)
        }
        (Some(b' '), Format::OpenMetrics) => Ok(cursor.at + 1..end),
        _ => Err(cursor.fault(what)),
    }
}

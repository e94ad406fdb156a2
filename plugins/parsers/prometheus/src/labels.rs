//! Label sets: `{a="b", "quoted name"="c"}`, and metric names that stand inside them.

use aiperf_plugin_sdk::batch::Span;

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::format::Format;
use crate::quote;
use crate::sink::{Escapes, Sink, Text};

/// One entry of a label set.
#[derive(Debug)]
pub(crate) enum Entry {
    /// `name="value"`. `raw` is the value as written.
    Label { name: Span, value: Span, raw: Text },
    /// `"name"`: the name of the metric.
    MetricName(Text),
}

/// Reads the entries of a set whose `{` has been read.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    started: bool,
}

impl Labels {
    /// The next entry if it is written as nearly all are: `name="value"`, without blanks or
    /// escapes. Else the cursor stays where it is.
    #[inline]
    pub(crate) fn next_simple(&mut self, cursor: &mut Cursor<'_>) -> Option<(Span, Span)> {
        let mut ahead = *cursor;
        if self.started && !ahead.eat(b',') {
            return None;
        }
        let name = ahead.label_name()?;
        if !ahead.rest().starts_with(b"=\"") {
            return None;
        }
        ahead.at += 2;
        let (start, end) = (ahead.at, ahead.at + quote::find(ahead.rest())?);
        if ahead.line[end] != b'"' {
            return None;
        }
        self.started = true;
        cursor.at = end + 1;
        Some((Span::text(name.start, name.end), Span::text(start, end)))
    }

    /// The next entry, or `None` behind the closing brace.
    pub(crate) fn next(
        &mut self,
        cursor: &mut Cursor<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Option<Entry>, Fault> {
        self.skip_comma(cursor)?;
        if cursor.eat(b'}') {
            return Ok(None);
        }
        let name = if cursor.eat(b'"') {
            let name = quoted(cursor)?;
            cursor.skip_blanks();
            if matches!(cursor.peek(), Some(b',' | b'}')) {
                return Ok(Some(Entry::MetricName(name)));
            }
            name
        } else {
            let name = cursor.label_name();
            Text::plain(name.ok_or(cursor.fault("expected a label name or `}`"))?)
        };
        label(&name, cursor, sink).map(Some)
    }

    /// A comma before the closing brace is allowed, as everywhere. Prometheus text also gets by
    /// without commas, because Prometheus does.
    fn skip_comma(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        cursor.skip_blanks();
        if !std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        if cursor.eat(b',') {
            cursor.skip_blanks();
        } else if cursor.format == Format::OpenMetrics && cursor.peek() != Some(b'}') {
            return Err(cursor.fault("expected `,` or `}` after the label value"));
        }
        Ok(())
    }
}

fn label(name: &Text, cursor: &mut Cursor<'_>, sink: &mut Sink<'_>) -> Result<Entry, Fault> {
    if name.range.is_empty() {
        return Err(Fault::new("a label name is empty", name.range.start));
    }
    cursor.skip_blanks();
    cursor.expect(b'=', "expected `=` after the label name")?;
    cursor.skip_blanks();
    cursor.expect(b'"', "expected a label value in double quotes")?;
    let raw = quoted(cursor)?;
    let name = sink.span(name, Escapes::Quoted);
    let value = sink.span(&raw, Escapes::Quoted);
    Ok(Entry::Label { name, value, raw })
}

/// Reads up to the closing quote; the opening one has been read.
pub(crate) fn quoted(cursor: &mut Cursor<'_>) -> Result<Text, Fault> {
    let start = cursor.at;
    let mut escaped = false;
    loop {
        let Some(at) = quote::find(cursor.rest()) else {
            return Err(Fault::new(
                "expected a closing `\"` for the text that begins here",
                start,
            ));
        };
        cursor.at += at;
        if cursor.eat(b'"') {
            return Ok(Text {
                range: start..cursor.at - 1,
                escaped,
            });
        }
        escaped = true;
        // The backslash and what it escapes.
        cursor.at += 2;
    }
}

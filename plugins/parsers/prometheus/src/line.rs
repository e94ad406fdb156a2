//! Sample lines: `name{labels} value timestamp # exemplar`.

use std::ops::Range;

use aiperf_plugin_sdk::batch::{SampleRow, Span};

use crate::cursor::{Cursor, is_name_byte};
use crate::exemplar::{self, Exemplar};
use crate::families::{Families, Name};
use crate::fault::Fault;
use crate::format::Format;
use crate::labels::{Entry, Labels};
use crate::number;
use crate::sink::{Escapes, Sink, Text};

/// The unquoted name that was read last. Neighbours mostly share it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastName {
    start: usize,
    end: usize,
    row: u32,
}

/// Reads the sample that begins at the cursor and adds it.
///
/// On a fault, labels of the sample may be pending in the batch.
#[inline]
pub(crate) fn sample(
    cursor: &mut Cursor<'_>,
    last: &mut LastName,
    families: &mut Families,
    sink: &mut Sink<'_>,
) -> Result<(), Fault> {
    if let Some(row) = same_name(cursor, *last) {
        let name = Span::text(cursor.at, cursor.at + (last.end - last.start));
        cursor.at += last.end - last.start;
        labels(cursor, sink, true)?;
        let (mut sample, exemplar) = reading(cursor, sink)?;
        (sample.family, sample.name) = (row, name);
        push(sample, exemplar, sink);
        return Ok(());
    }
    let unquoted = cursor.metric_name();
    let quoted = labels(cursor, sink, unquoted.is_some())?;
    let text = unquoted.clone().map(Text::plain).or(quoted);
    let text = text.ok_or(cursor.fault("expected a metric name before here"))?;
    let (mut sample, exemplar) = reading(cursor, sink)?;
    let span = sink.span(&text, Escapes::Quoted);
    let raw = text.range;
    let row = families.of_sample(sink.page, &Name { raw, span }, sink.batch);
    if let Some(Range { start, end }) = unquoted {
        *last = LastName { start, end, row };
    }
    (sample.family, sample.name) = (row, span);
    push(sample, exemplar, sink);
    Ok(())
}

/// The family's row if the line begins with exactly the last name.
#[inline]
fn same_name(cursor: &Cursor<'_>, last: LastName) -> Option<u32> {
    let rest = cursor.rest();
    let name = cursor.line.get(last.start..last.end)?;
    let next = rest.get(name.len())?;
    (!name.is_empty() && !is_name_byte(*next) && rest.starts_with(name)).then_some(last.row)
}

/// Reads the label set, if there is one. Gives the metric's name if it stands in there.
#[inline]
fn labels(
    cursor: &mut Cursor<'_>,
    sink: &mut Sink<'_>,
    named: bool,
) -> Result<Option<Text>, Fault> {
    let name_end = cursor.at;
    if cursor.format == Format::PrometheusText {
        cursor.skip_blanks();
    }
    if !cursor.eat(b'{') {
        return no_labels(cursor, name_end, named).map(|()| None);
    }
    let mut labels = Labels::default();
    while let Some((name, value)) = labels.next_simple(cursor) {
        sink.batch.push_label(name, value);
    }
    if cursor.eat(b'}') {
        return Ok(None);
    }
    other_labels(labels, cursor, sink, named)
}

/// What ends a name is not always a blank: `a-b 1`, `a"b" 1`.
fn no_labels(cursor: &Cursor<'_>, name_end: usize, named: bool) -> Result<(), Fault> {
    if !named {
        return Err(cursor.fault("expected a metric name"));
    }
    match cursor.peek() {
        Some(byte) if cursor.at == name_end && !matches!(byte, b' ' | b'\t') => {
            Err(cursor.fault("expected a blank or `{` after the metric name"))
        }
        _ => Ok(()),
    }
}

/// Reads the rest of a label set in which something is written in a rare way.
#[cold]
fn other_labels(
    mut labels: Labels,
    cursor: &mut Cursor<'_>,
    sink: &mut Sink<'_>,
    named: bool,
) -> Result<Option<Text>, Fault> {
    let mut metric_name = None;
    loop {
        let at = cursor.at;
        match labels.next(cursor, sink)? {
            Some(Entry::Label { name, value, .. }) => sink.batch.push_label(name, value),
            Some(Entry::MetricName(_)) if named || metric_name.is_some() => {
                return Err(Fault::new("the metric already has a name", at));
            }
            Some(Entry::MetricName(name)) if name.range.is_empty() => {
                return Err(Fault::new("the metric name is empty", at));
            }
            Some(Entry::MetricName(name)) => metric_name = Some(name),
            None => return Ok(metric_name),
        }
    }
}

/// Reads what stands behind the labels, into a row that lacks its family and name.
#[inline]
fn reading(
    cursor: &mut Cursor<'_>,
    sink: &mut Sink<'_>,
) -> Result<(SampleRow, Option<Exemplar>), Fault> {
    let (value, value_span) = value(cursor)?;
    let mut row = SampleRow::new(0, Span::NONE, value).value_span(value_span);
    let exemplar = if cursor.is_end() {
        None
    } else {
        tail(cursor, &mut row, sink)?
    };
    Ok((row, exemplar))
}

#[inline]
fn value(cursor: &mut Cursor<'_>) -> Result<(f64, Span), Fault> {
    cursor.skip_separator("expected one space before the value")?;
    let start = cursor.at;
    let Some((value, end)) = number::value(cursor.line, start, cursor.format) else {
        return Err(cursor.fault(match cursor.peek() {
            Some(b'{') => "composite values (native histograms) are not supported",
            _ => "expected a number as value",
        }));
    };
    cursor.at = end;
    Ok((value, Span::text(start, end)))
}

/// Reads what may follow a value: a timestamp, an exemplar, and blanks in Prometheus text.
fn tail(
    cursor: &mut Cursor<'_>,
    row: &mut SampleRow,
    sink: &mut Sink<'_>,
) -> Result<Option<Exemplar>, Fault> {
    cursor.skip_separator("expected one space after the value")?;
    if cursor.is_end() && cursor.format == Format::PrometheusText {
        return Ok(None);
    }
    if cursor.peek() != Some(b'#') {
        (row.time_ns, row.time_span) = time(cursor)?;
        if cursor.is_end() {
            return Ok(None);
        }
        cursor.skip_separator("expected one space after the timestamp")?;
        if cursor.is_end() && cursor.format == Format::PrometheusText {
            return Ok(None);
        }
    }
    exemplar::read(cursor, sink).map(Some)
}

fn time(cursor: &mut Cursor<'_>) -> Result<(i64, Span), Fault> {
    let start = cursor.at;
    let token = &cursor.rest()[..number::token_len(cursor.rest(), cursor.format)];
    let Some(time_ns) = number::time_ns(token, cursor.format) else {
        return Err(cursor.fault(match cursor.format {
            Format::PrometheusText => "expected a timestamp in integer milliseconds",
            Format::OpenMetrics => "expected a timestamp in finite seconds",
        }));
    };
    cursor.at += token.len();
    Ok((time_ns, Span::text(start, cursor.at)))
}

#[inline]
fn push(row: SampleRow, exemplar: Option<Exemplar>, sink: &mut Sink<'_>) {
    sink.batch.push_sample(row);
    if let Some(exemplar) = exemplar {
        sink.batch
            .push_exemplar(exemplar, &sink.buffers.exemplar_labels);
    }
}

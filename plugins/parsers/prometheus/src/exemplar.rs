//! Exemplars: `# {trace_id="abc"} 0.67 1520879607.789`.
//!
//! They belong to OpenMetrics; real servers write them into Prometheus text as well.

pub(crate) use aiperf_plugin_sdk::batch::Exemplar;
use aiperf_plugin_sdk::batch::NO_TIME;

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::format::Format;
use crate::labels::{Entry, Labels};
use crate::number;
use crate::sink::Sink;

/// Reads the exemplar that begins at the cursor, up to the end of the line.
pub(crate) fn read(cursor: &mut Cursor<'_>, sink: &mut Sink<'_>) -> Result<Exemplar, Fault> {
    cursor.expect(b'#', "expected `# {` of an exemplar or the end of the line")?;
    cursor.skip_separator("expected one space after the `#` of an exemplar")?;
    cursor.expect(b'{', "expected `{` of an exemplar's labels")?;
    labels(cursor, sink)?;
    cursor.skip_separator("expected one space before the exemplar's value")?;
    let Some((value, end)) = number::value(cursor.line, cursor.at, cursor.format) else {
        return Err(cursor.fault("expected a number as the exemplar's value"));
    };
    cursor.at = end;
    let time_ns = time(cursor)?;
    Ok(Exemplar::new(value).at(time_ns))
}

fn labels(cursor: &mut Cursor<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
    sink.buffers.exemplar_labels.clear();
    let mut labels = Labels::default();
    loop {
        let at = cursor.at;
        match labels.next(cursor, sink)? {
            Some(Entry::Label { name, value, raw }) => {
                if memchr::memchr(0, &cursor.line[raw.range.clone()]).is_some() {
                    return Err(Fault::new(
                        "an exemplar's label has a null byte",
                        raw.range.start,
                    ));
                }
                sink.buffers.exemplar_labels.push((name, value));
            }
            Some(Entry::MetricName(_)) => {
                return Err(Fault::new(
                    "expected `name=\"value\"` in an exemplar's labels",
                    at,
                ));
            }
            None => return Ok(()),
        }
    }
}

/// The exemplar's time is in seconds in both formats: only OpenMetrics defines it.
fn time(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    if cursor.is_end() {
        return Ok(NO_TIME);
    }
    cursor.skip_separator("expected one space after the exemplar's value")?;
    if cursor.is_end() && cursor.format == Format::PrometheusText {
        return Ok(NO_TIME);
    }
    let token = cursor.rest();
    let token = match cursor.format {
        Format::PrometheusText => token.trim_ascii_end(),
        Format::OpenMetrics => token,
    };
    number::time_ns(token, Format::OpenMetrics)
        .ok_or(cursor.fault("expected the exemplar's timestamp in finite seconds"))
}

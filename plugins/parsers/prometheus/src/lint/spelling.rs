//! Rules about how texts and times are written: runs read on where other readers stop.

use super::finding::{Findings, Severity};
use super::page::{Page, Sample};
use crate::format::Format;

/// `raw` is the page as it came.
pub(super) fn check(raw: &[u8], page: &Page<'_>, findings: &mut Findings) {
    for sample in &page.samples {
        escapes(raw, sample, findings);
        if page.format == Format::PrometheusText {
            range(raw, sample, findings);
        }
    }
}

/// A backslash before anything but a backslash, a quote or `n` stays as it is, or ends the page.
fn escapes(raw: &[u8], sample: &Sample<'_>, findings: &mut Findings) {
    let mut at = sample.line.range.start;
    let end = sample.value_at.start.min(raw.len());
    while let Some(found) = raw
        .get(at..end)
        .and_then(|rest| memchr::memchr(b'\\', rest))
    {
        let escape = at + found..(at + found + 2).min(end);
        at = escape.end;
        let escaped = raw.get(escape.start + 1);
        if !matches!(escaped, Some(b'\\' | b'"' | b'n')) {
            let message = format!(
                "`{}` has a `\\` that escapes nothing, expected `\\\\`, `\\\"` or `\\n`",
                sample.name
            );
            let subject = sample.name.as_bytes();
            findings.grouped(Severity::Error, "escape", subject, escape, message);
        }
    }
}

/// Milliseconds that 64 bits do not hold.
fn range(raw: &[u8], sample: &Sample<'_>, findings: &mut Findings) {
    let Some(at) = sample.time_at.clone() else {
        return;
    };
    let digits = raw
        .get(at.clone())
        .and_then(|time| str::from_utf8(time).ok());
    if digits.is_none_or(|digits| digits.parse::<i64>().is_err()) {
        let message = format!("the time of `{}` is beyond 64 bits", sample.name);
        let subject = sample.name.as_bytes();
        findings.grouped(Severity::Error, "timestamp-range", subject, at, message);
    }
}

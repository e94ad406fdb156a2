//! Which of the two formats a page is written in, and whether it is one of them at all.

use aiperf_plugin_sdk::Batch;

use crate::page::parse_page;

/// U+FEFF in UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Format of a page. They differ in strictness, in the unit of timestamps and in `# EOF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text exposition format 0.0.4: any blanks, comments, timestamps in milliseconds.
    PrometheusText,
    /// OpenMetrics text 1.0: single spaces, no comments, `# EOF` at the end, timestamps in seconds.
    OpenMetrics,
}

impl Format {
    /// The format that `content_type` (with or without parameters) names; if it names neither,
    /// OpenMetrics for a page that ends in `# EOF` and Prometheus text for others.
    pub fn detect(content_type: &str, page: &[u8]) -> Self {
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        if mime.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else if mime.eq_ignore_ascii_case("text/plain") || !ends_in_eof(page) {
            Self::PrometheusText
        } else {
            Self::OpenMetrics
        }
    }

    /// True if `byte` separates tokens. OpenMetrics knows the space only.
    #[inline]
    pub(crate) fn is_blank(self, byte: u8) -> bool {
        byte == b' ' || (byte == b'\t' && self == Self::PrometheusText)
    }
}

fn ends_in_eof(page: &[u8]) -> bool {
    let page = page.trim_ascii_end();
    page.strip_suffix(b"# EOF")
        .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"\n"))
}

/// True if `head`, the start of a page, reads better as metrics than as anything else.
pub(crate) fn looks_like_metrics(head: &[u8]) -> bool {
    if foreign(head).is_some() {
        return false;
    }
    // The last line is probably cut off.
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) => &head[..end],
        None => head,
    };
    let mut batch = Batch::new();
    parse_page(whole, Format::PrometheusText, &mut batch);
    let (samples, families, faults) = batch
        .read(whole, |view| {
            (view.len(), view.families(), view.diagnostic_count())
        })
        .unwrap_or_default();
    samples.max(families) > faults
}

/// Names what `body` is if it is one of the things that servers send instead of metrics.
///
/// A metrics page may begin with `{` (a quoted metric name), so that JSON objects are told by the
/// colon after their first key.
pub(crate) fn foreign(body: &[u8]) -> Option<&'static str> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let body = body.trim_ascii_start();
    match body.first()? {
        b'<' => Some("HTML or XML"),
        b'[' => Some("JSON"),
        b'{' => is_json_object(&body[1..]).then_some("JSON"),
        b'\0'..=b'\x08' | b'\x0e'..=b'\x1f' => Some("binary data"),
        _ => None,
    }
}

fn is_json_object(inside: &[u8]) -> bool {
    match inside.trim_ascii_start().split_first() {
        Some((b'}', rest)) => rest.trim_ascii().is_empty(),
        Some((b'"', key)) => match memchr::memchr(b'"', key) {
            Some(end) => key[end + 1..].trim_ascii_start().first() == Some(&b':'),
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_decides() {
        let om = b"a 1\n# EOF\n";
        let check = |content_type, page: &[u8], format| {
            assert_eq!(Format::detect(content_type, page), format, "{content_type}");
        };
        check("text/plain; version=0.0.4", om, Format::PrometheusText);
        check(
            "Application/OpenMetrics-Text; version=1.0.0; charset=utf-8",
            b"",
            Format::OpenMetrics,
        );
        check("", om, Format::OpenMetrics);
        check("", b"a 1\n# EOF", Format::OpenMetrics);
        check("", b"# EOF", Format::OpenMetrics);
        check("application/octet-stream", b"a 1\n", Format::PrometheusText);
        check("", b"a{b=\"x # EOF", Format::PrometheusText);
    }

    #[test]
    fn sniffs_metrics_only() {
        for page in [
            &b"# HELP a b\n"[..],
            b"# TYPE a counter\n",
            b"a 1\n",
            b"\n\n# comment\nvllm:x{a=\"b\"} 1 2\n",
            b"{\"a.b\", c=\"d\"} 1\n",
            b"a 1\nb{cut=\"of",
        ] {
            assert!(
                looks_like_metrics(page),
                "{}",
                String::from_utf8_lossy(page)
            );
        }
        for other in [
            &b""[..],
            b"[]",
            b"{}",
            b" {\"a\": 1}",
            b"[{\"gpu\": 1}]",
            b"<!DOCTYPE html>",
            b"Not Found",
            b"# just a comment\n",
            b"\x0a\x12\x08\x01",
        ] {
            assert!(
                !looks_like_metrics(other),
                "{}",
                String::from_utf8_lossy(other)
            );
        }
    }
}

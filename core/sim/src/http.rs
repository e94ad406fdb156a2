//! As much of HTTP/1.1 as a client of an inference server needs.

use std::io::Write as _;

use memchr::memmem;

/// Longest request head.
const MAX_HEAD: usize = 64 * 1024;
/// Longest request body.
pub(crate) const MAX_BODY: usize = 64 * 1024 * 1024;

/// A request's first line and the headers that matter here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) accept: String,
    pub(crate) x_request_id: Option<String>,
    pub(crate) close: bool,
    pub(crate) expects_continue: bool,
    /// Bytes of the head, with its blank line.
    pub(crate) len: usize,
    pub(crate) body_len: usize,
}

/// What stands at the start of a connection's input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// Not all of the head is there yet.
    Partial,
    /// A head; its body may still be on its way.
    Head(Head),
    /// Not a request that can be served: answer with this status and close.
    Invalid(u16, &'static str),
}

/// Reads the head at the start of `input`.
pub(crate) fn parse(input: &[u8]) -> Parsed {
    let Some(end) = memmem::find(input, b"\r\n\r\n") else {
        return if input.len() > MAX_HEAD {
            Parsed::Invalid(431, "request head too large")
        } else {
            Parsed::Partial
        };
    };
    let text = input
        .get(..end)
        .and_then(|head| std::str::from_utf8(head).ok());
    let Some(text) = text else {
        return Parsed::Invalid(400, "request head is not UTF-8");
    };
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (first.next(), first.next(), first.next(), first.next())
    else {
        return Parsed::Invalid(400, "malformed request line");
    };
    if !version.starts_with("HTTP/") {
        return Parsed::Invalid(400, "malformed request line");
    }
    if version != "HTTP/1.1" {
        return Parsed::Invalid(505, "only HTTP/1.1 is spoken here");
    }
    let mut head = Head {
        method: method.to_owned(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        len: end + 4,
        ..Head::default()
    };
    for line in lines {
        if let Err((status, reason)) = read_header(&mut head, line) {
            return Parsed::Invalid(status, reason);
        }
    }
    Parsed::Head(head)
}

fn read_header(head: &mut Head, line: &str) -> Result<(), (u16, &'static str)> {
    let Some((name, value)) = line.split_once(':') else {
        return Err((400, "malformed header"));
    };
    let value = value.trim();
    if name.eq_ignore_ascii_case("content-length") {
        head.body_len = value
            .parse()
            .map_err(|_| (400, "malformed content-length"))?;
        if head.body_len > MAX_BODY {
            return Err((413, "request body too large"));
        }
    } else if name.eq_ignore_ascii_case("transfer-encoding") {
        return Err((
            411,
            "chunked request bodies are not supported, send content-length",
        ));
    } else if name.eq_ignore_ascii_case("accept") {
        value.clone_into(&mut head.accept);
    } else if name.eq_ignore_ascii_case("x-request-id") {
        head.x_request_id = Some(value.to_owned());
    } else if name.eq_ignore_ascii_case("connection") {
        head.close |= value
            .split(',')
            .any(|token| token.trim().eq_ignore_ascii_case("close"));
    } else if name.eq_ignore_ascii_case("expect") {
        head.expects_continue = value.eq_ignore_ascii_case("100-continue");
    }
    Ok(())
}

/// Whether an `Accept` header prefers OpenMetrics to the classic text format.
pub(crate) fn prefers_openmetrics(accept: &str) -> bool {
    let mut openmetrics = 0.0_f64;
    let mut classic = 0.0_f64;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let quality = parts
            .filter_map(|part| part.strip_prefix("q="))
            .find_map(|value| value.parse().ok())
            .unwrap_or(1.0);
        if media.eq_ignore_ascii_case("application/openmetrics-text") {
            openmetrics = openmetrics.max(quality);
        } else if media.eq_ignore_ascii_case("text/plain") {
            classic = classic.max(quality);
        }
    }
    openmetrics > 0.0 && openmetrics >= classic
}

/// A complete answer, kept until it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// Further lines of the head, each with its end.
    pub(crate) more: &'static str,
    pub(crate) body: Vec<u8>,
    /// What `content-length` leaves out.
    pub(crate) unannounced: usize,
}

impl Response {
    /// An answer with status 200.
    pub(crate) fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            content_type,
            more: "",
            body: body.into(),
            unannounced: 0,
        }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            ..Self::new("application/json", body)
        }
    }

    /// An error in the form that OpenAI's clients expect.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        let kind = match status {
            404 => "NotFoundError",
            500.. => "InternalServerError",
            _ => "BadRequestError",
        };
        let body = serde_json::json!({
            "error": { "message": message, "type": kind, "param": null, "code": status }
        });
        let more = match status {
            429 | 503 => "retry-after: 1\r\n",
            _ => "",
        };
        Self {
            more,
            ..Self::json(status, body.to_string())
        }
    }

    /// Appends head and body to `out`.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>, close: bool) {
        let connection = if close { "connection: close\r\n" } else { "" };
        write_head(
            out,
            self.status,
            format_args!(
                "content-type: {}\r\ncontent-length: {}\r\n{}{connection}\r\n",
                self.content_type,
                self.body.len().saturating_sub(self.unannounced),
                self.more,
            ),
        );
        out.extend_from_slice(&self.body);
    }
}

/// Type of a streamed answer.
pub(crate) const EVENTS: &str = "text/event-stream; charset=utf-8";

/// Appends the head of a streamed answer to `out`.
pub(crate) fn write_stream_head(out: &mut Vec<u8>, content_type: &str, close: bool) {
    let connection = if close { "connection: close\r\n" } else { "" };
    write_head(
        out,
        200,
        format_args!(
            "content-type: {content_type}\r\ncache-control: no-cache\r\n\
             transfer-encoding: chunked\r\n{connection}\r\n"
        ),
    );
}

/// Appends one chunk of a streamed answer to `out`.
pub(crate) fn write_chunk(out: &mut Vec<u8>, body: &[u8]) {
    write!(out, "{:x}\r\n", body.len()).expect("writing to memory cannot fail");
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
}

fn write_head(out: &mut Vec<u8>, status: u16, rest: std::fmt::Arguments<'_>) {
    write!(
        out,
        "HTTP/1.1 {status} {}\r\nserver: aiperf-sim\r\n{rest}",
        reason(status)
    )
    .expect("writing to memory cannot fail");
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(input: &str) -> Head {
        match parse(input.as_bytes()) {
            Parsed::Head(head) => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_head_is_read_with_its_query_cut_off() {
        let head = head(
            "POST /v1/completions?a=1 HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH: 12\r\n\
             connection: foo, Close\r\nX-Request-ID: abc\r\n\r\nrest",
        );
        assert_eq!(
            (head.method.as_str(), head.path.as_str()),
            ("POST", "/v1/completions")
        );
        assert_eq!((head.body_len, head.close), (12, true));
        assert_eq!(head.x_request_id.as_deref(), Some("abc"));
    }

    #[test]
    fn a_head_is_awaited_to_its_blank_line() {
        assert_eq!(parse(b"GET / HTTP/1.1\r\nhost: x\r\n"), Parsed::Partial);
    }

    #[test]
    fn what_cannot_be_served_is_refused_with_a_status() {
        let status = |input: &str| match parse(input.as_bytes()) {
            Parsed::Invalid(status, _) => status,
            other => panic!("{other:?}"),
        };
        assert_eq!(status("nonsense\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 505);
        assert_eq!(
            status("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"),
            411
        );
        assert_eq!(status("POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n"), 400);
        assert_eq!(status(&"x".repeat(MAX_HEAD + 1)), 431);
    }

    #[test]
    fn openmetrics_is_sent_to_those_who_prefer_it() {
        assert!(prefers_openmetrics(
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
        ));
        assert!(!prefers_openmetrics(
            "text/plain;q=0.5, application/openmetrics-text;q=0.2"
        ));
        assert!(!prefers_openmetrics("*/*"));
        assert!(!prefers_openmetrics(""));
    }
}

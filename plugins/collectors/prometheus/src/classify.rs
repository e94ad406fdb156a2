//! What an answer is, by its status, its content type and its first bytes.

use aiperf_plugin_sdk::Response;

/// What a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing: it is down, or not up yet.
    None,
    /// A page that may hold metrics. Bad lines in it do not matter here.
    Page,
    /// Something that no parser of metrics reads.
    Other(&'static str),
    /// Text in which nothing looks like metrics.
    Prose,
    /// There is nothing at this URL.
    Absent(u16),
    /// It is elsewhere.
    Moved(u16),
    /// Any other status: credentials are missing, or the server has trouble. It may pass.
    Refused,
}

/// Says what `response` is.
pub(crate) fn classify(response: &Response<'_>) -> Answer {
    match response.status {
        None => Answer::None,
        Some(200..=299) => classify_body(response.content_type, response.head),
        Some(status @ (404 | 405 | 410 | 501)) => Answer::Absent(status),
        Some(status @ (301 | 302 | 303 | 307 | 308)) => Answer::Moved(status),
        Some(_) => Answer::Refused,
    }
}

/// The content type is a hint only: servers send metrics as JSON and JSON as text.
fn classify_body(content_type: &str, head: &[u8]) -> Answer {
    let head = head.trim_ascii_start();
    let Some(first) = head.first() else {
        return Answer::Page;
    };
    let mime = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if mime == "application/vnd.google.protobuf" {
        return Answer::Other("protobuf");
    }
    match first {
        b'<' => Answer::Other("HTML or XML"),
        b'[' => Answer::Other("JSON"),
        b'{' if is_json_object(head) => Answer::Other("JSON"),
        _ if head.contains(&0) && std::str::from_utf8(head).is_err() => {
            Answer::Other("binary data")
        }
        _ if head.split(|byte| *byte == b'\n').any(is_exposition_line) => Answer::Page,
        _ if mime == "application/json" || mime.ends_with("+json") => Answer::Other("JSON"),
        _ if mime == "text/html" => Answer::Other("HTML or XML"),
        _ => Answer::Prose,
    }
}

/// A metrics page may begin with `{` too, before a quoted name: JSON has a colon behind the first
/// key.
fn is_json_object(head: &[u8]) -> bool {
    let inside = head.get(1..).unwrap_or_default().trim_ascii_start();
    match inside.split_first() {
        Some((b'}', _)) => true,
        Some((b'"', key)) => {
            let after = key
                .iter()
                .position(|byte| *byte == b'"')
                .map(|end| &key[end + 1..]);
            after.is_some_and(|after| after.trim_ascii_start().first() == Some(&b':'))
        }
        _ => false,
    }
}

/// True for metadata, and for `name value` or `name{..} value`, also if it is cut off at the end.
fn is_exposition_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    if let Some(comment) = line.strip_prefix(b"#") {
        let word = comment.trim_ascii_start();
        return [&b"HELP "[..], b"TYPE ", b"UNIT ", b"EOF"]
            .iter()
            .any(|key| word.starts_with(key));
    }
    let name_len = line
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && !b"_:".contains(byte));
    let (name, rest) = line.split_at(name_len.unwrap_or(line.len()));
    let rest = rest.trim_ascii_start();
    match rest.first() {
        Some(b'{') => name.first().is_none_or(|first| !first.is_ascii_digit()),
        Some(_) => {
            !name.is_empty()
                && before_exemplar(rest)
                    .split(u8::is_ascii_whitespace)
                    .all(is_number)
        }
        None => false,
    }
}

fn before_exemplar(rest: &[u8]) -> &[u8] {
    rest.split(|byte| *byte == b'#')
        .next()
        .unwrap_or_default()
        .trim_ascii()
}

fn is_number(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: Option<u16>, content_type: &str, head: &[u8]) -> Answer {
        classify(&Response {
            target_id: "t",
            status,
            content_type,
            head,
            ..Response::default()
        })
    }

    fn check(content_type: &str, head: &str, expect: Answer) {
        assert_eq!(
            answer(Some(200), content_type, head.as_bytes()),
            expect,
            "{content_type}: {head:?}"
        );
    }

    #[test]
    fn pages() {
        for content_type in [
            "text/plain; version=0.0.4",
            "application/openmetrics-text",
            "",
            "application/json",
            "text/html",
        ] {
            check(
                content_type,
                "# HELP a b\n# TYPE a gauge\na 1\n",
                Answer::Page,
            );
            check(content_type, "vllm:a{b=\"c\"} 1.5e3 123\n", Answer::Page);
            check(content_type, "{\"a.b\",c=\"d\"} 1\n", Answer::Page);
            check(content_type, "up 1", Answer::Page);
            check(content_type, "a_total 1 # {b=\"c\"} 1\n", Answer::Page);
            check(content_type, "# EOF", Answer::Page);
        }
        check("text/plain", "", Answer::Page);
        check("text/plain", "\n\n", Answer::Page);
    }

    #[test]
    fn a_bad_line_does_not_spoil_a_page() {
        check("text/plain", "this is bad\nworse {\na 1\n", Answer::Page);
        check(
            "text/plain",
            "# just a comment\na{b=\"\u{fffd}\"} NaN\n",
            Answer::Page,
        );
        assert_eq!(
            answer(Some(200), "", b"a{b=\"\xff\0\"} 1\nc 1\n"),
            Answer::Other("binary data")
        );
        assert_eq!(
            answer(Some(200), "", b"a{b=\"\xff\"} 1\nc 1\n"),
            Answer::Page
        );
    }

    #[test]
    fn what_servers_send_instead() {
        check("application/json", "[]", Answer::Other("JSON"));
        check("text/plain", " [{\"gpuMemory\": 1}]", Answer::Other("JSON"));
        check("", "{\"status\": \"ok\"}", Answer::Other("JSON"));
        check("", "{}", Answer::Other("JSON"));
        check("application/json", "null", Answer::Other("JSON"));
        check("application/problem+json", "\"x\"", Answer::Other("JSON"));
        check(
            "text/plain",
            "<!DOCTYPE html><p>a 1",
            Answer::Other("HTML or XML"),
        );
        check(
            "text/html; charset=utf-8",
            "hello",
            Answer::Other("HTML or XML"),
        );
        check(
            "application/vnd.google.protobuf",
            "\u{1}",
            Answer::Other("protobuf"),
        );
        check("text/plain", "OK", Answer::Prose);
        check("text/plain", "Error 404 not found", Answer::Prose);
        check("text/plain", "Not Found: no such page\n", Answer::Prose);
    }

    #[test]
    fn statuses() {
        assert_eq!(answer(None, "", b""), Answer::None);
        for status in [404, 405, 410, 501] {
            assert_eq!(
                answer(Some(status), "text/plain", b"a 1"),
                Answer::Absent(status)
            );
        }
        for status in [301, 302, 307, 308] {
            assert_eq!(answer(Some(status), "", b""), Answer::Moved(status));
        }
        for status in [400, 401, 403, 429, 500, 502, 503, 504] {
            assert_eq!(
                answer(Some(status), "text/html", b"<"),
                Answer::Refused,
                "{status}"
            );
        }
    }
}

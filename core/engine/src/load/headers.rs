//! What the headers of a response say of its body.

use http::HeaderMap;
use http::header::{AsHeaderName, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};

/// Content types that say nothing of what is in the body.
const VAGUE: [&str; 3] = ["", "text/plain", "application/octet-stream"];

/// True if the body is a stream of events: by its type or, if a stream was `asked` for, by a type that
/// does not say anything else. Proxies lose the type, and without it a stream is read in one piece.
pub(super) fn is_event_stream(headers: &HeaderMap, asked: bool) -> bool {
    let kind = value(headers, CONTENT_TYPE).unwrap_or_default();
    let mime = kind.split(';').next().unwrap_or_default().trim();
    mime.eq_ignore_ascii_case("text/event-stream")
        || asked && VAGUE.iter().any(|vague| mime.eq_ignore_ascii_case(vague))
}

/// How the body is compressed, which nobody asks for: it would blur the times of tokens.
pub(super) fn compression(headers: &HeaderMap) -> Option<&str> {
    value(headers, CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity"))
}

/// Where a redirect leads.
pub(super) fn location(headers: &HeaderMap) -> Option<&str> {
    value(headers, LOCATION)
}

/// When the server wants to be asked again: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<&str> {
    value(headers, RETRY_AFTER)
}

/// The header's text; `None` if it is missing, empty or no text.
fn value(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn a_stream_that_was_asked_for_is_known_without_its_type() {
        for (kind, asked, expect) in [
            ("text/event-stream", false, true),
            ("Text/Event-Stream; charset=utf-8", true, true),
            ("text/plain; charset=utf-8", true, true),
            ("", true, true),
            ("text/plain", false, false),
            ("application/json", true, false),
            ("text/html", true, false),
        ] {
            let headers = with(CONTENT_TYPE, kind);
            assert_eq!(is_event_stream(&headers, asked), expect, "{kind}");
        }
        assert!(is_event_stream(&HeaderMap::new(), true));
        assert!(!is_event_stream(&HeaderMap::new(), false));
    }

    #[test]
    fn only_what_changes_the_body_is_compression() {
        for (coding, expect) in [("gzip", Some("gzip")), ("identity", None), ("", None)] {
            assert_eq!(compression(&with(CONTENT_ENCODING, coding)), expect);
        }
    }
}

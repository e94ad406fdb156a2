//! Why a request failed.

use http::StatusCode;

use crate::http::{ErrorClass, HttpError};

/// The kind of a failed request. [`FailureClass::as_str`] is a stable name for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureClass {
    /// The exchange itself failed.
    Http(ErrorClass),
    /// The server answered with another status than 2xx.
    HttpStatus,
    /// The server reported an error inside a response that began well.
    StreamError,
    /// The response is not what the API promises.
    InvalidResponse,
    /// The stream ended without `[DONE]` and without a finish reason.
    IncompleteStream,
}

impl FailureClass {
    /// The stable `snake_case` name of this class.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http(class) => class.as_str(),
            Self::HttpStatus => "http_status",
            Self::StreamError => "stream_error",
            Self::InvalidResponse => "invalid_response",
            Self::IncompleteStream => "incomplete_stream",
        }
    }

    /// The class of this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        let own = [
            Self::HttpStatus,
            Self::StreamError,
            Self::InvalidResponse,
            Self::IncompleteStream,
        ];
        let exchange = ErrorClass::ALL.into_iter().map(Self::Http);
        exchange.chain(own).find(|class| class.as_str() == name)
    }
}

/// A failed request: its class, and one line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) class: FailureClass,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }

    /// `location`: where the server says that it is instead.
    pub(super) fn status(status: StatusCode, location: Option<&str>, body: &[u8]) -> Self {
        let said = match (location, excerpt(body)) {
            (Some(place), _) => format!("it moved to `{}`", excerpt(place.as_bytes())),
            (None, said) if said.is_empty() => "no body".to_owned(),
            (None, said) => said,
        };
        let advice = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "; give a key with `--api-key-env`, if it wants one"
            }
            StatusCode::NOT_FOUND => "; check `--model`, `--url` and `--endpoint`",
            StatusCode::TOO_MANY_REQUESTS => {
                "; lower the load: it takes no more, or not from this key"
            }
            _ if location.is_some() => "; give the URL that it moved to",
            _ => "",
        };
        let message = format!("the server answered {status}: {said}{advice}");
        Self::new(FailureClass::HttpStatus, message)
    }

    /// Adds when the server wants to be asked again. Nobody here waits for that: it would hide what the
    /// load does to the server.
    pub(super) fn retry_after(mut self, when: Option<&str>) -> Self {
        if let Some(when) = when {
            self.message += " (retry-after: ";
            self.message += &excerpt(when.as_bytes());
            self.message.push(')');
        }
        self
    }

    pub(super) fn compressed(coding: &str) -> Self {
        let message = format!(
            "the response is compressed as `{}`, which was not asked for; switch that off in the \
             server, or in the proxy before it",
            excerpt(coding.as_bytes())
        );
        Self::new(FailureClass::InvalidResponse, message)
    }

    /// A stream beyond any answer.
    pub(super) fn endless() -> Self {
        let message =
            "the streamed response is larger than 1 GiB; ask for fewer tokens with `--osl`";
        Self::new(FailureClass::Http(ErrorClass::BodyLimit), message)
    }

    pub(super) fn stream_error(said: &[u8]) -> Self {
        let message = format!("the server reported an error: {}", excerpt(said));
        Self::new(FailureClass::StreamError, message)
    }

    pub(super) fn invalid(what: impl std::fmt::Display, body: &[u8]) -> Self {
        let message = format!(
            "the response is not what the API promises ({what}): {}",
            excerpt(body)
        );
        Self::new(FailureClass::InvalidResponse, message)
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::new(FailureClass::Http(error.class()), error.to_string())
    }
}

/// The beginning of a body on one line.
fn excerpt(body: &[u8]) -> String {
    const LENGTH: usize = 300;
    let text = String::from_utf8_lossy(body);
    let mut words = text.split_whitespace();
    let mut line = String::new();
    while let Some(word) = words.next().filter(|_| line.len() < LENGTH) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(LENGTH));
    }
    if words.next().is_some() {
        line.push_str(" ...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_shown_with_the_beginning_of_its_body_on_one_line() {
        let failure = Failure::status(
            StatusCode::BAD_REQUEST,
            None,
            b"{\"error\":\n  \"too long\"}",
        );
        assert_eq!(
            failure.message,
            "the server answered 400 Bad Request: {\"error\": \"too long\"}"
        );
        assert_eq!(failure.class.as_str(), "http_status");
        let long = "word ".repeat(1_000);
        let shown = Failure::status(StatusCode::BAD_GATEWAY, None, long.as_bytes()).message;
        assert!(shown.len() < 400 && shown.ends_with("..."), "{shown}");
    }

    #[test]
    fn a_status_that_the_user_can_mend_says_how() {
        let message = |status, location| Failure::status(status, location, b"no").message;
        assert_eq!(
            message(StatusCode::TEMPORARY_REDIRECT, Some("https://b/v1")),
            "the server answered 307 Temporary Redirect: it moved to `https://b/v1`; give the URL that \
             it moved to"
        );
        for (status, flag) in [(401, "--api-key-env"), (404, "--model"), (429, "the load")] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(message(status, None).contains(flag), "{status}");
        }
    }

    #[test]
    fn a_server_may_say_when_to_come_again() {
        let refused = Failure::status(StatusCode::SERVICE_UNAVAILABLE, None, b"busy");
        let without = refused.clone().retry_after(None);
        assert_eq!(without, refused);
        let message = refused.retry_after(Some("1")).message;
        assert!(message.ends_with("busy (retry-after: 1)"), "{message}");
    }

    #[test]
    fn a_class_is_found_by_its_name() {
        for class in ErrorClass::ALL.map(FailureClass::Http) {
            assert_eq!(FailureClass::from_name(class.as_str()), Some(class));
        }
        let class = FailureClass::IncompleteStream;
        assert_eq!(FailureClass::from_name("incomplete_stream"), Some(class));
        assert_eq!(FailureClass::from_name("http_500"), None);
    }

    #[test]
    fn an_http_error_keeps_its_class() {
        let error = HttpError::new(ErrorClass::Reset, "http://h", "");
        assert_eq!(Failure::from(error).class.as_str(), "reset");
    }
}

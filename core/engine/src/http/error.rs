//! What can go wrong between us and an HTTP server, in classes that stay the same.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use http::Method;
use nix::errno::Errno;

use super::tls::session_error;
use crate::secrets::masked_url;

/// The kind of a failed exchange. [`ErrorClass::as_str`] is a stable name for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The URL cannot be used.
    InvalidUrl,
    /// The host name does not resolve.
    Dns,
    /// Nothing listens on the port.
    ConnectRefused,
    /// No connection (or no TLS session) within the connect timeout.
    ConnectTimeout,
    /// Connecting failed for another reason, such as no route.
    Connect,
    /// The TLS handshake or its set-up failed.
    Tls,
    /// No complete response within the request timeout.
    Timeout,
    /// The server reset the connection.
    Reset,
    /// The server closed the connection before the response was complete.
    ClosedEarly,
    /// The server reset the stream of the request (`RST_STREAM`), and not the connection.
    StreamReset,
    /// The server gave the connection up (`GOAWAY`) with requests on it.
    GoAway,
    /// HTTP/2 was asked for, and the server does not speak it.
    NoHttp2,
    /// The peer does not speak valid HTTP.
    Protocol,
    /// The response is larger than we are willing to hold.
    BodyLimit,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [Self; 14] = [
        Self::InvalidUrl,
        Self::Dns,
        Self::ConnectRefused,
        Self::ConnectTimeout,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::ClosedEarly,
        Self::StreamReset,
        Self::GoAway,
        Self::NoHttp2,
        Self::Protocol,
        Self::BodyLimit,
    ];

    /// The stable `snake_case` name of this class.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidUrl => "invalid_url",
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::ClosedEarly => "closed_early",
            Self::StreamReset => "stream_reset",
            Self::GoAway => "goaway",
            Self::NoHttp2 => "no_http2",
            Self::Protocol => "protocol",
            Self::BodyLimit => "body_limit",
        }
    }

    const fn summary(self) -> &'static str {
        match self {
            Self::InvalidUrl => "not a usable URL",
            Self::Dns => "cannot resolve the host name",
            Self::ConnectRefused => "connection refused",
            Self::ConnectTimeout => "no connection in time",
            Self::Connect => "cannot connect",
            Self::Tls => "TLS failed",
            Self::Timeout => "no complete response in time",
            Self::Reset => "the server reset the connection",
            Self::ClosedEarly => {
                "the server closed the connection before the response was complete"
            }
            Self::StreamReset => "the server reset the stream",
            Self::GoAway => "the server gave the connection up",
            Self::NoHttp2 => "the server does not speak HTTP/2",
            Self::Protocol => "not a valid HTTP response",
            Self::BodyLimit => "the response is too large",
        }
    }

    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::InvalidUrl => "give it as `http://host:port` or `https://host`",
            Self::Dns => "check the host name and the resolver",
            Self::ConnectRefused => "check that the server is running and that the port is right",
            Self::ConnectTimeout => "check the address and firewalls, or raise the connect timeout",
            Self::Connect => "check the address and the network",
            Self::Tls => "check the certificate, and that this port speaks TLS",
            Self::Timeout => "raise the request timeout or lower the load",
            Self::Reset | Self::ClosedEarly | Self::StreamReset | Self::GoAway => {
                "see the server's log"
            }
            Self::NoHttp2 => "use `--http-version 1.1`",
            Self::Protocol => "check that the URL names an HTTP server and the right scheme",
            Self::BodyLimit => "check that the URL names the right endpoint",
        }
    }
}

/// A failed exchange with a server. `Display` is one line: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}`: {}{}; {advice}", class.summary(), Parenthesis(detail))]
pub struct HttpError {
    class: ErrorClass,
    url: Arc<str>,
    detail: String,
    advice: &'static str,
    stage: Stage,
    /// The server says that it has not looked at the request.
    untouched: bool,
}

/// How far an exchange had come when it failed: decides whether it may be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stage {
    /// The connection had carried another exchange before.
    pub(crate) reused: bool,
    /// At least one byte of the request had been written.
    pub(crate) written: bool,
    /// At least one byte of the response had been read.
    pub(crate) answered: bool,
}

struct Parenthesis<'a>(&'a str);

impl std::fmt::Display for Parenthesis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.0)
        }
    }
}

fn without_secrets(url: Arc<str>) -> Arc<str> {
    match masked_url(&url) {
        Cow::Owned(shown) => shown.into(),
        Cow::Borrowed(_) => url,
    }
}

impl HttpError {
    /// An error of `class` at `url`, of which secrets are not shown; `detail` may be empty.
    pub fn new(class: ErrorClass, url: impl Into<Arc<str>>, detail: impl Into<String>) -> Self {
        Self {
            class,
            url: without_secrets(url.into()),
            detail: detail.into(),
            advice: class.advice(),
            stage: Stage::default(),
            untouched: false,
        }
    }

    /// A proxy on the way to `url` wants to know who asks.
    pub(crate) fn proxy_login(url: impl Into<Arc<str>>) -> Self {
        let detail = "the proxy asks for other credentials (407)";
        Self::new(ErrorClass::Connect, url, detail).advise(super::proxy::ADVICE)
    }

    /// The kind of failure.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// Whether at least one byte of the request had been written to the socket.
    pub fn request_written(&self) -> bool {
        self.stage.written
    }

    /// Whether the server closed an idle connection just as a request went out on it: the first
    /// byte had been written, and nothing was answered.
    pub(crate) fn is_stale_connection(&self) -> bool {
        let closed = matches!(self.class, ErrorClass::Reset | ErrorClass::ClosedEarly);
        closed && self.stage.reused && self.stage.written && !self.stage.answered
    }

    /// Whether the same request may be sent again on a new connection.
    ///
    /// Only an idle connection that the server closed under us qualifies, and then only if the
    /// server cannot have acted on the request: not one byte of it was written, or the method is
    /// safe and nothing was answered. A `POST` with bytes written is never sent again, unless the server
    /// says that it has not looked at it (`REFUSED_STREAM`, or a number beyond that of `GOAWAY`).
    pub fn may_resend(&self, method: &Method) -> bool {
        let closed = matches!(self.class, ErrorClass::Reset | ErrorClass::ClosedEarly);
        let harmless = closed && method.is_safe() && !self.stage.answered;
        self.untouched || self.stage.reused && (!self.stage.written || harmless)
    }

    /// Replaces what its class says to do.
    pub(crate) fn advise(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    pub(crate) fn at(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// The server has not looked at the request.
    pub(crate) fn untouched(mut self) -> Self {
        self.untouched = true;
        self
    }

    /// Classifies an error of the HTTP layer.
    pub(crate) fn from_hyper(url: &Arc<str>, error: &hyper::Error) -> Self {
        if let Some(io) = root_io(error) {
            return Self::from_io(url, io);
        }
        let closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        let class = if closed {
            ErrorClass::ClosedEarly
        } else {
            ErrorClass::Protocol
        };
        let detail = if closed {
            String::new()
        } else {
            root_text(error)
        };
        Self::new(class, Arc::clone(url), detail)
    }

    /// Classifies an input/output error on an established connection.
    pub(crate) fn from_io(url: &Arc<str>, error: &io::Error) -> Self {
        if let Some(error) = session_error(url, error) {
            return error;
        }
        let class = match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted => ErrorClass::Reset,
            io::ErrorKind::UnexpectedEof => ErrorClass::ClosedEarly,
            io::ErrorKind::TimedOut => ErrorClass::Timeout,
            _ => ErrorClass::Protocol,
        };
        let detail = match class {
            ErrorClass::Reset | ErrorClass::ClosedEarly => String::new(),
            _ => root_text(error),
        };
        Self::new(class, Arc::clone(url), detail)
    }

    /// Classifies an error while connecting.
    pub(crate) fn from_connect(url: &Arc<str>, error: &io::Error) -> Self {
        if let Some(Errno::EMFILE | Errno::ENFILE) = error.raw_os_error().map(Errno::from_raw) {
            let detail = "too many files are open";
            return Self::new(ErrorClass::Connect, Arc::clone(url), detail)
                .advise("raise the limit (`ulimit -n`), or lower the load");
        }
        let (class, detail) = match error.kind() {
            io::ErrorKind::ConnectionRefused => (ErrorClass::ConnectRefused, String::new()),
            io::ErrorKind::TimedOut => (ErrorClass::ConnectTimeout, String::new()),
            _ => (ErrorClass::Connect, root_text(error)),
        };
        Self::new(class, Arc::clone(url), detail)
    }
}

fn root_io<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(io) = current.downcast_ref::<io::Error>() {
            return Some(io);
        }
        next = current.source();
    }
    None
}

/// The text of the innermost cause: outer layers repeat it or say nothing ("connection error").
pub(crate) fn root_text(error: &(dyn StdError + 'static)) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(class: ErrorClass, reused: bool, written: bool) -> HttpError {
        HttpError::new(class, "http://h", "").at(Stage {
            reused,
            written,
            answered: false,
        })
    }

    #[test]
    fn one_line_says_where_what_and_what_to_do() {
        let refused = HttpError::new(ErrorClass::ConnectRefused, "http://h:1/", "");
        assert_eq!(
            refused.to_string(),
            "`http://h:1/`: connection refused; check that the server is running and that the \
             port is right"
        );
        let tls = HttpError::new(ErrorClass::Tls, "https://h/", "unknown issuer");
        assert_eq!(
            tls.to_string(),
            "`https://h/`: TLS failed (unknown issuer); check the certificate, and that this port \
             speaks TLS"
        );
    }

    #[test]
    fn a_post_is_resent_only_if_no_byte_was_written() {
        assert!(error(ErrorClass::Reset, true, false).may_resend(&Method::POST));
        assert!(!error(ErrorClass::Reset, true, true).may_resend(&Method::POST));
    }

    #[test]
    fn what_the_server_has_not_looked_at_may_be_sent_again() {
        let refused = error(ErrorClass::StreamReset, false, true);
        assert!(!refused.may_resend(&Method::POST));
        assert!(refused.untouched().may_resend(&Method::POST));
    }

    #[test]
    fn a_get_is_resent_on_a_stale_connection_only() {
        assert!(error(ErrorClass::ClosedEarly, true, true).may_resend(&Method::GET));
        assert!(!error(ErrorClass::ClosedEarly, false, true).may_resend(&Method::GET));
        assert!(!error(ErrorClass::Timeout, true, true).may_resend(&Method::GET));
    }

    #[test]
    fn a_half_answered_get_is_not_resent() {
        let stage = Stage {
            reused: true,
            written: true,
            answered: true,
        };
        let error = HttpError::new(ErrorClass::Reset, "http://h", "").at(stage);
        assert!(!error.may_resend(&Method::GET));
    }
}

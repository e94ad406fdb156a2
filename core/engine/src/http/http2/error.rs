//! What goes wrong in HTTP/2, in the classes of HTTP/1.1 and its own.

use std::sync::Arc;

use h2::Reason;

use super::ledger::LedgerState;
use crate::http::error::{ErrorClass, HttpError};

const PERHAPS_HTTP1: &str =
    "if it does not speak HTTP/2, use `--http-version 1.1`, else see the server's log";

/// Classifies an error of `stream`; 0 is the connection as a whole.
pub(super) fn of(url: &Arc<str>, error: &h2::Error, state: &LedgerState, stream: u32) -> HttpError {
    let is_said = error.is_remote() || error.is_library();
    if let Some(broken) = state.broken.as_ref().filter(|_| !is_said) {
        return broken.clone();
    }
    let code = error.reason().map(name);
    let detail = code.unwrap_or_else(|| error.to_string());
    let class = match () {
        () if error.is_remote() && error.is_reset() => ErrorClass::StreamReset,
        () if error.is_remote() && error.is_go_away() => ErrorClass::GoAway,
        () if error.is_library() => ErrorClass::Protocol,
        () => return closed(url, state),
    };
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
        || state.goaway.is_some_and(|(last, _)| stream > last);
    let detail = match class {
        ErrorClass::Protocol => format!("HTTP/2: {detail}"),
        _ => detail,
    };
    let error = HttpError::new(class, Arc::clone(url), detail);
    if is_refused { error.untouched() } else { error }
}

/// The connection is gone, and at most the server said why.
pub(super) fn closed(url: &Arc<str>, state: &LedgerState) -> HttpError {
    let (class, detail) = match state.goaway {
        Some((_, code)) => (ErrorClass::GoAway, name(Reason::from(code))),
        None => (ErrorClass::ClosedEarly, String::new()),
    };
    HttpError::new(class, Arc::clone(url), detail)
}

/// The server speaks HTTP/1.
pub(super) fn other_version(url: &Arc<str>) -> HttpError {
    let detail = "it answers in HTTP/1.1";
    HttpError::new(ErrorClass::NoHttp2, Arc::clone(url), detail)
}

/// Classifies an error that came before the server had said anything in HTTP/2.
pub(super) fn ungreeted(url: &Arc<str>, error: &h2::Error, state: &LedgerState) -> HttpError {
    perhaps_http1(of(url, error, state, 0))
}

/// A server that closes what it does not understand may take its answer back with that: one that was
/// still to be read is lost with a connection that is reset.
pub(super) fn perhaps_http1(error: HttpError) -> HttpError {
    match error.class() {
        ErrorClass::Reset | ErrorClass::ClosedEarly => error.advise(PERHAPS_HTTP1),
        _ => error,
    }
}

/// The TLS handshake did not agree on HTTP/2.
pub(in crate::http) fn not_agreed(url: &Arc<str>) -> HttpError {
    let detail = "it does not offer `h2` over TLS";
    HttpError::new(ErrorClass::NoHttp2, Arc::clone(url), detail)
}

/// The name of a code, as the standard has it.
fn name(reason: Reason) -> String {
    // `Debug` is the name, or the number of one that has none.
    format!("{reason:?}")
}

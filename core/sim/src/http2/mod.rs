//! HTTP/2: each stream is served as a connection of HTTP/1.1 with one request, whose bytes are translated.

mod core;
mod pipe;
mod session;
mod stream;
mod translate;

pub(crate) use session::{News, Session, StreamRequest};
pub(crate) use stream::StreamWire;

/// How a connection of HTTP/2 begins, as far as it is a head of HTTP/1.1.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

//! Versions of HTTP.

/// The version that connections are to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1 everywhere.
    #[default]
    Http1,
    /// HTTP/2: without TLS by prior knowledge, with TLS only if the server agrees.
    Http2,
    /// Over TLS what the server chooses, HTTP/2 first; without TLS HTTP/1.1.
    Auto,
}

impl HttpVersion {
    /// The stable name used in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
            Self::Auto => "auto",
        }
    }

    /// What a TLS handshake offers, in order of preference.
    pub(super) fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http1 => &[HTTP1],
            Self::Http2 => &[HTTP2],
            Self::Auto => &[HTTP2, HTTP1],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

/// Names of the protocols in TLS.
const HTTP1: &[u8] = b"http/1.1";
pub(super) const HTTP2: &[u8] = b"h2";

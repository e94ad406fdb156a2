//! Where to connect to, taken from a URL.

use std::fmt;

use base64::prelude::{BASE64_STANDARD as STANDARD, Engine as _};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::error::{ErrorClass, HttpError};

/// The protocol of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP, port 80 unless the URL says otherwise.
    Http,
    /// HTTP over TLS, port 443 unless the URL says otherwise.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A server and the base path on it.
///
/// User name and password of the URL become [`Origin::authorization`] and appear nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
    base_path: String,
    query: Option<String>,
    authorization: Option<HeaderValue>,
}

impl Origin {
    /// Takes a URL apart; a text without a scheme is read as `http://...`.
    ///
    /// # Errors
    /// [`ErrorClass::InvalidUrl`] if the text is no URL, is not HTTP, or names no host.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&with_scheme).map_err(|error| invalid(text, &error.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(invalid(text, &format!("scheme `{other}` is not HTTP"))),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(invalid(text, "it names no host")),
        };
        Ok(Self {
            scheme,
            host,
            port: url.port().unwrap_or(scheme.default_port()),
            base_path: url.path().trim_end_matches('/').to_owned(),
            query: url.query().map(str::to_owned),
            authorization: basic_authorization(&url),
        })
    }

    /// The protocol.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path of the URL without a slash at its end; empty for the root.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Query of the URL without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The `Authorization` value that the URL's user name and password amount to.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// The value of the `Host` header: the port is left out where it is the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// Host and port, the port always.
    pub(super) fn authority_with_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The full URL of an absolute path on this server, without credentials.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme.as_str(), self.authority())
    }

    /// The request target: path and query.
    pub fn path_and_query(&self) -> String {
        let path = if self.base_path.is_empty() {
            "/"
        } else {
            &self.base_path
        };
        self.query
            .as_ref()
            .map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url_of(&self.path_and_query()))
    }
}

fn invalid(text: &str, detail: &str) -> HttpError {
    // A URL that does not parse may still hold a password: everything before `@` is left out.
    let shown = text.rsplit('@').next().unwrap_or(text);
    HttpError::new(ErrorClass::InvalidUrl, shown, detail)
}

fn basic_authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let password = url.password().unwrap_or_default();
    let parts = [url.username(), ":", password].map(percent_decode_str);
    let credentials: Vec<u8> = parts.into_iter().flatten().collect();
    let value = format!("Basic {}", STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Origin {
        Origin::parse(text).expect(text)
    }

    #[test]
    fn a_url_comes_apart() {
        let origin = parse("https://gpu.example/v1/?key=1");
        assert_eq!(origin.scheme(), Scheme::Https);
        assert_eq!((origin.host(), origin.port()), ("gpu.example", 443));
        assert_eq!(origin.base_path(), "/v1");
        assert_eq!(origin.authority(), "gpu.example");
        assert_eq!(origin.path_and_query(), "/v1?key=1");
        assert_eq!(origin.to_string(), "https://gpu.example/v1?key=1");
    }

    #[test]
    fn a_missing_scheme_means_http() {
        let origin = parse("localhost:8000");
        assert_eq!(origin.to_string(), "http://localhost:8000/");
        assert_eq!(origin.base_path(), "");
    }

    #[test]
    fn an_ipv6_address_keeps_its_brackets_in_the_authority_only() {
        let origin = parse("http://[::1]:8000");
        assert_eq!(origin.host(), "::1");
        assert_eq!(origin.authority(), "[::1]:8000");
    }

    #[test]
    fn credentials_become_a_header_and_stay_out_of_the_url() {
        let origin = parse("http://Aladdin:open%20sesame@h:1");
        let header = origin.authorization().expect("credentials were given");
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
        assert_eq!(origin.to_string(), "http://h:1/");
    }

    #[test]
    fn unusable_urls_say_why() {
        let text = |url| Origin::parse(url).expect_err(url).to_string();
        assert_eq!(
            text("ftp://h"),
            "`ftp://h`: not a usable URL (scheme `ftp` is not HTTP); give it as \
             `http://host:port` or `https://host`"
        );
        assert!(text("http://").contains("empty host"));
        assert!(!text("http://me:pass word@").contains("pass"));
    }
}

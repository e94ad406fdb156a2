//! Request headers, credentials among them.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::percent_decode_str;

/// Name of the header that carries credentials.
const AUTHORIZATION: &str = "authorization";

/// Headers that say how long a request is: with another length the server waits for what never comes.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Request headers by lower-case name; what is set later replaces what was set before.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(BTreeMap<String, String>);

/// Shows names only.
impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Headers {
    /// Sets headers as a user wrote them. The error names the header and says what is wrong.
    pub(crate) fn set_all(
        &mut self,
        headers: &BTreeMap<String, String>,
    ) -> Result<(), (String, String)> {
        for (name, value) in headers {
            let wrong = |what: &str| (name.clone(), what.to_owned());
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(wrong("is no name of a header"));
            }
            if !is_header_value(value) {
                return Err(wrong(
                    "has a line break or another control character in its value",
                ));
            }
            let lower = name.to_ascii_lowercase();
            if FRAMING.contains(&lower.as_str()) {
                return Err(wrong(
                    "says how long a request is, which is not for settings to say: take it out",
                ));
            }
            self.0.insert(lower, value.clone());
        }
        Ok(())
    }

    /// Sets a bearer token. The error is a message.
    pub(crate) fn set_bearer(&mut self, token: &str) -> Result<(), String> {
        if token.is_empty() || !is_header_value(token) {
            return Err("is empty or has a control character".to_owned());
        }
        self.0
            .insert(AUTHORIZATION.to_owned(), format!("Bearer {token}"));
        Ok(())
    }

    /// Sets user and password.
    pub(crate) fn set_basic(&mut self, user: &[u8], password: &[u8]) {
        let pair = [user, b":", password].concat();
        self.0.insert(
            AUTHORIZATION.to_owned(),
            format!("Basic {}", BASE64_STANDARD.encode(pair)),
        );
    }

    /// Sets user and password as they stand in a URL.
    pub(crate) fn set_userinfo(&mut self, user: &str, password: &str) {
        let [user, password] =
            [user, password].map(|part| percent_decode_str(part).collect::<Vec<_>>());
        self.set_basic(&user, &password);
    }

    /// All headers.
    pub(crate) fn to_vec(&self) -> Vec<(String, String)> {
        self.0
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// Characters of a header's name (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_header_value(value: &str) -> bool {
    value.chars().all(|c| c == '\t' || !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn userinfo_is_decoded() {
        let mut headers = Headers::default();
        headers.set_userinfo("Aladdin", "open%20sesame");
        let expect = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned();
        assert_eq!(headers.to_vec(), [("authorization".to_owned(), expect)]);
    }

    #[test]
    fn later_headers_replace_earlier_ones() {
        let mut headers = Headers::default();
        headers.set_bearer("t").unwrap();
        headers
            .set_all(&map(&[("Authorization", "custom"), ("X-A", "1")]))
            .unwrap();
        headers.set_all(&map(&[("x-a", "2")])).unwrap();
        let expect = [("authorization", "custom"), ("x-a", "2")];
        assert_eq!(
            headers.to_vec(),
            expect.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn headers_cannot_smuggle_lines() {
        let mut headers = Headers::default();
        assert!(headers.set_all(&map(&[("x", "a\r\ny: b")])).is_err());
        assert!(headers.set_all(&map(&[("x y", "a")])).is_err());
        assert!(headers.set_all(&map(&[("", "a")])).is_err());
        assert!(headers.set_bearer("a\nb").is_err());
        assert!(headers.set_bearer("").is_err());
    }

    #[test]
    fn headers_do_not_say_how_long_a_request_is() {
        for name in ["Content-Length", "transfer-encoding"] {
            let (named, what) = Headers::default()
                .set_all(&map(&[("x-a", "1"), (name, "5")]))
                .unwrap_err();
            assert_eq!(named, name);
            assert!(what.contains("how long a request is"), "{what}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let mut headers = Headers::default();
        headers.set_bearer("hunter2").unwrap();
        assert!(!format!("{headers:?}").contains("hunter2"));
    }
}

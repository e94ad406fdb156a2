//! Texts that must not be shown, wherever they turn up: in what a server or a plugin says, in a URL,
//! in a file.
//!
//! Settings say which texts these are (`docs/decisions/0009-secrets.md`). Two degrees: what is marked as
//! a secret, or named like one, is kept out of everything; what merely could be one, such as any header,
//! only out of messages, since files hold names and numbers that may happen to be the same.

mod masked;
mod names;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

pub(crate) use masked::Masked;
pub(crate) use names::{harmless_header, is_secret_name, url_secrets};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::percent_decode_str;

/// What a secret is shown as.
pub(crate) const MASK: &str = "***";
/// Shorter texts than this hide nothing and are in everything.
const MIN_IN_MESSAGES: usize = 4;
/// The same for what merely may be a secret.
const MIN_POSSIBLE: usize = 6;
/// Shorter texts than this are not looked for in files: there they would be names and numbers.
const MIN_IN_FILES: usize = 8;

/// Texts that must not be shown. `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Kept out of everything.
    known: BTreeSet<String>,
    /// Kept out of messages.
    possible: BTreeSet<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Takes a secret, in the forms in which it may come back.
    pub(crate) fn add(&mut self, text: &str) {
        add_forms(&mut self.known, text);
    }

    /// Takes a text that may be a secret.
    pub(crate) fn add_possible(&mut self, text: &str) {
        if text.trim().len() >= MIN_POSSIBLE {
            add_forms(&mut self.possible, text);
        }
    }

    /// Takes the value of a request header: what follows `Bearer` and the like too, and each cookie.
    pub fn add_header(&mut self, name: &str, value: &str) {
        if !is_secret_name(name) {
            if !harmless_header(name) {
                self.add_possible(value);
            }
            return;
        }
        self.add(value);
        let parts = value.split([' ', ';', ',']).map(str::trim);
        for part in parts.filter(|part| !is_scheme(part)) {
            self.add(part);
            // A cookie, or a parameter; the `=` at the end of base64 separates nothing.
            if let Some((_, value)) = part.split_once('=').filter(|(_, v)| !v.is_empty()) {
                self.add(value);
            }
        }
    }

    /// Takes user name and password, in the form in which they are sent as well.
    pub(crate) fn add_login(&mut self, user: &str, password: &str) {
        self.add(if password.is_empty() { user } else { password });
        self.add(&BASE64_STANDARD.encode(format!("{user}:{password}")));
    }

    /// Takes what is secret in a URL: its password and parameters such as `api_key`.
    pub fn add_url(&mut self, text: &str) {
        for range in url_secrets(text) {
            let part = text.get(range).unwrap_or_default();
            let decoded = decoded(part);
            if let Some((user, password)) = part.split_once(':') {
                self.add(password);
                let (_, password_sent) = decoded.split_once(':').unwrap_or_default();
                self.add(password_sent);
                self.add_login(user, password);
                self.add(&BASE64_STANDARD.encode(&*decoded));
            } else {
                self.add(part);
                self.add(&decoded);
                self.add(&BASE64_STANDARD.encode(format!("{decoded}:")));
            }
        }
    }

    /// A message without secrets.
    pub fn scrub<'a>(&self, message: &'a str) -> Cow<'a, str> {
        let words = self.known.iter().chain(&self.possible);
        replaced(message, words)
    }

    /// An excerpt of what somebody sent, without secrets. Bytes that are no UTF-8 are replaced.
    pub(crate) fn scrub_bytes(&self, bytes: &[u8]) -> String {
        self.scrub(&String::from_utf8_lossy(bytes)).into_owned()
    }

    /// A name, such as that of an endpoint, without what is surely secret.
    pub(crate) fn scrub_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        replaced(name, self.known.iter())
    }

    /// What must not be in files; see [`Masked`].
    pub(crate) fn in_files(&self) -> Vec<Vec<u8>> {
        let has_letter = |word: &&String| word.chars().any(char::is_alphabetic);
        let words = self.known.iter().filter(has_letter);
        let words = words.filter(|word| word.len() >= MIN_IN_FILES);
        longest_first(words)
            .into_iter()
            .map(|word| word.clone().into_bytes())
            .collect()
    }
}

/// Words of an `Authorization` that are no secret.
pub(crate) fn is_scheme(text: &str) -> bool {
    const SCHEMES: [&str; 6] = ["bearer", "basic", "token", "apikey", "api-key", "digest"];
    SCHEMES.contains(&text.trim().to_lowercase().as_str())
}

/// As it is, as JSON writes it, and as CSV does.
fn add_forms(words: &mut BTreeSet<String>, text: &str) {
    let text = text.trim();
    if text.len() < MIN_IN_MESSAGES {
        return;
    }
    words.insert(text.to_owned());
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"');
    if json.len() > text.len() {
        words.insert(json.to_owned());
        words.insert(text.replace('"', "\"\""));
    }
}

fn longest_first<'a>(words: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut words: Vec<_> = words.collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

fn replaced<'a, 'w>(text: &'a str, words: impl Iterator<Item = &'w String>) -> Cow<'a, str> {
    let found = words.filter(|word| text.contains(word.as_str()));
    let mut shown = Cow::Borrowed(text);
    for word in longest_first(found) {
        shown = Cow::Owned(shown.replace(word.as_str(), MASK));
    }
    shown
}

/// A part of a URL without percent encoding.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(take: impl FnOnce(&mut Secrets)) -> Secrets {
        let mut secrets = Secrets::default();
        take(&mut secrets);
        secrets
    }

    #[test]
    fn a_message_has_neither_known_nor_possible_secrets() {
        let secrets = secrets(|s| {
            s.add("sk-12345678");
            s.add_header("X-Tenant", "team-a");
            s.add_header("Content-Type", "text/plain");
            s.add("abc");
        });
        assert_eq!(
            secrets.scrub("key sk-12345678 of team-a, text/plain abc"),
            "key *** of ***, text/plain abc"
        );
        assert_eq!(
            secrets.scrub_name("http://team-a/sk-12345678"),
            "http://team-a/***"
        );
        assert!(matches!(secrets.scrub("nothing"), Cow::Borrowed(_)));
        assert!(!format!("{secrets:?}").contains("sk-"));
    }

    #[test]
    fn headers_are_taken_apart() {
        let secrets = secrets(|s| {
            s.add_header("authorization", "Bearer tok-1234");
            s.add_header("Cookie", "a=cook-1; b=cook-2==");
            s.add_header("X-Api-Key", "key 1=2");
        });
        for (said, shown) in [
            ("got Bearer tok-1234", "got ***"),
            ("got tok-1234", "got ***"),
            ("a is cook-1", "a is ***"),
            ("b is cook-2==", "b is ***"),
            ("key 1=2", "***"),
            ("Bearer of news", "Bearer of news"),
        ] {
            assert_eq!(secrets.scrub(said), shown);
        }
    }

    #[test]
    fn logins_are_known_as_they_are_sent() {
        let secrets = secrets(|s| {
            s.add_url("http://Aladdin:open%20sesame@h/?api_key=k%2Fey1&match[]=up");
            s.add_url("http://only-user@h/");
        });
        for secret in [
            "open sesame",
            "open%20sesame",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "k%2Fey1",
            "k/ey1",
            "only-user",
        ] {
            assert_eq!(secrets.scrub(secret), MASK, "{secret}");
        }
        assert_eq!(secrets.scrub("Aladdin match[]=up"), "Aladdin match[]=up");
    }

    #[test]
    fn escaped_forms_are_known_too() {
        let secrets = secrets(|s| s.add("a\"b\\c\"d"));
        for form in ["a\"b\\c\"d", "a\\\"b\\\\c\\\"d", "a\"\"b\\c\"\"d"] {
            assert_eq!(secrets.scrub(form), MASK, "{form}");
        }
    }

    #[test]
    fn only_what_cannot_be_a_name_or_a_number_is_kept_out_of_files() {
        let secrets = secrets(|s| {
            s.add("none");
            s.add("123456789");
            s.add("sk-long-enough");
            s.add("sk-long-enough-2");
            s.add_possible("llama-3-8b");
        });
        let expected = ["sk-long-enough-2", "sk-long-enough"].map(|word| word.as_bytes().to_vec());
        assert_eq!(secrets.in_files(), expected);
    }
}

//! Texts that must not be shown, wherever they turn up: in what a server or a plugin says, in a URL,
//! in a file.
//!
//! Settings say which texts these are (`docs/decisions/0009-secrets.md`). Two degrees: what is marked as
//! a secret, or named like one, is kept out of everything; what merely could be one, such as any header,
//! only out of messages, since files hold names and numbers that may happen to be the same.

mod forms;
mod masked;
mod names;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

pub(crate) use masked::Masked;
pub(crate) use names::{harmless_header, is_secret_name, is_secret_parameter};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use memchr::memmem;
use names::{json_secrets, url_secrets};
use percent_encoding::percent_decode_str;

/// What a secret is shown as.
pub(crate) const MASK: &str = "***";
/// Shorter texts than this hide nothing and are in everything.
const MIN_IN_MESSAGES: usize = 4;
/// The same for what merely may be a secret.
const MIN_POSSIBLE: usize = 6;
/// Shorter texts than this are not looked for in files: there they would be names and numbers.
const MIN_IN_FILES: usize = 6;
/// The same for a text of letters only: it may be a word.
const MIN_WORD_IN_FILES: usize = 8;

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
        if !is_secret_parameter(name) {
            if !harmless_header(name) {
                self.add_possible(value);
            }
            return;
        }
        self.add(value);
        let parts = value.split([' ', ';', ',']).map(str::trim);
        for part in parts.filter(|part| !is_scheme(part)) {
            self.add(part);
            self.add_sent_login(part);
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

    /// Takes user name and password from the form in which they are sent, if it is one.
    fn add_sent_login(&mut self, text: &str) {
        let login = BASE64_STANDARD.decode(text).ok();
        let login = login.and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((user, password)) = login.as_deref().and_then(|login| login.split_once(':')) {
            self.add_login(user, password);
        }
    }

    /// Takes what is secret in any setting: what [`secret_parts`] finds.
    pub(crate) fn add_parts(&mut self, text: &str) {
        self.add_url(text);
        for range in json_secrets(text) {
            self.add(text.get(range).unwrap_or_default());
        }
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

    /// A name, such as that of an endpoint, without what is surely secret, however short.
    pub(crate) fn scrub_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match masked_url(name) {
            Cow::Borrowed(name) => replaced(name, self.known.iter()),
            Cow::Owned(name) => Cow::Owned(replaced(&name, self.known.iter()).into_owned()),
        }
    }

    /// Replaces what must not be in files by as many asterisks.
    pub(crate) fn mask(&self, text: &mut [u8]) {
        for word in self.in_files() {
            let found: Vec<_> = memmem::find_iter(text, &word).collect();
            for at in found {
                text[at..at + word.len()].fill(b'*');
            }
        }
    }

    /// What must not be in files; see [`Masked`].
    pub(crate) fn in_files(&self) -> Vec<Vec<u8>> {
        let is_telling = |word: &&String| {
            let mut signs = word.chars();
            let least = if signs.all(char::is_alphabetic) {
                MIN_WORD_IN_FILES
            } else {
                MIN_IN_FILES
            };
            let is_number = word.parse::<f64>().is_ok();
            word.len() >= least && !is_number && word.chars().any(char::is_alphabetic)
        };
        longest_first(self.known.iter().filter(is_telling))
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

fn add_forms(words: &mut BTreeSet<String>, text: &str) {
    let text = text.trim();
    if text.len() >= MIN_IN_MESSAGES {
        words.extend(forms::of(text));
    }
}

/// Where secrets stand in a setting of any kind: in a URL, or in JSON. In order, without overlap.
pub(crate) fn secret_parts(text: &str) -> Vec<Range<usize>> {
    let mut found = url_secrets(text);
    let outside = |part: &Range<usize>, found: &[Range<usize>]| {
        let mut others = found.iter();
        others.all(|other| part.end <= other.start || part.start >= other.end)
    };
    for part in json_secrets(text) {
        if outside(&part, &found) {
            found.push(part);
        }
    }
    found.sort_by_key(|part| part.start);
    found
}

/// A URL without its secrets, however short they are.
pub(crate) fn masked_url(text: &str) -> Cow<'_, str> {
    match url_secrets(text) {
        none if none.is_empty() => Cow::Borrowed(text),
        ranges => Cow::Owned(without(text, &ranges)),
    }
}

/// `text` without what stands at `ranges`, which are in order.
pub(crate) fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut visible = text.to_owned();
    for range in ranges.iter().rev() {
        visible.replace_range(range.clone(), MASK);
    }
    visible
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

//! Texts that settings came from, and places in them.

use std::fmt;
use std::ops::Range;

use super::interpolate::literals;
use crate::secrets::{Secrets, secret_parts};

/// What kind of text a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// The program's own defaults.
    BuiltIn,
    /// A TOML file.
    File,
    /// One command line flag with its values, such as `--concurrency 4`.
    Flag,
    /// One environment variable, such as `AIPERF_CONFIG=a.toml`.
    Variable,
}

impl SourceKind {
    /// Whether settings in it stand in tables.
    fn has_paths(self) -> bool {
        matches!(self, Self::BuiltIn | Self::File)
    }
}

/// A text with the name that users know it by. `Debug` leaves out the text: it may hold secrets.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) name: String,
    pub(crate) text: String,
    /// Parts that must not be shown.
    secrets: Vec<Range<usize>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

impl Source {
    /// Number of the line, from 1, on which `origin` begins.
    pub(crate) fn line(&self, origin: &Origin) -> usize {
        let before = self.text.get(..origin.span.start).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    /// The text with every secret replaced by as many asterisks, so that positions stay: what stands in
    /// settings that are secret, and `known` ones wherever they stand. Names of variables are none.
    pub(crate) fn visible_text(&self, known: &Secrets) -> String {
        let mut bytes = self.text.clone().into_bytes();
        for secret in &self.secrets {
            let text = self.text.get(secret.clone()).unwrap_or_default();
            for range in literals(text) {
                let (start, end) = (secret.start + range.start, secret.start + range.end);
                for byte in bytes.iter_mut().take(end).skip(start) {
                    if !matches!(byte, b'"' | b'\'' | b'\n' | b'\r') {
                        *byte = b'*';
                    }
                }
            }
        }
        known.mask(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Where a value or a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) source: usize,
    /// Byte range in the source's text.
    pub(crate) span: Range<usize>,
}

/// All texts of one configuration, and what in them must not be shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    all: Vec<Source>,
    /// Values of settings, also of those that are no text here: what a variable holds.
    pub(crate) secrets: Secrets,
}

impl Sources {
    /// Takes a text in; the number is what [`Origin::source`] refers to.
    pub(crate) fn add(&mut self, kind: SourceKind, name: &str, text: &str) -> usize {
        self.all.push(Source {
            kind,
            name: name.to_owned(),
            text: text.to_owned(),
            secrets: Vec::new(),
        });
        self.all.len() - 1
    }

    pub(crate) fn at(&self, origin: &Origin) -> Option<&Source> {
        self.all.get(origin.source)
    }

    /// Whether a flag says so.
    pub(crate) fn is_flag(&self, origin: &Origin) -> bool {
        let source = self.at(origin);
        source.is_some_and(|source| source.kind == SourceKind::Flag)
    }

    /// Names of the files among them.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let files = self
            .all
            .iter()
            .filter(|source| source.kind == SourceKind::File);
        files.map(|source| source.name.as_str())
    }

    /// Keeps what stands at `origin` out of every rendered text.
    pub(crate) fn hide(&mut self, origin: &Origin) {
        if let Some(source) = self.all.get_mut(origin.source) {
            source.secrets.push(origin.span.clone());
        }
    }

    /// Keeps the secrets of a URL or of JSON at `origin` out of every rendered text.
    pub(crate) fn hide_parts(&mut self, origin: &Origin) {
        let Some(text) = self
            .at(origin)
            .and_then(|source| source.text.get(origin.span.clone()))
        else {
            return;
        };
        for range in secret_parts(text) {
            let start = origin.span.start;
            let span = start + range.start..start + range.end;
            self.hide(&Origin {
                source: origin.source,
                span,
            });
        }
    }

    /// How an error calls the setting: the flag, the variable, or the key's path in a file.
    pub(crate) fn subject(&self, origin: Option<&Origin>, path: &str) -> String {
        match origin.and_then(|origin| self.at(origin)) {
            Some(source) if !source.kind.has_paths() => source.name.clone(),
            _ => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_keep_their_length_and_their_quotes() {
        let mut sources = Sources::default();
        let text = "api_key = \"sk-1\"\nnext = 1";
        let source = sources.add(SourceKind::File, "a.toml", text);
        let origin = Origin {
            source,
            span: 10..16,
        };
        sources.hide(&origin);
        let visible = sources.at(&origin).unwrap().visible_text(&sources.secrets);
        assert_eq!(visible, "api_key = \"****\"\nnext = 1");
    }
}

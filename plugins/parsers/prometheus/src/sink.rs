//! Where rows go, with the buffers that turn escaped text into plain text.

use std::ops::Range;

use aiperf_plugin_sdk::Batch;
use aiperf_plugin_sdk::batch::Span;

/// Memory that is kept between pages.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    unescaped: Vec<u8>,
    /// Labels of the exemplar that is being read.
    pub(crate) exemplar_labels: Vec<(Span, Span)>,
}

/// The batch, the page that its spans point into, and the buffers that fill it.
#[derive(Debug)]
pub(crate) struct Sink<'b> {
    /// The whole page, also what has not been read yet.
    pub(crate) page: &'b [u8],
    pub(crate) batch: &'b mut Batch,
    pub(crate) buffers: &'b mut Buffers,
}

/// Text between quotes, or a name without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// Where it stands in the page, without the quotes.
    pub(crate) range: Range<usize>,
    /// True if it holds a backslash.
    pub(crate) escaped: bool,
}

impl Text {
    #[inline]
    pub(crate) fn plain(range: Range<usize>) -> Self {
        Self {
            range,
            escaped: false,
        }
    }
}

/// Which escapes a text knows; others stay as they are, with their backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// `\\`, `\n` and `\"`.
    Quoted,
    /// `\\` and `\n`: help texts of Prometheus text.
    Help,
}

impl Sink<'_> {
    /// The span of `text`; unescaped text goes to the batch's extra text.
    #[inline]
    pub(crate) fn span(&mut self, text: &Text, escapes: Escapes) -> Span {
        if !text.escaped {
            return Span::text(text.range.start, text.range.end);
        }
        self.unescape(&self.page[text.range.clone()], escapes)
    }

    #[cold]
    fn unescape(&mut self, raw: &[u8], escapes: Escapes) -> Span {
        let out = &mut self.buffers.unescaped;
        out.clear();
        let mut rest = raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            let plain = match rest.get(at + 1) {
                Some(b'\\') => Some(b'\\'),
                Some(b'n') => Some(b'\n'),
                Some(b'"') if escapes == Escapes::Quoted => Some(b'"'),
                _ => None,
            };
            out.push(plain.unwrap_or(b'\\'));
            rest = &rest[at + 1 + usize::from(plain.is_some())..];
        }
        out.extend_from_slice(rest);
        self.batch.push_extra(out)
    }
}

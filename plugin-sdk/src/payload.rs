//! Bytes from a source, before anyone has read them.

use crate::time::PayloadClock;

/// What a collector got from a source: bytes, what they claim to be, and when they came.
///
/// Made by [`Payload::new`]; later versions add fields.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Payload<'a> {
    /// Identifies the source within its collector instance, such as the URL of an endpoint. Empty if
    /// there is only one.
    pub source_id: &'a str,
    /// MIME type with parameters, as the source gave it; empty if it gave none.
    pub content_type: &'a str,
    /// The bytes, decompressed. Not necessarily UTF-8.
    ///
    /// Fewer than 2 GiB, since a [`Span`](crate::batch::Span) has 31 bits; a host takes 64 MiB at most,
    /// and refuses what is larger.
    pub body: &'a [u8],
    /// When they were asked for and when they came.
    pub clock: PayloadClock,
}

impl<'a> Payload<'a> {
    /// Bytes of the only source. An empty `content_type` lets the look of them decide who reads them.
    pub const fn new(content_type: &'a str, body: &'a [u8], clock: PayloadClock) -> Self {
        Self {
            source_id: "",
            content_type,
            body,
            clock,
        }
    }

    /// Names the source, where there are several.
    #[must_use]
    pub const fn source(mut self, id: &'a str) -> Self {
        self.source_id = id;
        self
    }
}

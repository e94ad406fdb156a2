//! Bytes from a source, before anyone has read them.

use crate::time::PayloadClock;

/// What a collector got from a source: bytes, what they claim to be, and when they came.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// Identifies the source within its collector instance, such as the URL of an endpoint.
    pub source_id: &'a str,
    /// MIME type with parameters, as the source gave it; empty if it gave none.
    pub content_type: &'a str,
    /// The bytes, decompressed. Not necessarily UTF-8.
    pub body: &'a [u8],
    /// When they were asked for and when they came.
    pub clock: PayloadClock,
}

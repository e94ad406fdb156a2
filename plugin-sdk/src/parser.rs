//! Parsers turn bytes into a batch.

use crate::{Batch, Payload, Plugin, Result};

/// Reads one text format. Parsers keep no state between payloads: the host runs several instances
/// and may give any payload to any of them.
pub trait Parser: Plugin {
    /// MIME types that it reads, without parameters, such as `text/plain`.
    const CONTENT_TYPES: &'static [&'static str];

    /// True if `head` (the first 4 KiB) looks like the format. Asked when the type says nothing.
    fn sniff(&self, head: &[u8]) -> bool {
        let _ = head;
        false
    }

    /// Reads `payload` into `batch`, which is empty. A bad line costs that line only and is
    /// reported by [`Batch::diagnostic`].
    ///
    /// # Errors
    /// Only if nothing at all can be read: then the scrape is recorded as failed.
    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()>;
}

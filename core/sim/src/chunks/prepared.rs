//! Events that are the same for all answers but for their id.

use crate::http::write_chunk;

/// Placeholder of the request's number in a prepared chunk.
pub(super) const ID: &str = "0123456789abcdef";

/// One server-sent event as one HTTP chunk, with a hole for the answer's id.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    id_at: Option<usize>,
}

impl Chunk {
    pub(super) fn new(event: &str) -> Self {
        let mut bytes = Vec::new();
        write_chunk(&mut bytes, event.as_bytes());
        let id_at = memchr::memmem::find(&bytes, ID.as_bytes());
        Self { bytes, id_at }
    }

    pub(super) fn append(&self, out: &mut Vec<u8>, id: &[u8; 16]) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let hole = self
            .id_at
            .and_then(|at| out.get_mut(start + at..start + at + ID.len()));
        if let Some(hole) = hole {
            hole.copy_from_slice(id);
        }
    }
}

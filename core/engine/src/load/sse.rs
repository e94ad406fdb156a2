//! Server-sent events, decoded as the WHATWG HTML standard (section 9.2.6) says.
//!
//! Lines end with CR, LF or CRLF; a leading byte order mark, comments, `id` and `retry` are skipped;
//! `data` lines of one event are joined with LF; an event without data, or one that the stream's end
//! cuts off, is not dispatched. How the bytes are split into pieces makes no difference.

use memchr::memchr2;

/// An event longer than this is refused: nothing that an inference server sends comes near it.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event, borrowed from the decoder until the handler returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event's type; empty if the stream named none (`message` by the standard).
    pub kind: &'a [u8],
    /// The event's data, without the line end after its last line. Not checked to be UTF-8.
    pub data: &'a [u8],
}

/// An event was larger than 16 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is larger than 16 MiB")]
pub struct EventTooLarge;

/// A decoder for one stream. Its buffers are kept for the next one ([`Decoder::reset`]), so that
/// decoding allocates nothing once they have grown.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Beginning of a line whose end has not arrived.
    line: Vec<u8>,
    kind: Vec<u8>,
    /// Data of the current event, each line followed by LF.
    data: Vec<u8>,
    /// The last byte was CR: an LF that follows belongs to it.
    after_cr: bool,
    /// At least one line has been read: no byte order mark can follow.
    begun: bool,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a new stream; an unfinished event is forgotten.
    pub fn reset(&mut self) {
        self.line.clear();
        self.kind.clear();
        self.data.clear();
        self.after_cr = false;
        self.begun = false;
    }

    /// Decodes the next piece of the stream and hands each event that it completes to `handle`.
    ///
    /// # Errors
    /// [`EventTooLarge`]; the decoder must then be reset.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        mut handle: impl FnMut(Event<'_>),
    ) -> Result<(), EventTooLarge> {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            if let Some((data, rest)) = self.whole_event(bytes, end) {
                handle(Event { kind: b"", data });
                bytes = rest;
                continue;
            }
            let (line, rest) = bytes.split_at(end);
            self.finish_line(line, &mut handle);
            bytes = self.skip_line_end(rest);
            self.check_size()?;
        }
        self.line.extend_from_slice(bytes);
        self.check_size()
    }

    /// The data of an event that is one line of data and a blank line, both ended by LF, and wholly in
    /// `bytes`: nearly all are, and need not be copied. `end` is where the first line ends.
    fn whole_event<'a>(&self, bytes: &'a [u8], end: usize) -> Option<(&'a [u8], &'a [u8])> {
        let is_between = self.begun && self.line.is_empty() && self.data.is_empty();
        if !is_between || !self.kind.is_empty() {
            return None;
        }
        let rest = bytes[end..].strip_prefix(b"\n\n")?;
        Some((field(&bytes[..end], b"data")?, rest))
    }

    /// `rest` begins with the line's CR or LF.
    fn skip_line_end<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        match rest {
            [b'\r'] => {
                self.after_cr = true;
                &[]
            }
            [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
            [] => &[],
        }
    }

    fn finish_line(&mut self, end: &[u8], handle: &mut impl FnMut(Event<'_>)) {
        if self.line.is_empty() {
            self.process_line(end, handle);
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(end);
            self.process_line(&line, handle);
            line.clear();
            self.line = line;
        }
    }

    fn process_line(&mut self, line: &[u8], handle: &mut impl FnMut(Event<'_>)) {
        let line = if self.begun {
            line
        } else {
            self.begun = true;
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        };
        if line.is_empty() {
            self.dispatch(handle);
        } else if let Some(value) = field(line, b"data") {
            self.data.extend_from_slice(value);
            self.data.push(b'\n');
        } else if let Some(value) = field(line, b"event") {
            self.kind.clear();
            self.kind.extend_from_slice(value);
        }
    }

    fn dispatch(&mut self, handle: &mut impl FnMut(Event<'_>)) {
        if let Some((_line_end, data)) = self.data.split_last() {
            handle(Event {
                kind: &self.kind,
                data,
            });
        }
        self.data.clear();
        self.kind.clear();
    }

    fn check_size(&self) -> Result<(), EventTooLarge> {
        let held = self.line.len() + self.data.len();
        if held > MAX_EVENT_BYTES {
            Err(EventTooLarge)
        } else {
            Ok(())
        }
    }
}

/// The value of a line if its field has this name; one space after the colon is not part of it.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! An answer in HTTP/1.1 as what HTTP/2 makes of it.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Response, StatusCode};
use memchr::memmem;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Part {
    Head(Response<()>),
    Data(Vec<u8>),
    /// The answer is complete.
    End,
}

/// Where in the answer the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// The line before a chunk.
    Size,
    /// This many bytes of a chunk, and the end of its line.
    Chunk(usize),
    /// This many bytes of a body that was announced.
    Body(usize),
    After,
}

/// Reads the bytes that the server has written for HTTP/1.1, in whatever pieces they come.
#[derive(Debug)]
pub(super) struct Translator {
    place: Place,
    /// Of a head, a line or a chunk that is not complete.
    held: Vec<u8>,
}

impl Translator {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Head,
            held: Vec::new(),
        }
    }

    /// Goes on with `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8], mut give: impl FnMut(Part)) {
        self.held.extend_from_slice(bytes);
        while let Some(part) = self.next() {
            give(part);
        }
    }

    fn next(&mut self) -> Option<Part> {
        loop {
            match self.place {
                Place::Head => {
                    let end = memmem::find(&self.held, b"\r\n\r\n")?;
                    let head = self.take(end + 4);
                    return Some(Part::Head(self.head(&head)));
                }
                Place::Size => {
                    let end = memmem::find(&self.held, b"\r\n")?;
                    let line = self.take(end + 2);
                    let digits = String::from_utf8_lossy(&line);
                    let size = usize::from_str_radix(digits.trim(), 16).unwrap_or(0);
                    if size == 0 {
                        self.place = Place::After;
                        return Some(Part::End);
                    }
                    self.place = Place::Chunk(size);
                }
                Place::Chunk(size) => {
                    if self.held.len() < size + 2 {
                        return None;
                    }
                    let mut data = self.take(size + 2);
                    data.truncate(size);
                    self.place = Place::Size;
                    return Some(Part::Data(data));
                }
                Place::Body(0) if self.held.is_empty() => {
                    self.place = Place::After;
                    return Some(Part::End);
                }
                Place::Body(left) => {
                    if self.held.is_empty() {
                        return None;
                    }
                    // More than was announced is sent too: that is a fault.
                    let data = std::mem::take(&mut self.held);
                    self.place = Place::Body(left.saturating_sub(data.len()));
                    return Some(Part::Data(data));
                }
                Place::After => {
                    self.held.clear();
                    return None;
                }
            }
        }
    }

    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.held.split_off(bytes);
        std::mem::replace(&mut self.held, rest)
    }

    fn head(&mut self, head: &[u8]) -> Response<()> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|status| status.parse::<StatusCode>().ok());
        let mut response = Response::builder().status(status.unwrap_or_default());
        self.place = Place::Body(0);
        for line in lines {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            if name == TRANSFER_ENCODING.as_str() {
                self.place = Place::Size;
            } else if name == CONTENT_LENGTH.as_str() {
                self.place = Place::Body(value.parse().unwrap_or(0));
                response = response.header(name, value);
            } else if name != CONNECTION.as_str() {
                response = response.header(name, value);
            }
        }
        // The server's own heads have nothing in them that is not allowed.
        response.body(()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&[u8]]) -> Vec<String> {
        let mut translator = Translator::new();
        let mut shown = Vec::new();
        for piece in pieces {
            translator.push(piece, |part| {
                shown.push(match part {
                    Part::Head(head) => format!("{} {:?}", head.status(), head.headers()),
                    Part::Data(data) => String::from_utf8(data).unwrap(),
                    Part::End => "end".to_owned(),
                });
            });
        }
        shown
    }

    #[test]
    fn answers_come_out_the_same_in_any_pieces() {
        let chunked = "HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\
                       connection: close\r\n\r\n5\r\nfirst\r\n10\r\na second, longer\r\n0\r\n\r\n";
        let whole = "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone";
        let empty = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for (text, expected) in [
            (
                chunked,
                &[
                    "200 OK {\"content-type\": \"a/b\"}",
                    "first",
                    "a second, longer",
                    "end",
                ][..],
            ),
            (
                whole,
                &["404 Not Found {\"content-length\": \"4\"}", "none", "end"],
            ),
            (empty, &["200 OK {\"content-length\": \"0\"}", "end"]),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(shown(&[bytes]), expected);
            let in_bytes: Vec<_> = bytes.chunks(1).collect();
            let parts = shown(&in_bytes);
            assert_eq!(parts.first().unwrap(), expected[0]);
            assert_eq!(parts[1..].concat(), expected[1..].concat());
        }
    }
}

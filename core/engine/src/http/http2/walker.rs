//! Finds the frames in the bytes of one direction of a connection (RFC 9113, section 4.1).

/// Bytes of a frame before its payload.
const HEADER_BYTES: usize = 9;
/// Bytes that a client sends before its first frame.
pub(super) const PREFACE_BYTES: usize = 24;
/// Bytes of a payload that are kept: all that a `GOAWAY` says of streams.
pub(super) const LEAD_BYTES: usize = 8;

/// `flags` of a `DATA` frame with padding.
const PADDED: u8 = 0x8;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    /// 0 is the connection as a whole.
    pub(super) stream: u32,
    /// Bytes of its payload.
    pub(super) length: u32,
    flags: u8,
}

impl Frame {
    pub(super) const DATA: u8 = 0x0;
    pub(super) const HEADERS: u8 = 0x1;
    pub(super) const SETTINGS: u8 = 0x4;
    pub(super) const GOAWAY: u8 = 0x7;

    fn parse(header: [u8; HEADER_BYTES]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = header;
        Self {
            kind,
            flags,
            length: u32::from_be_bytes([0, l0, l1, l2]),
            // The first bit is reserved.
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & (u32::MAX >> 1),
        }
    }

    /// Bytes of the whole frame.
    pub(super) fn bytes(&self) -> usize {
        HEADER_BYTES + self.length as usize
    }

    /// Whether these are the first bytes of a text such as `HTTP/1.1 400`.
    pub(super) fn is_http1(&self) -> bool {
        self.length.to_be_bytes() == *b"\0HTT" && self.kind == b'P'
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// The header of a frame, whose first byte crossed at this time.
    Header(Frame, T),
    /// The last byte of a frame, which crossed with the bytes at hand.
    End {
        frame: Frame,
        /// Bytes of its payload without padding.
        data: u32,
        /// Its first bytes, 0 where it has none.
        lead: [u8; LEAD_BYTES],
    },
}

/// Walks over bytes in whatever pieces they come. Nothing is kept of them but the frame at hand, so that
/// it neither allocates nor fails: what is no HTTP/2 is found out by who reads the frames.
#[derive(Debug)]
pub(super) struct Walker<T> {
    /// Bytes before the first frame.
    skip: usize,
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    /// When the first byte of the frame at hand crossed.
    first: Option<T>,
    frame: Option<Frame>,
    lead: [u8; LEAD_BYTES],
    /// Bytes of its payload that have crossed.
    passed: usize,
}

impl<T: Copy> Walker<T> {
    /// A walker whose first frame comes after `skip` bytes.
    pub(super) fn new(skip: usize) -> Self {
        Self {
            skip,
            header: [0; HEADER_BYTES],
            header_bytes: 0,
            first: None,
            frame: None,
            lead: [0; LEAD_BYTES],
            passed: 0,
        }
    }

    /// Goes on over `bytes`, which cross at `now`.
    pub(super) fn walk(&mut self, bytes: &[u8], now: T, mut note: impl FnMut(Found<T>)) {
        let (skipped, mut rest) = bytes.split_at(self.skip.min(bytes.len()));
        self.skip -= skipped.len();
        while !rest.is_empty() {
            let frame = match self.frame {
                Some(frame) => frame,
                None => match self.take_header(&mut rest, now) {
                    Some((frame, first)) => {
                        note(Found::Header(frame, first));
                        frame
                    }
                    None => return,
                },
            };
            if self.take_payload(&frame, &mut rest) {
                note(Found::End {
                    frame,
                    data: self.data_bytes(&frame),
                    lead: self.lead,
                });
                *self = Self::new(0);
            }
        }
    }

    /// `None` until the header is complete.
    fn take_header(&mut self, rest: &mut &[u8], now: T) -> Option<(Frame, T)> {
        let first = *self.first.get_or_insert(now);
        let room = self.header.get_mut(self.header_bytes..)?;
        let (taken, left) = rest.split_at(room.len().min(rest.len()));
        room.iter_mut()
            .zip(taken)
            .for_each(|(to, from)| *to = *from);
        self.header_bytes += taken.len();
        *rest = left;
        if self.header_bytes < HEADER_BYTES {
            return None;
        }
        let frame = Frame::parse(self.header);
        self.frame = Some(frame);
        Some((frame, first))
    }

    /// Whether the payload is complete.
    fn take_payload(&mut self, frame: &Frame, rest: &mut &[u8]) -> bool {
        let length = frame.length as usize;
        let (taken, left) = rest.split_at((length - self.passed).min(rest.len()));
        let lead = self.lead.iter_mut().skip(self.passed);
        lead.zip(taken).for_each(|(to, from)| *to = *from);
        self.passed += taken.len();
        *rest = left;
        self.passed == length
    }

    fn data_bytes(&self, frame: &Frame) -> u32 {
        if frame.kind != Frame::DATA || frame.flags & PADDED == 0 {
            return frame.length;
        }
        let [padding, ..] = self.lead;
        frame.length.saturating_sub(1 + u32::from(padding))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::peer::frame as written;
    use super::*;

    /// What is found where all bytes are there at once, by their places: (first byte, last byte, frame,
    /// bytes of data, lead).
    fn oracle(bytes: &[u8], mut at: usize) -> Vec<(usize, usize, Frame, u32, [u8; 8])> {
        let mut frames = Vec::new();
        while at < bytes.len() {
            let header: [u8; 9] = bytes[at..at + 9].try_into().unwrap();
            let length =
                usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
            let payload = &bytes[at + 9..at + 9 + length];
            let mut lead = [0; 8];
            for (to, from) in lead.iter_mut().zip(payload) {
                *to = *from;
            }
            let is_padded = header[3] == 0 && header[4] & 8 != 0;
            let data = if is_padded {
                length - 1 - usize::from(payload[0])
            } else {
                length
            };
            let frame = Frame {
                kind: header[3],
                flags: header[4],
                stream: u32::from_be_bytes(header[5..].try_into().unwrap()) & 0x7fff_ffff,
                length: u32::try_from(length).unwrap(),
            };
            let data = u32::try_from(data).unwrap();
            frames.push((at, at + 9 + length - 1, frame, data, lead));
            at += 9 + length;
        }
        frames
    }

    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let payload = proptest::collection::vec(any::<u8>(), 0..40);
        (0_u8..10, any::<u8>(), any::<u32>(), payload, 0_u8..9).prop_map(
            |(kind, flags, stream, mut payload, padding)| {
                if kind == Frame::DATA && flags & PADDED != 0 {
                    payload.insert(0, padding);
                    payload.extend(vec![0; padding.into()]);
                }
                written(kind, flags, stream, &payload)
            },
        )
    }

    proptest! {
        #[test]
        fn frames_are_found_in_any_split_of_their_bytes(
            frames in proptest::collection::vec(any_frame(), 0..12),
            cuts in proptest::collection::vec(0_usize..600, 0..20),
            has_preface: bool,
        ) {
            let skip = if has_preface { PREFACE_BYTES } else { 0 };
            let mut bytes = vec![b'P'; skip];
            bytes.extend(frames.concat());
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut walker = Walker::new(skip);
            let (mut headers, mut ends) = (Vec::new(), Vec::new());
            for piece in cuts.windows(2) {
                // The time of a piece is the place of its end.
                walker.walk(&bytes[piece[0]..piece[1]], piece[1], |found| match found {
                    Found::Header(frame, first) => headers.push((frame, first)),
                    Found::End { frame, data, lead } => ends.push((frame, data, lead, piece[1])),
                });
            }
            // The end of the piece that holds the byte.
            let time = |place: usize| *cuts.iter().find(|cut| **cut > place).unwrap();
            let expected = oracle(&bytes, skip);
            let firsts: Vec<_> = expected.iter().map(|one| (one.2, time(one.0))).collect();
            let lasts: Vec<_> =
                expected.iter().map(|one| (one.2, one.3, one.4, time(one.1))).collect();
            prop_assert_eq!(headers, firsts);
            prop_assert_eq!(ends, lasts);
        }

        #[test]
        fn bytes_that_are_no_frames_are_walked_over(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let mut walker = Walker::new(0);
            walker.walk(&bytes, 0, |_| ());
        }
    }

    #[test]
    fn a_server_of_http_1_is_known_by_its_first_words() {
        let is_http1 = |bytes: &[u8]| {
            let mut is_http1 = false;
            Walker::new(0).walk(bytes, (), |found| {
                is_http1 |= matches!(found, Found::Header(frame, ()) if frame.is_http1());
            });
            is_http1
        };
        assert!(is_http1(b"HTTP/1.1 400 Bad Request\r\n"));
        assert!(is_http1(b"HTTP/1.0 505 No\r\n"));
        assert!(!is_http1(&written(Frame::SETTINGS, 0, 0, b"")));
    }
}

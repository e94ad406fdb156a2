//! A server that speaks HTTP/2 as far as it is told to.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::super::walker::{Found, Frame, PREFACE_BYTES, Walker};

/// A frame as it is written.
pub(in crate::http::http2) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The head of a response with status 200.
pub(super) fn head(stream: u32) -> Vec<u8> {
    frame(Frame::HEADERS, 0x4, stream, &[0x88])
}

pub(super) fn data(stream: u32, body: &[u8], is_last: bool) -> Vec<u8> {
    frame(Frame::DATA, is_last.into(), stream, body)
}

pub(super) fn reset_stream(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

pub(super) fn goaway(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    frame(Frame::GOAWAY, 0, 0, &payload)
}

/// The server's end of a connection.
pub(super) struct Peer {
    /// How many there were before it.
    pub(super) number: usize,
    stream: TcpStream,
    walker: Walker<()>,
    frames: VecDeque<Frame>,
}

impl Peer {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next frame; `None` when the client has hung up.
    pub(in crate::http::http2) fn frame(&mut self) -> Option<Frame> {
        while self.frames.is_empty() {
            let mut piece = [0; 4096];
            let bytes = self.stream.read(&mut piece).ok().filter(|&n| n > 0)?;
            let frames = &mut self.frames;
            self.walker.walk(&piece[..bytes], (), |found| {
                if let Found::End { frame, .. } = found {
                    frames.push_back(frame);
                }
            });
        }
        self.frames.pop_front()
    }

    /// Waits for a request with a body in one frame; its stream.
    pub(super) fn request(&mut self) -> u32 {
        loop {
            let frame = self.frame().expect("a request comes");
            if frame.kind == Frame::DATA {
                return frame.stream;
            }
        }
    }

    /// The kinds of all frames that still come.
    pub(super) fn until_closed(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.frame())
            .map(|frame| frame.kind)
            .collect()
    }

    pub(super) fn reset(&self) {
        let linger = nix::libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        let option = nix::sys::socket::sockopt::Linger;
        nix::sys::socket::setsockopt(&self.stream, option, &linger).unwrap();
    }
}

/// Has all connections served like this, after the settings; the URL.
pub(super) fn serve(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> String {
    serve_up_to(None, script)
}

/// The same, for this many streams of a connection at once.
pub(super) fn serve_up_to(
    streams: Option<u32>,
    script: impl Fn(&mut Peer) + Send + Sync + 'static,
) -> String {
    let settings = streams.map(|streams| [&[0, 3], &streams.to_be_bytes()[..]].concat());
    let settings = frame(Frame::SETTINGS, 0, 0, &settings.unwrap_or_default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(script);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut peer = Peer {
                number,
                stream: stream.unwrap(),
                walker: Walker::new(PREFACE_BYTES),
                frames: VecDeque::new(),
            };
            let (script, settings) = (Arc::clone(&script), settings.clone());
            thread::spawn(move || {
                peer.stream.set_nodelay(true).unwrap();
                peer.write(&settings);
                script(&mut peer);
            });
        }
    });
    url
}

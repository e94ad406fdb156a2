//! One end of a way between the two processes: messages over a socket, with a few bytes beside them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A pause between looks at a socket that nothing comes from. The end of the other side ends it at once.
pub(super) const LONG: Duration = Duration::from_mins(1);

/// Bytes read at once.
const BUFFER: usize = 64 * 1024;
/// Largest message, and most bytes beside one. Targets of a large cluster fit, and any answer of a
/// server.
const LIMIT: usize = 256 * 1024 * 1024;
/// A frame that has begun to arrive is here within this, or its sender is in trouble.
const FRAME_LIMIT: Duration = Duration::from_secs(5);
/// Length of the message, and of what is beside it, four bytes each.
const HEAD: usize = 8;

/// One end.
#[derive(Debug)]
pub(super) struct Channel {
    socket: BufReader<UnixStream>,
    frame: Vec<u8>,
    beside: Vec<u8>,
}

impl Channel {
    pub(super) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(FRAME_LIMIT))?;
        socket.set_write_timeout(Some(FRAME_LIMIT))?;
        Ok(Self {
            socket: BufReader::with_capacity(BUFFER, socket),
            frame: Vec::new(),
            beside: Vec::new(),
        })
    }

    /// Sends a message with bytes beside it.
    pub(super) fn send(&mut self, message: &impl Serialize, beside: &[u8]) -> io::Result<()> {
        self.frame.clear();
        self.frame.extend_from_slice(&[0; HEAD]);
        serde_json::to_writer(&mut self.frame, message)?;
        let lengths = [self.frame.len() - HEAD, beside.len()];
        for (place, length) in [0, HEAD / 2].into_iter().zip(lengths) {
            let fits = Some(length).filter(|length| *length <= LIMIT);
            let length = fits.and_then(|length| u32::try_from(length).ok());
            let length = length.ok_or_else(|| broken("a message beyond all limits"))?;
            self.frame[place..place + HEAD / 2].copy_from_slice(&length.to_le_bytes());
        }
        self.frame.extend_from_slice(beside);
        self.socket.get_mut().write_all(&self.frame)
    }

    /// Waits until something has come, for at most `limit`; false if nothing has. The end of the other
    /// side is something too.
    pub(super) fn wait(&mut self, limit: Duration) -> io::Result<bool> {
        if !self.socket.buffer().is_empty() {
            return Ok(true);
        }
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let mut polled = [PollFd::new(
            self.socket.get_ref().as_fd(),
            PollFlags::POLLIN,
        )];
        match poll(&mut polled, limit) {
            Ok(ready) => Ok(ready > 0),
            Err(nix::Error::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The next message, which has begun to come. `None` if the other side has ended.
    pub(super) fn receive<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        if self.socket.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let (length, beside) = (self.length()?, self.length()?);
        self.frame.resize(length, 0);
        self.socket.read_exact(&mut self.frame)?;
        self.beside.resize(beside, 0);
        self.socket.read_exact(&mut self.beside)?;
        Ok(Some(serde_json::from_slice(&self.frame)?))
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut bytes = [0; HEAD / 2];
        self.socket.read_exact(&mut bytes)?;
        let length = usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
        if length > LIMIT {
            return Err(broken("a message beyond all limits"));
        }
        Ok(length)
    }

    /// What was beside the last message.
    pub(super) fn beside(&self) -> &[u8] {
        &self.beside
    }

    /// The socket, for what goes along with it.
    pub(super) fn socket(&self) -> &UnixStream {
        self.socket.get_ref()
    }
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn messages_arrive_with_what_is_beside_them() {
        let (a, b) = UnixStream::pair().unwrap();
        let mut here = Channel::new(a).unwrap();
        let mut there = Channel::new(b).unwrap();
        let echo = thread::spawn(move || {
            while let Some(text) = there.receive::<String>().unwrap() {
                let beside = there.beside().to_vec();
                there.send(&text, &beside).unwrap();
            }
        });
        for length in [0, 1, BUFFER, 3_000_000, 5, 100_000] {
            let beside: Vec<u8> = (0..=255).cycle().take(length).collect();
            here.send(&format!("{length} bytes"), &beside).unwrap();
            assert!(here.wait(Duration::from_mins(1)).unwrap());
            let text: String = here.receive().unwrap().unwrap();
            assert_eq!(text, format!("{length} bytes"));
            assert!(here.beside() == beside, "{length} bytes");
        }
        assert!(!here.wait(Duration::ZERO).unwrap());
        drop(here);
        echo.join().unwrap();
    }

    #[test]
    fn garbage_and_an_end_are_told_apart() {
        let (a, mut b) = UnixStream::pair().unwrap();
        let mut here = Channel::new(a).unwrap();
        b.write_all(&[0xff; 100]).unwrap();
        let error = here.receive::<String>().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let (a, mut b) = UnixStream::pair().unwrap();
        let mut here = Channel::new(a).unwrap();
        b.write_all(&[1, 0, 0, 0, 0]).unwrap();
        drop(b);
        here.receive::<String>().unwrap_err();
        let (a, b) = UnixStream::pair().unwrap();
        let mut here = Channel::new(a).unwrap();
        drop(b);
        assert!(here.wait(Duration::from_mins(1)).unwrap());
        assert_eq!(here.receive::<String>().unwrap(), None);
    }
}

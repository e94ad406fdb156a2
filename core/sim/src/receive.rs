//! Reading from sockets, with the kernel's receive time.

use std::io::{self, IoSliceMut};
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use crate::clock::{monotonic, monotonic_from_wall};

/// When bytes arrived, in monotonic nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    /// Whether the kernel took the time; if not, it was taken after the read.
    pub(crate) by_kernel: bool,
}

/// Buffers of one event loop.
#[derive(Debug)]
pub(crate) struct Receiver {
    data: Vec<u8>,
    control: Vec<u8>,
}

/// Asks the kernel to note when segments arrive. Without it, times are taken after the read.
pub(crate) fn enable_timestamps(stream: &TcpStream) {
    setsockopt(stream, sockopt::ReceiveTimestampns, &true).ok();
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            data: vec![0; 64 * 1024],
            control: nix::cmsg_space!(TimeSpec),
        }
    }

    /// Moves what `stream` has into `input`, up to a full buffer; None at the end of the stream.
    /// The time is that of the last segment read.
    pub(crate) fn receive(
        &mut self,
        stream: &TcpStream,
        input: &mut Vec<u8>,
    ) -> io::Result<Option<(usize, Arrival)>> {
        let mut slices = [IoSliceMut::new(&mut self.data)];
        let control = Some(self.control.as_mut_slice());
        let message = recvmsg::<()>(
            stream.as_raw_fd(),
            &mut slices,
            control,
            MsgFlags::MSG_DONTWAIT,
        )?;
        let length = message.bytes;
        let stamp = message
            .cmsgs()
            .ok()
            .into_iter()
            .flatten()
            .find_map(|control| match control {
                ControlMessageOwned::ScmTimestampns(time) => monotonic_from_wall(time),
                _ => None,
            });
        let arrival = Arrival {
            at: stamp.unwrap_or_else(monotonic),
            by_kernel: stamp.is_some(),
        };
        input.extend_from_slice(self.data.get(..length).unwrap_or_default());
        Ok((length > 0).then_some((length, arrival)))
    }

    /// Bytes read at most at once.
    pub(crate) fn capacity(&self) -> usize {
        self.data.len()
    }
}

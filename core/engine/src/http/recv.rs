//! Reading a socket together with the time at which the kernel received the bytes (Linux).

use std::cell::RefCell;
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, RawFd};

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, TimestampingFlag, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;

use super::clock::timespec_ns;

thread_local! {
    /// Room for the control message of one read; only used within a call.
    static CONTROL: RefCell<Vec<u8>> = RefCell::new(nix::cmsg_space!([TimeSpec; 3]));
}

/// Bytes read, and the wall time (ns) at which the kernel received the last of them, if it says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) bytes: usize,
    pub(super) realtime_ns: Option<i64>,
}

/// Asks the kernel to stamp what this socket receives.
pub(super) fn enable(socket: &impl AsFd) -> io::Result<()> {
    let flags = TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE
        | TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE;
    setsockopt(socket, sockopt::Timestamping, &flags).map_err(io::Error::from)
}

/// Reads once into `buffer`.
pub(super) fn receive(socket: RawFd, buffer: &mut [u8]) -> io::Result<Received> {
    CONTROL.with_borrow_mut(|control| {
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(socket, &mut parts, Some(control), MsgFlags::empty())?;
        // A control message that was cut off costs the stamp, not the bytes.
        let stamp = message
            .cmsgs()
            .ok()
            .and_then(|mut messages| messages.find_map(|one| stamp_of(&one)));
        Ok(Received {
            bytes: message.bytes,
            realtime_ns: stamp,
        })
    })
}

fn stamp_of(message: &ControlMessageOwned) -> Option<i64> {
    match message {
        ControlMessageOwned::ScmTimestampsns(stamps) => {
            Some(timespec_ns(stamps.system)).filter(|&ns| ns != 0)
        }
        _ => None,
    }
}

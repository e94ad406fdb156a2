//! What a plugin's process gets from the run: two sockets, as its standard input and output, and the
//! memory that both see, which comes over the first of them.

#![expect(
    unsafe_code,
    reason = "descriptors that come over a socket have no owner yet"
)]

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use nix::unistd::{dup2_stdin, dup2_stdout};

use super::memory::Memory;

/// What goes along with the descriptors: at least one byte has to.
const GREETING: [u8; 1] = [b'm'];

/// Hands memory over: first what the other side reads, then what it writes.
pub(super) fn send_memory(socket: &UnixStream, files: [&File; 2]) -> io::Result<()> {
    let files = files.map(AsRawFd::as_raw_fd);
    sendmsg::<()>(
        socket.as_raw_fd(),
        &[IoSlice::new(&GREETING)],
        &[ControlMessage::ScmRights(&files)],
        MsgFlags::empty(),
        None,
    )?;
    Ok(())
}

/// Takes memory that was handed over.
pub(super) fn receive_memory(socket: &UnixStream) -> io::Result<[Memory; 2]> {
    let mut greeting = [0];
    let mut room = cmsg_space!([RawFd; 2]);
    let mut parts = [IoSliceMut::new(&mut greeting)];
    let message = recvmsg::<()>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut room),
        MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    let mut files = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(descriptors) = part {
            // SAFETY: the kernel has just made these descriptors for this process, and this is the
            // only place that learns of them.
            files.extend(
                descriptors
                    .into_iter()
                    .map(|file| unsafe { File::from_raw_fd(file) }),
            );
        }
    }
    let missing = || io::Error::other("the run handed over no memory");
    let writes = files.pop().ok_or_else(missing)?;
    let reads = files.pop().ok_or_else(missing)?;
    Ok([Memory::of(&reads)?, Memory::of(&writes)?])
}

/// Takes the two sockets off standard input and output. What the plugin prints goes to standard error
/// from now on, and there is nothing to read.
pub(super) fn take_sockets() -> io::Result<[UnixStream; 2]> {
    let calls = io::stdin().as_fd().try_clone_to_owned()?;
    let services = io::stdout().as_fd().try_clone_to_owned()?;
    let nothing: OwnedFd = File::open("/dev/null")?.into();
    dup2_stdin(nothing)?;
    dup2_stdout(io::stderr())?;
    Ok([calls.into(), services.into()])
}

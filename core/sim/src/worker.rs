//! What a connection may use of the event loop that it belongs to.

use std::net::TcpStream;
use std::sync::Arc;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

use crate::receive::Receiver;
use crate::schedule::Timers;
use crate::shared::{Message, Shared};
use crate::slots::Ticket;

/// An event loop without its connections.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) thread: usize,
    pub(crate) epoll: Epoll,
    pub(crate) timers: Timers,
    pub(crate) receiver: Receiver,
    /// Connections of this loop whose requests were given a slot and do not know yet.
    pub(crate) grants: Vec<u64>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, thread: usize) -> nix::Result<Self> {
        Ok(Self {
            shared,
            thread,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            timers: Timers::new()?,
            receiver: Receiver::new(),
            grants: Vec::new(),
        })
    }

    pub(crate) fn ticket(&self, token: u64) -> Ticket {
        Ticket {
            thread: self.thread,
            token,
        }
    }

    /// Gives a slot back and tells whoever gets it.
    pub(crate) fn release_slot(&mut self) {
        match self.shared.slots.release() {
            Some(ticket) if ticket.thread == self.thread => self.grants.push(ticket.token),
            Some(ticket) => {
                if let Some(inbox) = self.shared.inboxes.get(ticket.thread) {
                    inbox.send(Message::Grant(ticket.token));
                }
            }
            None => {}
        }
    }

    /// Watches a connection for input, and for room to write if asked.
    pub(crate) fn watch(&self, stream: &TcpStream, token: u64, for_room: bool) {
        let mut event = EpollEvent::new(interest(for_room), token);
        // Cannot fail for a stream that is registered; if it did, its client would wait.
        self.epoll.modify(stream, &mut event).ok();
    }

    pub(crate) fn register(&self, stream: &TcpStream, token: u64) -> nix::Result<()> {
        self.epoll
            .add(stream, EpollEvent::new(interest(false), token))
    }
}

fn interest(for_room: bool) -> EpollFlags {
    let input = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP;
    if for_room {
        input | EpollFlags::EPOLLOUT
    } else {
        input
    }
}

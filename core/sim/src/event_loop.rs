//! The event loop: one thread, its connections and their deadlines.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags, EpollTimeout};

use crate::clock::monotonic;
use crate::connection::{Connection, Flow};
use crate::receive::enable_timestamps;
use crate::shared::{Inbox, Message, Shared};
use crate::slab::Slab;
use crate::truth::Outcome;
use crate::worker::Worker;

/// Marks that are no connection's; the slab never gives these out.
const LISTENER: u64 = u64::MAX;
const INBOX: u64 = u64::MAX - 1;
const TIMER: u64 = u64::MAX - 2;

/// Events taken from the kernel at once.
const EVENTS: usize = 256;

/// A loop that serves its connections until the server stops.
#[derive(Debug)]
pub(crate) struct EventLoop {
    worker: Worker,
    connections: Slab<Connection>,
    /// The first loop accepts for all.
    listener: Option<TcpListener>,
    accepted: usize,
}

impl EventLoop {
    pub(crate) fn new(
        shared: Arc<Shared>,
        thread: usize,
        listener: Option<TcpListener>,
    ) -> nix::Result<Self> {
        let worker = Worker::new(shared, thread)?;
        let input = EpollFlags::EPOLLIN;
        if let Some(listener) = &listener {
            worker
                .epoll
                .add(listener, EpollEvent::new(input, LISTENER))?;
        }
        if let Some(inbox) = worker.shared.inboxes.get(thread) {
            worker
                .epoll
                .add(&inbox.wake, EpollEvent::new(input, INBOX))?;
        }
        let edge = input | EpollFlags::EPOLLET;
        worker
            .epoll
            .add(worker.timers.descriptor(), EpollEvent::new(edge, TIMER))?;
        Ok(Self {
            worker,
            connections: Slab::default(),
            listener,
            accepted: 0,
        })
    }

    /// Runs until the server stops. Requests still open then are cut.
    pub(crate) fn run(mut self) {
        let mut events = [EpollEvent::empty(); EVENTS];
        while !self.worker.shared.stopping.load(Ordering::Acquire) {
            if self.worker.timers.arm().is_err() {
                break;
            }
            let count = match self.worker.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(_) => break,
            };
            for event in events.iter().take(count) {
                self.handle(*event);
                self.hand_out_slots();
            }
            self.fire_timers();
        }
        for connection in self.connections.iter_mut() {
            connection.abandon(Outcome::Cut, &mut self.worker);
        }
    }

    fn handle(&mut self, event: EpollEvent) {
        match event.data() {
            LISTENER => self.accept(),
            INBOX => self.read_inbox(),
            TIMER => {}
            token => self.ready(token, event.events()),
        }
    }

    fn ready(&mut self, token: u64, events: EpollFlags) {
        let Some(connection) = self.connections.get_mut(token) else {
            return;
        };
        let mut flow = Flow::Keep;
        if events.contains(EpollFlags::EPOLLOUT) {
            flow = connection.writable(&mut self.worker);
        }
        if flow == Flow::Keep && events.intersects(!EpollFlags::EPOLLOUT) {
            flow = connection.readable(&mut self.worker);
        }
        self.settle(token, flow);
    }

    fn settle(&mut self, token: u64, flow: Flow) {
        if flow == Flow::Close
            && let Some(mut connection) = self.connections.remove(token)
        {
            connection.abandon(Outcome::Cancelled, &mut self.worker);
        }
    }

    /// Fires what is due now; what these set for now waits for the next turn of the loop.
    fn fire_timers(&mut self) {
        let now = monotonic();
        while let Some((due, token)) = self.worker.timers.pop_due(now) {
            if let Some(connection) = self.connections.get_mut(token) {
                let flow = connection.timer(due, &mut self.worker);
                self.settle(token, flow);
                self.hand_out_slots();
            }
        }
    }

    fn hand_out_slots(&mut self) {
        while let Some(token) = self.worker.grants.pop() {
            self.grant(token);
        }
    }

    /// Tells a connection that its request has a slot; if it is gone, the slot goes on.
    fn grant(&mut self, token: u64) {
        let connection = self.connections.get_mut(token);
        match connection.and_then(|connection| connection.granted(&mut self.worker)) {
            Some(flow) => self.settle(token, flow),
            None => self.worker.release_slot(),
        }
    }

    fn read_inbox(&mut self) {
        let thread = self.worker.thread;
        let messages = self.worker.shared.inboxes.get(thread).map(Inbox::take);
        for message in messages.unwrap_or_default() {
            match message {
                Message::Connection(stream) => self.adopt(stream),
                Message::Grant(token) => self.grant(token),
            }
        }
    }

    fn accept(&mut self) {
        while let Some(Ok((stream, _))) = self.listener.as_ref().map(TcpListener::accept) {
            if prepare(&stream).is_err() {
                continue;
            }
            self.worker.shared.truth.count_connection();
            let thread = self.accepted % self.worker.shared.inboxes.len();
            self.accepted += 1;
            if thread == self.worker.thread {
                self.adopt(stream);
            } else if let Some(inbox) = self.worker.shared.inboxes.get(thread) {
                inbox.send(Message::Connection(stream));
            }
        }
    }

    fn adopt(&mut self, stream: TcpStream) {
        let token = self
            .connections
            .insert_with(|token| Connection::new(stream, token));
        let Some(connection) = self.connections.get_mut(token) else {
            return;
        };
        if self.worker.register(connection.stream(), token).is_err() {
            self.connections.remove(token);
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    enable_timestamps(stream);
    Ok(())
}

//! The event loop: one thread, its connections and their deadlines.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags, EpollTimeout};

use crate::clock::monotonic;
use crate::connection::{Connection, Flow};
use crate::http2::{News, Session, StreamRequest};
use crate::receive::{Arrival, enable_timestamps};
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

/// What has a token.
#[derive(Debug)]
enum Peer {
    /// A connection of HTTP/1.1, or a stream of HTTP/2.
    Connection(Box<Connection>),
    /// A connection of HTTP/2.
    Session(Session),
    /// Neither, for a moment.
    Gone,
}

/// A loop that serves its connections until the server stops.
#[derive(Debug)]
pub(crate) struct EventLoop {
    worker: Worker,
    peers: Slab<Peer>,
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
            peers: Slab::default(),
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
        for peer in self.peers.iter_mut() {
            if let Peer::Connection(connection) = peer {
                connection.abandon(Outcome::Cut, &mut self.worker);
            }
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
        let connection = match self.peers.get_mut(token) {
            Some(Peer::Connection(connection)) => connection,
            Some(Peer::Session(_)) => return self.session_ready(token, events),
            Some(Peer::Gone) | None => return,
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
        match flow {
            Flow::Keep => {}
            Flow::Upgrade => self.upgrade(token),
            Flow::Close => {
                if let Some(Peer::Connection(mut connection)) = self.peers.remove(token) {
                    connection.abandon(Outcome::Cancelled, &mut self.worker);
                }
            }
        }
    }

    /// Goes on in HTTP/2 with a connection whose client has begun to.
    fn upgrade(&mut self, token: u64) {
        let Some(peer) = self.peers.get_mut(token) else {
            return;
        };
        let Peer::Connection(connection) = std::mem::replace(peer, Peer::Gone) else {
            return;
        };
        let Some((stream, input, arrival)) = connection.into_parts() else {
            return;
        };
        let mut session = Session::new(stream, token);
        let news = session.readable(input, arrival, &mut self.worker);
        *peer = Peer::Session(session);
        self.take_news(token, news);
    }

    fn session_ready(&mut self, token: u64, events: EpollFlags) {
        let Some(Peer::Session(session)) = self.peers.get_mut(token) else {
            return;
        };
        if events.contains(EpollFlags::EPOLLOUT) && session.writable(&self.worker) {
            self.offer_room(token);
        }
        let Some(Peer::Session(session)) = self.peers.get_mut(token) else {
            return;
        };
        if events.intersects(!EpollFlags::EPOLLOUT) {
            let news = session.readable(Vec::new(), Arrival::default(), &mut self.worker);
            self.take_news(token, news);
        }
    }

    /// Serves what has come over a connection of HTTP/2.
    fn take_news(&mut self, token: u64, news: News) {
        for request in news.requests {
            self.begin_stream(token, request);
        }
        // Room may be that of a window, of which the client has said something.
        self.offer_room(token);
        let Some(Peer::Session(session)) = self.peers.get_mut(token) else {
            return;
        };
        let is_over = news.is_over || session.is_over();
        for stream in session.streams.clone() {
            if let Some(Peer::Connection(connection)) = self.peers.get_mut(stream)
                && (is_over || connection.is_reset())
            {
                self.settle(stream, Flow::Close);
            }
        }
        if is_over {
            self.peers.remove(token);
        }
    }

    fn begin_stream(&mut self, token: u64, request: StreamRequest) {
        let stream = self
            .peers
            .insert_with(|token| Peer::Connection(Box::new(Connection::of_stream(request, token))));
        let is_open = |slab: &mut Slab<Peer>, token: &u64| slab.get_mut(*token).is_some();
        if let Some(Peer::Session(session)) = self.peers.get_mut(token) {
            let mut streams = std::mem::take(&mut session.streams);
            streams.retain(|token| is_open(&mut self.peers, token));
            streams.push(stream);
            if let Some(Peer::Session(session)) = self.peers.get_mut(token) {
                session.streams = streams;
            }
        }
        if let Some(Peer::Connection(connection)) = self.peers.get_mut(stream) {
            let flow = connection.serve(&mut self.worker);
            self.settle(stream, flow);
        }
    }

    /// Lets those streams go on that wait for room.
    fn offer_room(&mut self, token: u64) {
        let Some(Peer::Session(session)) = self.peers.get_mut(token) else {
            return;
        };
        for stream in session.streams.clone() {
            if let Some(Peer::Connection(connection)) = self.peers.get_mut(stream)
                && connection.wants_room()
            {
                let flow = connection.writable(&mut self.worker);
                self.settle(stream, flow);
            }
        }
    }

    /// Fires what is due now; what these set for now waits for the next turn of the loop.
    fn fire_timers(&mut self) {
        let now = monotonic();
        while let Some((due, token)) = self.worker.timers.pop_due(now) {
            if let Some(Peer::Connection(connection)) = self.peers.get_mut(token) {
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
        let granted = match self.peers.get_mut(token) {
            Some(Peer::Connection(connection)) => connection.granted(&mut self.worker),
            _ => None,
        };
        match granted {
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
        let token = self.peers.insert_with(|_| Peer::Gone);
        if self.worker.register(&stream, token).is_err() {
            self.peers.remove(token);
        } else if let Some(peer) = self.peers.get_mut(token) {
            *peer = Peer::Connection(Box::new(Connection::new(stream, token)));
        }
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    enable_timestamps(stream);
    Ok(())
}

//! Connections that carry several streams at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::exchange::Http2;
use crate::http::clock::MonoNs;
use crate::http::connect::Connector;
use crate::http::connection::{Connection, Link};
use crate::http::error::HttpError;

/// How long a connection without streams is used again. Servers that close one say so first, if they can.
const IDLE: Duration = Duration::from_secs(4);

/// A server's connections, of which each is filled before there is another one.
#[derive(Debug)]
pub(in crate::http) struct Rooms {
    /// Streams that a connection carries, if its server does not allow less.
    places: usize,
    /// Those with a place, the one to take next at the end.
    free: Mutex<Vec<Arc<Room>>>,
}

/// A connection, from before it is opened.
#[derive(Debug, Default)]
struct Room {
    /// The way in, of which everybody has a copy.
    opened: OnceCell<Result<Http2, HttpError>>,
    taken: AtomicUsize,
    is_listed: AtomicBool,
    /// When its last stream was over.
    left: Mutex<MonoNs>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    rooms: Arc<Rooms>,
    room: Arc<Room>,
    /// How many were taken with it.
    number: usize,
}

impl Rooms {
    /// Rooms with this many places.
    pub(in crate::http) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            free: Mutex::default(),
        })
    }

    /// A place on a connection that is open, or a new one. Who come while it is being opened share the
    /// outcome.
    ///
    /// # Errors
    /// Those of [`Connector::connect`].
    pub(in crate::http) async fn connect(
        self: &Arc<Self>,
        connector: &Connector,
    ) -> Result<Connection, HttpError> {
        let open = || async { connector.connect().await.and_then(Connection::into_http2) };
        loop {
            let seat = self.take(connector.now());
            let room = Arc::clone(&seat.room);
            let first = room.opened.get_or_init(open).await.as_ref();
            let first = first.map_err(HttpError::clone)?;
            // Who sat down before the server said how many it allows may have to go on.
            if seat.number <= self.places_of(&room) {
                return Ok(Connection::new(Link::Http2(first.another(seat))));
            }
        }
    }

    fn take(self: &Arc<Self>, now: MonoNs) -> Seat {
        let mut free = self.free();
        while let Some(room) = free.last()
            && !(self.has_place(room) && room.is_usable(now))
        {
            room.is_listed.store(false, Relaxed);
            free.pop();
        }
        let room = free.pop().unwrap_or_default();
        let number = room.taken.fetch_add(1, Relaxed) + 1;
        let is_listed = self.has_place(&room);
        room.is_listed.store(is_listed, Relaxed);
        if is_listed {
            free.push(Arc::clone(&room));
        }
        Seat {
            rooms: Arc::clone(self),
            room,
            number,
        }
    }

    fn leave(&self, room: &Arc<Room>, now: Option<MonoNs>) {
        let mut free = self.free();
        room.taken.fetch_sub(1, Relaxed);
        let Some(now) = now else {
            return;
        };
        *room.left.lock().unwrap_or_else(PoisonError::into_inner) = now;
        if self.has_place(room) && !room.is_listed.swap(true, Relaxed) {
            free.push(Arc::clone(room));
        }
    }

    fn has_place(&self, room: &Room) -> bool {
        room.taken.load(Relaxed) < self.places_of(room)
    }

    fn places_of(&self, room: &Room) -> usize {
        let allowed = match room.opened.get() {
            Some(Ok(opened)) => opened.allowed_streams(),
            _ => usize::MAX,
        };
        self.places.min(allowed)
    }

    fn free(&self) -> MutexGuard<'_, Vec<Arc<Room>>> {
        // A list of connections is sound at every moment, so that poisoning means nothing.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn is_usable(&self, now: MonoNs) -> bool {
        let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match self.opened.get() {
            // Somebody is opening it.
            None => true,
            Some(Ok(_)) if self.taken.load(Relaxed) == 0 && now.until(left) > IDLE => false,
            Some(Ok(opened)) => opened.still_open(),
            Some(Err(_)) => false,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = match self.room.opened.get() {
            Some(Ok(opened)) => Some(opened.now()),
            _ => None,
        };
        self.rooms.leave(&self.room, now);
    }
}

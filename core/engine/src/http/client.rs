//! A server's idle connections, and the one rule for sending a request twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use super::clock::MonoNs;
use super::connect::Connector;
use super::connection::{Connection, Response};
use super::error::HttpError;
use super::http2::Rooms;
use super::reuse::Habits;

/// Which connections carry more than one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reuse {
    /// All that the server keeps: any request goes over any of them.
    #[default]
    Pooled,
    /// None: each request opens one, and closes it.
    Never,
    /// One that belongs to a conversation, for as long as that lasts: see [`Client::send_on`].
    Sessions,
}

impl Reuse {
    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::Never => "never",
            Self::Sessions => "sticky-user-sessions",
        }
    }
}

/// Sends requests to one server over connections that are kept open.
///
/// Every request in flight has a connection of its own, unless [`Client::sharing`] says otherwise; the most recently used idle one is taken
/// first. There is no limit: the caller decides how much is in flight. Connections are used again
/// once the server has shown that it keeps them: until then one of them waits, idle, as the witness,
/// and every request opens its own.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    pool: Mutex<Pool>,
    reuse: Reuse,
    /// Connections with several streams at once, instead of the pool.
    rooms: Option<Arc<Rooms>>,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Idle>,
    habits: Habits,
}

/// A connection that carries no request now.
#[derive(Debug)]
pub struct Idle {
    connection: Connection,
    since: MonoNs,
}

impl Client {
    /// A client without connections.
    pub fn new(connector: Connector) -> Self {
        Self {
            connector,
            pool: Mutex::default(),
            reuse: Reuse::Pooled,
            rooms: None,
        }
    }

    /// The same client, with up to this many requests in flight on a connection, which speaks HTTP/2.
    #[must_use]
    pub fn sharing(self, streams: usize) -> Self {
        let rooms = (streams > 1).then(|| Rooms::new(streams));
        Self { rooms, ..self }
    }

    /// The same client, with these rules for its connections.
    #[must_use]
    pub fn reusing(self, reuse: Reuse) -> Self {
        Self { reuse, ..self }
    }

    /// A client that believes after `proof` that its server keeps idle connections.
    #[cfg(test)]
    pub(crate) fn with_proof(connector: Connector, proof: std::time::Duration) -> Self {
        let client = Self::new(connector);
        client.pool().habits = Habits::with_proof(proof);
        client
    }

    /// How this client connects.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// `build` makes the request; it is called again if the request has to move to a new connection
    /// because the server had closed an idle one, or refused to look at it ([`HttpError::may_resend`]),
    /// which happens once at most. `observe` sees every connection just before it is used, so that its stamps can be kept
    /// in case the caller gives up on the request.
    ///
    /// # Errors
    /// Those of [`Connector::connect`] and [`Connection::send`].
    pub async fn send(
        &self,
        build: impl Fn() -> Request<Full<Bytes>>,
        observe: impl FnMut(&Connection),
    ) -> Result<Response, HttpError> {
        let idle = match self.reuse {
            Reuse::Pooled if self.rooms.is_none() => self.pool().take(self.connector.now()),
            Reuse::Pooled | Reuse::Never | Reuse::Sessions => None,
        };
        self.send_over(idle, build, observe).await
    }

    /// As [`Client::send`], over a connection of the caller's, or a new one if the server has closed it.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_on(
        &self,
        kept: Option<Idle>,
        build: impl Fn() -> Request<Full<Bytes>>,
        observe: impl FnMut(&Connection),
    ) -> Result<Response, HttpError> {
        let now = self.connector.now();
        let is_due = |idle: &Idle| {
            let limit = Habits::announced_limit(idle.connection.lease());
            limit.is_none_or(|limit| now.until(idle.since) <= limit)
        };
        let kept = kept.filter(is_due);
        let kept = kept.map(|idle| idle.connection);
        let kept = kept.and_then(|mut connection| connection.still_open().then_some(connection));
        self.send_over(kept, build, observe).await
    }

    async fn send_over(
        &self,
        idle: Option<Connection>,
        build: impl Fn() -> Request<Full<Bytes>>,
        mut observe: impl FnMut(&Connection),
    ) -> Result<Response, HttpError> {
        let first = match idle {
            Some(idle) => idle,
            None => self.connect().await?,
        };
        observe(&first);
        let request = build();
        let method = request.method().clone();
        match first.send(request).await {
            Err(error) if error.may_resend(&method) => {
                self.learn(&error);
                let second = self.connect().await?;
                observe(&second);
                second.send(build()).await
            }
            outcome => outcome.inspect_err(|error| self.learn(error)),
        }
    }

    /// A new connection, or a stream of one that others use.
    async fn connect(&self) -> Result<Connection, HttpError> {
        // Boxed: what opening takes is not to lie in the memory of every request in flight.
        match &self.rooms {
            Some(rooms) => Box::pin(rooms.connect(&self.connector)).await,
            None => Box::pin(self.connector.connect()).await,
        }
    }

    /// Takes from an error what it says about the server's treatment of idle connections.
    fn learn(&self, error: &HttpError) {
        if error.is_stale_connection() {
            self.pool().habits.lost_a_request();
        }
    }

    /// Takes the connection of a finished response back, if it can be used again.
    pub fn recycle(&self, response: Response) {
        if self.reuse != Reuse::Pooled || self.rooms.is_some() {
            return;
        }
        if let Some(connection) = response.into_connection() {
            self.pool().keep(connection, self.connector.now());
        }
    }

    /// The connection of a finished response, for the caller to keep.
    pub fn keep(&self, response: Response) -> Option<Idle> {
        let since = self.connector.now();
        let connection = response.into_connection()?;
        Some(Idle { connection, since })
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // A list of connections is sound at every moment, so that poisoning means nothing.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn keep(&mut self, connection: Connection, since: MonoNs) {
        // Before the proof, one witness is enough; a fast server would fill the table of open files.
        let is_wanted = self.habits.keeps() || self.idle.is_empty();
        if is_wanted && self.habits.may_keep() {
            self.idle.push(Idle { connection, since });
        }
    }

    /// The most recently used connection that is open and may still be used.
    fn take(&mut self, now: MonoNs) -> Option<Connection> {
        while let Some(mut idle) = self.idle.pop() {
            let age = now.until(idle.since);
            let is_due = age <= self.habits.idle_limit(idle.connection.lease());
            if !idle.connection.still_open() {
                if is_due {
                    self.habits.seen_closed(age);
                }
                continue;
            }
            self.habits.seen_open(age);
            if !self.habits.keeps() {
                self.keep(idle.connection, idle.since);
                return None;
            }
            if is_due {
                return Some(idle.connection);
            }
        }
        None
    }
}

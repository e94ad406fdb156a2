//! A server's idle connections, and the one rule for sending a request twice.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use super::connect::Connector;
use super::connection::{Connection, Response};
use super::error::HttpError;

/// Sends requests to one server over connections that are kept open.
///
/// Every request in flight has a connection of its own; the most recently used idle one is taken
/// first. There is no limit: the caller decides how much is in flight.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    idle: Mutex<Vec<Connection>>,
    /// Cleared once the server has closed a connection under a request that may not be sent again:
    /// reusing connections would then cost a request now and then (llama.cpp does this).
    reuses: AtomicBool,
}

impl Client {
    /// A client without connections.
    pub fn new(connector: Connector) -> Self {
        Self {
            connector,
            idle: Mutex::new(Vec::new()),
            reuses: AtomicBool::new(true),
        }
    }

    /// How this client connects.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// `build` makes the request; it is called again if the request has to move to a new connection
    /// because the server had closed an idle one ([`HttpError::may_resend`]), which happens once at
    /// most. `observe` sees every connection just before it is used, so that its stamps can be kept
    /// in case the caller gives up on the request.
    ///
    /// # Errors
    /// Those of [`Connector::connect`] and [`Connection::send`].
    pub async fn send(
        &self,
        build: impl Fn() -> Request<Full<Bytes>>,
        mut observe: impl FnMut(&Connection),
    ) -> Result<Response, HttpError> {
        let request = build();
        let method = request.method().clone();
        if let Some(connection) = self.take_idle() {
            observe(&connection);
            match connection.send(request).await {
                Err(error) if error.may_resend(&method) => {}
                Err(error) => {
                    if error.is_stale_connection() {
                        self.reuses.store(false, Relaxed);
                    }
                    return Err(error);
                }
                Ok(response) => return Ok(response),
            }
        }
        let connection = self.connector.connect().await?;
        observe(&connection);
        connection.send(build()).await
    }

    /// Takes the connection of a finished response back, if it can be used again.
    pub fn recycle(&self, response: Response) {
        if !self.reuses.load(Relaxed) {
            return;
        }
        if let Some(connection) = response.into_connection() {
            self.lock().push(connection);
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        if self.reuses.load(Relaxed) {
            self.lock().pop()
        } else {
            None
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A list of connections is sound at every moment, so that poisoning means nothing.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

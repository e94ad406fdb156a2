//! Requests that the client gives up on purpose.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::http::{Clock, MonoNs, Stamps};

use super::pacer::Pacer;

/// How often the first byte is looked for. It is written by the connection, which tells nobody.
const GLANCE: Duration = Duration::from_micros(200);

/// Shows when a request was sent while it is still being carried.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// No earlier write is meant: connections are used again.
    begun: MonoNs,
    stamps: Arc<Mutex<Option<Arc<Stamps>>>>,
}

impl Sent {
    /// Of a request that begins now.
    pub(super) fn new(begun: MonoNs) -> Self {
        Self {
            begun,
            stamps: Arc::default(),
        }
    }

    /// The request goes out on the connection with these stamps.
    pub(super) fn observe(&self, stamps: &Arc<Stamps>) {
        let mut known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(stamps));
    }

    fn at(&self) -> Option<MonoNs> {
        let known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.as_ref()?.first_write()?;
        (at >= self.begun).then_some(at)
    }

    /// Resolves when the request was sent `delay` ago.
    pub(super) async fn past(&self, delay: Duration, pacer: &Pacer, clock: &Clock) {
        let sent = loop {
            match self.at() {
                Some(sent) => break sent,
                None => pacer.until(clock.now().after(GLANCE)).await,
            }
        };
        pacer.until(sent.after(delay)).await;
    }
}

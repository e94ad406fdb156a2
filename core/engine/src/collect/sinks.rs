//! Where readings go: the store, and at once the exporters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::report::ScrapeFailure;

use crate::plugins::Exporters;
use crate::store::{EndpointId, ScrapeInfo, Store};

/// The store and those who watch it grow. Records leave in the order in which they got their ids.
pub(super) struct Sinks {
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) exporters: Arc<Exporters>,
}

impl std::fmt::Debug for Sinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sinks")
    }
}

impl Sinks {
    /// Stores a reading and shows it to the exporters.
    pub(super) fn batch(&self, endpoint: EndpointId, info: &ScrapeInfo, batch: &BatchView<'_>) {
        let mut store = self.lock();
        for record in store.scrape(endpoint, info, batch) {
            self.exporters.scrape(&Arc::new(record));
        }
    }

    /// Stores a failed reading and shows it to the exporters.
    pub(super) fn failure(&self, endpoint: EndpointId, info: &ScrapeInfo, failure: &ScrapeFailure) {
        let mut store = self.lock();
        for record in store.failure(endpoint, info, failure) {
            self.exporters.scrape(&Arc::new(record));
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

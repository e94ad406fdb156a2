//! Where readings go: the store, and at once the exporters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::report::ScrapeFailure;

use super::limits::Limits;
use crate::plugins::Exporters;
use crate::secrets::Secrets;
use crate::store::{EndpointId, EndpointInfo, ScrapeInfo, Store};

/// The store and those who watch it grow. Records leave in the order in which they got their ids.
pub(super) struct Sinks {
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) exporters: Arc<Exporters>,
    /// What names of endpoints and failures must not show.
    pub(super) secrets: Arc<Secrets>,
    /// How much one plugin may bring at once.
    pub(super) limits: Limits,
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
        let failure = self.scrubbed(failure);
        let mut store = self.lock();
        for record in store.failure(endpoint, info, &failure) {
            self.exporters.scrape(&Arc::new(record));
        }
    }

    /// Counts a failed reading that nobody is shown.
    pub(super) fn count_failure(&self, endpoint: EndpointId, failure: &ScrapeFailure) {
        let failure = self.scrubbed(failure);
        self.lock().count_failure(endpoint, &failure);
    }

    fn scrubbed(&self, failure: &ScrapeFailure) -> ScrapeFailure {
        ScrapeFailure {
            message: self.secrets.scrub(&failure.message).into_owned(),
            ..failure.clone()
        }
    }

    /// Adds a source. Its URL and names are shown everywhere.
    pub(super) fn add_endpoint(&self, info: EndpointInfo) -> EndpointId {
        let mut store = self.lock();
        let url = self.name(&store, None, &info.url);
        let display = self.secrets.scrub_name(&info.display).into_owned();
        store.add_endpoint(EndpointInfo {
            url,
            display,
            ..info
        })
    }

    /// The endpoint is at another URL.
    pub(super) fn rename_endpoint(&self, endpoint: EndpointId, url: &str) {
        let mut store = self.lock();
        let url = self.name(&store, Some(endpoint), url);
        store.rename_endpoint(endpoint, &url);
    }

    /// The endpoint is left alone from now on.
    pub(super) fn disable(&self, endpoint: EndpointId, reason: &str) {
        let reason = self.secrets.scrub(reason);
        self.lock().disable(endpoint, &reason);
    }

    /// The URL as it is shown. Endpoints that differ in a secret only are numbered, with a fragment
    /// that no request has.
    fn name(&self, store: &Store, own: Option<EndpointId>, url: &str) -> String {
        let shown = self.secrets.scrub_name(url).into_owned();
        if shown == url {
            return shown;
        }
        let others = store.endpoints().filter(|view| Some(view.id) != own);
        let taken: Vec<_> = others.map(|view| view.info().url.clone()).collect();
        let numbered = (2..).map(|n| format!("{shown}#{n}"));
        let mut names = std::iter::once(shown.clone()).chain(numbered);
        let free = names.find(|name| !taken.contains(name));
        free.unwrap_or(shown)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Which endpoints are believed without a check of their certificates.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// URLs of endpoints whose certificates are not checked. Clones share the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Unverified(Arc<Mutex<BTreeSet<String>>>);

impl Unverified {
    pub(super) fn add(&self, url: &str) {
        let mut urls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        urls.insert(url.to_owned());
    }

    pub(super) fn urls(&self) -> Vec<String> {
        let urls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        urls.iter().cloned().collect()
    }
}

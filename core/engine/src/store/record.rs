//! What is known of a source beside its pages, so that a recorded run can be put together again.

use aiperf_plugin_sdk::report::{ParseNote, ScrapeCounts, ScrapeFailure};
use serde::{Deserialize, Serialize};

use super::{EndpointCounts, EndpointId, EndpointInfo, EndpointView, Store, TypeChange};

/// A source without its pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointRecord {
    /// What it was added with; its URL is the last one that it was read from.
    pub info: EndpointInfo,
    /// Scrapes by outcome.
    pub scrapes: ScrapeCounts,
    /// What its pages had that is in no series.
    pub counts: EndpointCounts,
    /// The first lines that no parser could read.
    pub notes: Vec<ParseNote>,
    /// Families that changed their type.
    pub type_changes: Vec<TypeChange>,
    /// First failure.
    pub first_error: Option<ScrapeFailure>,
    /// Last failure.
    pub last_error: Option<ScrapeFailure>,
    /// Why it was left alone.
    pub disabled: Option<String>,
}

impl EndpointView<'_> {
    /// Everything but its pages.
    pub fn record(&self) -> EndpointRecord {
        let (first_error, last_error) = self.failures();
        EndpointRecord {
            info: self.info().clone(),
            scrapes: self.scrape_counts(),
            counts: self.counts(),
            notes: self.notes().to_vec(),
            type_changes: self.type_changes().to_vec(),
            first_error: first_error.cloned(),
            last_error: last_error.cloned(),
            disabled: self.disabled().map(str::to_owned),
        }
    }
}

impl Store {
    /// Replaces what is known of a source beside its pages, when the pages of a recorded run have
    /// been taken over again.
    pub fn recall(&mut self, id: EndpointId, record: EndpointRecord) {
        let endpoint = &mut self.endpoints[id.0 as usize];
        endpoint.info = record.info;
        endpoint.scrape_counts = record.scrapes;
        endpoint.counts = record.counts;
        endpoint.notes = record.notes;
        endpoint.type_changes = record.type_changes;
        endpoint.first_error = record.first_error;
        endpoint.last_error = record.last_error;
        endpoint.disabled = record.disabled;
    }
}

//! What the sources said: series with stable ids, their samples, and the flat keys made from them.
//!
//! A page goes in as a [`BatchView`](aiperf_plugin_sdk::batch::BatchView), one
//! [`ScrapeRecord`](aiperf_plugin_sdk::view::ScrapeRecord) per server comes out, and the samples
//! stay for the report. A page whose series are known allocates nothing per sample: each costs one
//! byte comparison with the series that stood at its place on the page before, or one hash.
//!
//! * Scalar series keep all samples, histograms and summaries the values of all their parts: exact,
//!   and compressed (most series of a real page stand still). See [`log`].
//! * A reset of one part of a histogram is a reset of all.
//!
//! Nothing here reads a clock or does IO. The rules for keys and servers are in `docs/metrics.md`.

mod admit;
mod catalog;
mod encode;
mod endpoint;
mod family;
mod fold;
mod group;
mod increase;
mod ingest;
mod interval;
mod keys;
mod log;
mod memory;
mod naming;
mod options;
mod own;
mod pattern;
mod read;
mod record;
mod records;
mod series;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod view;

pub use endpoint::{EndpointCounts, Scrape};
pub use fold::{CounterPast, CounterSpread, Folded, GaugePast, QuantilePast};
pub use interval::{Interval, Intervals};
pub use naming::{KeyNames, collector_id, display_of, flat_key, sanitize};
pub use options::{EndpointId, EndpointInfo, Families, ScrapeInfo, StoreOptions};
pub use pattern::Pattern;
pub use read::{EndpointView, FamilyView, ServerView};
pub use record::EndpointRecord;
pub use series::Role;
pub use types::TypeChange;
pub use view::{GroupView, PartTotal, SeriesRef};

use aiperf_plugin_sdk::report::ScrapeCounts;

use catalog::Catalog;
use endpoint::Endpoint;
use memory::Memory;
use own::Own;

/// Everything collected in a run. See the [module](self).
#[derive(Debug)]
pub struct Store {
    options: StoreOptions,
    endpoints: Vec<Endpoint>,
    /// What is known of their readings, by the same rows.
    own: Vec<Own>,
    catalog: Catalog,
    memory: Memory,
}

impl Store {
    /// An empty store.
    pub fn new(options: StoreOptions) -> Self {
        Self {
            memory: Memory::new(options.memory_limit),
            options,
            endpoints: Vec::new(),
            own: Vec::new(),
            catalog: Catalog::default(),
        }
    }

    /// Adds a source. Ids count from 0 in the order of the calls.
    pub fn add_endpoint(&mut self, info: EndpointInfo) -> EndpointId {
        let id = EndpointId(index(self.endpoints.len()));
        self.own.push(Own::of(&info));
        self.endpoints.push(Endpoint::new(info));
        id
    }

    /// Scrapes by outcome. [`Store::scrape`] and [`Store::failure`] count `done` and `failed`; the
    /// schedule counts the rest.
    pub fn endpoint_counts_mut(&mut self, id: EndpointId) -> &mut ScrapeCounts {
        &mut self.endpoints[id.0 as usize].scrape_counts
    }

    /// A source is read from another URL now; its id and its servers stay.
    pub fn rename_endpoint(&mut self, id: EndpointId, url: &str) {
        let info = &mut self.endpoints[id.0 as usize].info;
        url.clone_into(&mut info.url);
        info.display = display_of(url);
    }

    /// Says why a source is left alone for the rest of the run.
    pub fn disable(&mut self, id: EndpointId, reason: &str) {
        self.endpoints[id.0 as usize].disabled = Some(reason.to_owned());
    }

    /// Bytes that series and samples take, as counted against [`StoreOptions::memory_limit`].
    pub fn memory_used(&self) -> usize {
        self.memory.used()
    }

    /// Series beyond this are not kept.
    pub(crate) fn max_series(&self) -> usize {
        self.options.max_series
    }

    /// Number of series of all sources.
    pub fn series_count(&self) -> usize {
        self.catalog.series.len()
    }
}

/// Row number as an id.
#[expect(
    clippy::cast_possible_truncation,
    reason = "max_series and memory bound all tables"
)]
fn index(len: usize) -> u32 {
    len as u32
}

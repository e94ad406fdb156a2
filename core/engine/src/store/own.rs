//! What the tool itself knows of its readings of an endpoint: series like those of a page, under the
//! names that Prometheus gives them. See `docs/metrics.md#scrape-metrics`.

use aiperf_plugin_sdk::batch::Batch;
use aiperf_plugin_sdk::view::ScrapeFacts;

use super::catalog::Catalog;
use super::endpoint::{Endpoint, latency_ns};
use super::ingest::Ingest;
use super::memory::Memory;
use super::{EndpointId, EndpointInfo, EndpointView, Families, ScrapeInfo, StoreOptions};

/// Series of the readings of one endpoint. They have tables of their own: no exporter has to know
/// their ids, and a page may have families of the same names.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) endpoint: Endpoint,
    pub(super) catalog: Catalog,
    batch: Batch,
}

impl Own {
    pub(super) fn of(info: &EndpointInfo) -> Self {
        let info = EndpointInfo {
            families: Some(Families::default()),
            ..info.clone()
        };
        Self {
            endpoint: Endpoint::new(info),
            catalog: Catalog::default(),
            batch: Batch::new(),
        }
    }

    /// Takes a reading over, whether it was answered or not.
    pub(super) fn observe(
        &mut self,
        at: EndpointId,
        options: &StoreOptions,
        memory: &mut Memory,
        info: &ScrapeInfo,
        facts: ScrapeFacts,
    ) {
        self.batch.clear();
        let mut gauge = |name, value| self.batch.gauge(name, &[], value);
        gauge("up", f64::from(u8::from(facts.up)));
        gauge(
            "scrape_duration_seconds",
            latency_ns(&info.clock) as f64 / 1e9,
        );
        gauge("scrape_samples_scraped", facts.samples as f64);
        if let Some(bytes) = facts.body_bytes {
            gauge("scrape_body_size_bytes", bytes as f64);
        }
        let Self {
            endpoint,
            catalog,
            batch,
        } = self;
        let read = batch.read(&[], |page| {
            Ingest::new(options, memory, catalog, endpoint, at.0, info, page).take(page);
        });
        read.expect("a batch that was just built points into itself only");
        for server in &mut catalog.servers {
            server.answered = true;
        }
    }

    pub(super) fn view(&self, id: EndpointId) -> EndpointView<'_> {
        EndpointView::over(id, &self.endpoint, &self.catalog)
    }
}

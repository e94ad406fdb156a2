//! A page goes out: one record for each of its servers.

use aiperf_plugin_sdk::view::{ScrapeMeta, ScrapeRecord};

use super::ScrapeInfo;
use super::catalog::Catalog;
use super::endpoint::latency_ns;
use super::ingest::Ingest;

/// When and of what a record is.
pub(super) fn meta(endpoint: u32, info: &ScrapeInfo, server: u32) -> ScrapeMeta {
    ScrapeMeta {
        server,
        endpoint,
        page: None,
        servers: 0,
        phase: info.phase_name.clone(),
        barrier: info.barrier,
        timestamp_ns: info.clock.sent.wall_ns,
        mono_ns: info.clock.sent.mono_ns,
        latency_ns: latency_ns(&info.clock),
        error: None,
        facts: None,
    }
}

impl Ingest<'_> {
    /// The records of the page, in the order of the servers.
    pub(super) fn records(&mut self, info: &ScrapeInfo) -> Vec<ScrapeRecord> {
        // An answer that says nothing is an answer: it must not go unrecorded.
        if self.endpoint.servers.is_empty() {
            self.catalog
                .add_default_server(self.endpoint, self.at, self.scrape);
        }
        let mut schema = self.catalog.delta(self.endpoint);
        let empty = self.rows.is_empty();
        let rows = self.rows_by_server();
        let mut records = Vec::with_capacity(rows.len());
        for (server, series) in self.endpoint.servers.iter().zip(rows) {
            if series.is_empty() && !empty {
                continue;
            }
            self.catalog.servers[*server as usize].answered |= !series.is_empty();
            let mut record = self.record(*server, series);
            record.meta = ScrapeMeta {
                page: Some(self.scrape),
                ..meta(self.at, info, *server)
            };
            record.schema = std::mem::take(&mut schema);
            records.push(record);
        }
        let servers = super::index(records.len());
        for record in &mut records {
            record.meta.servers = servers;
        }
        records
    }

    /// The page's series, by position of their server in the endpoint.
    fn rows_by_server(&mut self) -> Vec<Vec<u32>> {
        let servers = &self.endpoint.servers;
        if servers.len() == 1 {
            return vec![std::mem::take(&mut self.rows)];
        }
        let mut rows = vec![Vec::new(); servers.len()];
        for id in &self.rows {
            let server = self.catalog.series[*id as usize].server;
            if let Ok(position) = servers.binary_search(&server) {
                rows[position].push(*id);
            }
        }
        rows
    }

    fn record(&self, server: u32, series: Vec<u32>) -> ScrapeRecord {
        let Catalog {
            servers,
            keys,
            series: all,
            ..
        } = &*self.catalog;
        let values = series.iter().map(|id| all[*id as usize].latest).collect();
        let finite =
            |key: &u32| Some((*key, keys[*key as usize].value(self.catalog, self.scrape)?));
        let (keys, key_values) = servers[server as usize]
            .keys
            .iter()
            .filter_map(finite)
            .unzip();
        ScrapeRecord {
            series,
            values,
            keys,
            key_values,
            ..ScrapeRecord::default()
        }
    }
}

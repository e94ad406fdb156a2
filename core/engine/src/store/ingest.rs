//! A page comes in.

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::view::{ScrapeFacts, ScrapeMeta, ScrapeRecord};

use super::catalog::Catalog;
use super::endpoint::{Endpoint, Scrape};
use super::memory::Memory;
use super::records::meta;
use super::series::{Data, NEVER};
use super::server::Identity;
use super::table::Entry;
use super::{EndpointId, ScrapeInfo, Store, StoreOptions, encode, keys};

impl Store {
    /// Takes a page over. Returns one record per server on it, in the order of the servers; the
    /// first one explains the ids that are new in any of them.
    ///
    /// O(samples). Allocates per page, and per sample only for series not seen before.
    pub fn scrape(
        &mut self,
        id: EndpointId,
        info: &ScrapeInfo,
        page: &BatchView<'_>,
    ) -> Vec<ScrapeRecord> {
        let facts = ScrapeFacts {
            up: true,
            samples: info.samples.unwrap_or(page.len() as u64),
            body_bytes: info.body_bytes,
        };
        let facts = self.observe(id, info, facts);
        let endpoint = &mut self.endpoints[id.0 as usize];
        let (options, memory) = (&self.options, &mut self.memory);
        let catalog = &mut self.catalog;
        let mut ingest = Ingest::new(options, memory, catalog, endpoint, id.0, info, page);
        ingest.take(page);
        let mut records = ingest.records(info);
        for record in &mut records {
            record.meta.facts = facts;
        }
        self.relieve(id);
        records
    }

    /// Keeps what is known of a reading, if that is wanted, and gives it back.
    fn observe(
        &mut self,
        id: EndpointId,
        info: &ScrapeInfo,
        facts: ScrapeFacts,
    ) -> Option<ScrapeFacts> {
        let (options, memory) = (&self.options, &mut self.memory);
        options.scrape_metrics.then(|| {
            self.own[id.0 as usize].observe(id, options, memory, info, facts);
            facts
        })
    }

    /// Counts a failure of which no record is made: there are too many.
    pub fn count_failure(&mut self, id: EndpointId, failure: &ScrapeFailure) {
        self.endpoints[id.0 as usize].failed(failure);
    }

    /// Takes a failure over. Returns one record per server of the endpoint; none for an automatic
    /// endpoint that never answered.
    pub fn failure(
        &mut self,
        id: EndpointId,
        info: &ScrapeInfo,
        failure: &ScrapeFailure,
    ) -> Vec<ScrapeRecord> {
        let endpoint = &mut self.endpoints[id.0 as usize];
        endpoint.failed(failure);
        if endpoint.servers.is_empty() {
            if endpoint.info.automatic {
                return Vec::new();
            }
            self.catalog.add_default_server(endpoint, id.0, NEVER);
        }
        let facts = ScrapeFacts {
            up: false,
            samples: 0,
            body_bytes: info.body_bytes,
        };
        let facts = self.observe(id, info, facts);
        self.relieve(id);
        let endpoint = &mut self.endpoints[id.0 as usize];
        let mut schema = self.catalog.delta(endpoint);
        let record = |server: &u32| ScrapeRecord {
            meta: ScrapeMeta {
                error: Some(failure.clone()),
                facts,
                ..meta(id.0, info, *server)
            },
            schema: std::mem::take(&mut schema),
            ..ScrapeRecord::default()
        };
        let answered = |row: &&u32| self.catalog.servers[**row as usize].answered;
        let any = endpoint.servers.iter().any(|row| answered(&row));
        endpoint
            .servers
            .iter()
            .filter(|row| !any || answered(row))
            .map(record)
            .collect()
    }
}

/// One page on its way in.
pub(super) struct Ingest<'a> {
    pub(super) options: &'a StoreOptions,
    pub(super) memory: &'a mut Memory,
    pub(super) catalog: &'a mut Catalog,
    pub(super) endpoint: &'a mut Endpoint,
    /// Row of the endpoint.
    pub(super) at: u32,
    pub(super) scrape: u32,
    /// A phase starts from it.
    starts: bool,
    /// Series on the page, each once.
    pub(super) rows: Vec<u32>,
    /// Those of them that are new.
    pub(super) fresh: Vec<u32>,
    pub(super) over_limit: u64,
    pub(super) over_memory: u64,
}

impl<'a> Ingest<'a> {
    /// Counts a page of `endpoint`, which has row `at`.
    pub(super) fn new(
        options: &'a StoreOptions,
        memory: &'a mut Memory,
        catalog: &'a mut Catalog,
        endpoint: &'a mut Endpoint,
        at: u32,
        info: &ScrapeInfo,
        page: &BatchView<'_>,
    ) -> Self {
        let (scrape, starts) = endpoint.answered(info, page);
        memory.change(0, size_of::<Scrape>());
        Self {
            options,
            memory,
            catalog,
            endpoint,
            at,
            scrape,
            starts,
            rows: Vec::with_capacity(page.len()),
            fresh: Vec::new(),
            over_limit: 0,
            over_memory: 0,
        }
    }

    /// Takes the page over.
    pub(super) fn take(&mut self, page: &BatchView<'_>) {
        self.identify(page);
        self.read(page);
        self.commit();
    }
}

impl Ingest<'_> {
    /// Decides, by the first page that has samples which the user wants, how servers are told
    /// apart.
    fn identify(&mut self, page: &BatchView<'_>) {
        if self.endpoint.identity.is_some() {
            return;
        }
        let Some(identity) = Identity::of(page, self.families(), &self.options.server_label) else {
            return;
        };
        // A failure before the first answer has already made the default server.
        if let (false, Some(known)) = (identity.split, self.endpoint.servers.first()) {
            let server = &mut self.catalog.servers[*known as usize];
            server.describe_by(&identity);
            server.override_by(&self.endpoint.info.labels);
        }
        self.endpoint.identity = Some(identity);
    }

    fn read(&mut self, page: &BatchView<'_>) {
        let mut key = Vec::new();
        for row in 0..page.len() {
            let sample = page
                .sample(row)
                .filter(|sample| encode::sample(sample, &mut key));
            let Some(sample) = sample else {
                self.endpoint.counts.malformed += 1;
                continue;
            };
            match self.endpoint.table.find(row, &key) {
                Some(entry) => self.put(entry, sample.value),
                None => self.meet(page, &sample, &key),
            }
        }
        let most = &mut self.endpoint.counts.over_limit;
        *most = self.over_limit.max(*most);
        let most = &mut self.endpoint.counts.over_memory;
        *most = self.over_memory.max(*most);
    }

    pub(super) fn put(&mut self, entry: Entry, value: f64) {
        let id = match entry {
            Entry::Series(id) => id,
            Entry::Filtered => return self.endpoint.counts.filtered += 1,
            Entry::NotUtf8 => return self.endpoint.counts.not_utf8 += 1,
        };
        let series = &mut self.catalog.series[id as usize];
        if series.latest_scrape == self.scrape {
            self.endpoint.counts.duplicates += 1;
        } else {
            self.rows.push(id);
        }
        series.latest = value;
        series.latest_scrape = self.scrape;
    }

    /// Stores the page's values.
    fn commit(&mut self) {
        let (scrape, starts) = (self.scrape, self.starts);
        let Catalog {
            series,
            groups,
            families,
            ..
        } = &mut *self.catalog;
        let mut touched = Vec::new();
        for id in &self.rows {
            let series = &mut series[*id as usize];
            if starts {
                (series.base, series.base_scrape) = (series.latest, scrape);
            }
            match &mut series.data {
                Data::Scalar { samples, .. } => {
                    let before = samples.heap_bytes();
                    let known = families[series.family as usize].known;
                    samples.push(scrape, known.reading(series.latest));
                    self.memory.change(before, samples.heap_bytes());
                }
                Data::Part { group } if groups[*group as usize].scrape != scrape => {
                    groups[*group as usize].scrape = scrape;
                    touched.push(*group);
                }
                Data::Part { .. } | Data::Latest => {}
            }
        }
        let mut slots = Vec::new();
        for group in touched {
            let group = &mut groups[group as usize];
            let before = group.heap_bytes();
            group.advance(scrape, series, &mut slots);
            self.memory.change(before, group.heap_bytes());
        }
        if !self.fresh.is_empty() {
            keys::assign(self.catalog, self.endpoint, &self.fresh);
        }
    }
}

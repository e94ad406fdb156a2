//! A source and its scrapes.

use std::collections::HashMap;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::report::{ParseNote, ScrapeCounts, ScrapeFailure};
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};
use aiperf_plugin_sdk::view::Barrier;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::series::NEVER;
use super::server::Identity;
use super::table::SeriesTable;
use super::types::{TypeChange, Types};
use super::{EndpointInfo, ScrapeInfo};

/// Lines kept with their reason.
const MAX_NOTES: usize = 20;

/// A scrape that was answered with metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scrape {
    /// Its number: answered scrapes of the endpoint count from 0.
    pub page: u32,
    /// When it was sent. Samples have this time.
    pub sent: Instant2,
    /// Index of the phase.
    pub phase: Option<u32>,
    /// Where it stands in the phase.
    pub barrier: Barrier,
}

/// What an endpoint's pages had that is in no series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointCounts {
    /// Samples that stood twice on a page; the last one won.
    pub duplicates: u64,
    /// Samples with a name or label that is not UTF-8.
    pub not_utf8: u64,
    /// Samples whose texts lie outside the page.
    pub malformed: u64,
    /// Samples of families that the user does not want.
    pub filtered: u64,
    /// Most samples of one page that were dropped because of `max_series`.
    pub over_limit: u64,
    /// Most samples of one page that were dropped because memory was full.
    pub over_memory: u64,
    /// Lines that no parser could read.
    pub parse_errors: u64,
}

/// A source. Its id is its row in the store.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) info: EndpointInfo,
    pub(super) scrape_counts: ScrapeCounts,
    pub(super) counts: EndpointCounts,
    /// Those that are not folded, and barriers of the phase, by number.
    pub(super) scrapes: Vec<Scrape>,
    /// Number of the next one.
    pub(super) next_scrape: u32,
    pub(super) folded: Option<Folded>,
    pub(super) table: SeriesTable,
    pub(super) identity: Option<Identity>,
    pub(super) servers: Vec<u32>,
    pub(super) series: Vec<u32>,
    pub(super) groups: Vec<u32>,
    /// Groups by server, family and labels.
    pub(super) group_of: HashMap<Box<[u8]>, u32>,
    /// The last start page, or [`NEVER`].
    pub(super) base_scrape: u32,
    pub(super) latency_sum_ns: i64,
    pub(super) latency_max_ns: i64,
    pub(super) first_error: Option<ScrapeFailure>,
    pub(super) last_error: Option<ScrapeFailure>,
    pub(super) notes: Vec<ParseNote>,
    pub(super) types: Types,
    pub(super) type_changes: Vec<TypeChange>,
    pub(super) disabled: Option<String>,
}

impl Endpoint {
    pub(super) fn new(info: EndpointInfo) -> Self {
        Self {
            info,
            scrape_counts: ScrapeCounts::default(),
            counts: EndpointCounts::default(),
            scrapes: Vec::new(),
            next_scrape: 0,
            folded: None,
            table: SeriesTable::default(),
            identity: None,
            servers: Vec::new(),
            series: Vec::new(),
            groups: Vec::new(),
            group_of: HashMap::new(),
            base_scrape: NEVER,
            latency_sum_ns: 0,
            latency_max_ns: 0,
            first_error: None,
            last_error: None,
            notes: Vec::new(),
            types: Types::default(),
            type_changes: Vec::new(),
            disabled: None,
        }
    }

    /// Counts an answered scrape. Returns its number, and whether a phase starts from it.
    pub(super) fn answered(&mut self, info: &ScrapeInfo, page: &BatchView<'_>) -> (u32, bool) {
        let scrape = self.next_scrape;
        self.next_scrape += 1;
        let starts = info.phase.is_some()
            && (info.barrier == Barrier::Start
                || self
                    .scrapes
                    .last()
                    .is_none_or(|last| last.phase != info.phase));
        let (sent, phase, barrier) = (info.clock.sent, info.phase, info.barrier);
        self.scrapes.push(Scrape {
            page: scrape,
            sent,
            phase,
            barrier,
        });
        self.scrape_counts.done += 1;
        let latency = latency_ns(&info.clock);
        self.latency_sum_ns = self.latency_sum_ns.saturating_add(latency);
        self.latency_max_ns = self.latency_max_ns.max(latency);
        if starts {
            self.base_scrape = scrape;
        }
        self.note(page);
        self.types.look(page, &mut self.type_changes);
        (scrape, starts)
    }

    fn note(&mut self, page: &BatchView<'_>) {
        self.counts.parse_errors += page.diagnostic_count() as u64;
        if self.notes.len() >= MAX_NOTES || page.diagnostic_count() == 0 {
            return;
        }
        for (line, reason) in page.diagnostics() {
            let note = ParseNote { line, reason };
            if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// Counts a scrape that failed.
    pub(super) fn failed(&mut self, failure: &ScrapeFailure) {
        self.scrape_counts.failed += 1;
        self.first_error.get_or_insert_with(|| failure.clone());
        self.last_error = Some(failure.clone());
    }
}

/// From the request to the last byte of the answer.
pub(super) fn latency_ns(clock: &PayloadClock) -> i64 {
    clock.complete_ns.saturating_sub(clock.sent.mono_ns).max(0)
}

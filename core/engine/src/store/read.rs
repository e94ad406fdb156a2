//! What the store knows, for the settle rule and the report.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{ParseNote, ScrapeCounts, ScrapeFailure, ServerMetadata};

use super::catalog::Catalog;
use super::endpoint::{Endpoint, EndpointCounts, Scrape};
use super::family::Family;
use super::fold::{CounterSpread, Folded};
use super::series::NEVER;
use super::types::TypeChange;
use super::view::{GroupView, SeriesRef};
use super::{EndpointId, EndpointInfo, Store};
use crate::knowledge::KnownFamily;

impl Store {
    /// The endpoints, in the order of adding.
    pub fn endpoints(&self) -> impl Iterator<Item = EndpointView<'_>> {
        (0..super::index(self.endpoints.len())).map(|row| self.endpoint(EndpointId(row)))
    }

    /// One endpoint.
    pub fn endpoint(&self, id: EndpointId) -> EndpointView<'_> {
        EndpointView {
            id,
            endpoint: &self.endpoints[id.0 as usize],
            catalog: &self.catalog,
        }
    }

    /// What is known of the endpoint's readings, failed ones among them, as if it were another endpoint.
    pub fn own(&self, id: EndpointId) -> EndpointView<'_> {
        self.own[id.0 as usize].view(id)
    }

    /// Series on the endpoint's last page: what each is, its value, and its value on the last
    /// start page (`None` if it was not there: then it counts from 0).
    pub fn latest(
        &self,
        id: EndpointId,
    ) -> impl Iterator<Item = (SeriesRef<'_>, f64, Option<f64>)> {
        let endpoint = &self.endpoints[id.0 as usize];
        let catalog = &self.catalog;
        let last = endpoint.next_scrape.wrapping_sub(1);
        let base = endpoint.base_scrape;
        let series = endpoint
            .series
            .iter()
            .map(|id| &catalog.series[*id as usize]);
        series
            .filter(move |series| series.latest_scrape == last)
            .map(move |series| {
                let known = base != NEVER && series.base_scrape == base;
                let before = known.then_some(series.base);
                (
                    SeriesRef {
                        series,
                        endpoint,
                        catalog,
                    },
                    series.latest,
                    before,
                )
            })
    }
}

/// A source and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct EndpointView<'a> {
    /// Its id.
    pub id: EndpointId,
    endpoint: &'a Endpoint,
    catalog: &'a Catalog,
}

impl<'a> EndpointView<'a> {
    pub(super) fn over(id: EndpointId, endpoint: &'a Endpoint, catalog: &'a Catalog) -> Self {
        Self {
            id,
            endpoint,
            catalog,
        }
    }

    /// What it was added with.
    pub fn info(&self) -> &'a EndpointInfo {
        &self.endpoint.info
    }

    /// Scrapes by outcome.
    pub fn scrape_counts(&self) -> ScrapeCounts {
        self.endpoint.scrape_counts
    }

    /// What its pages had that is in no series.
    pub fn counts(&self) -> EndpointCounts {
        self.endpoint.counts
    }

    /// Answered scrapes that are not folded, and barriers of the phase; by rising number.
    pub fn scrapes(&self) -> &'a [Scrape] {
        &self.endpoint.scrapes
    }

    /// True if it answered at least once, if only for its collector's other sources.
    pub fn is_reached(&self) -> bool {
        self.endpoint.scrape_counts.done > 0 || self.endpoint.next_scrape > 0
    }

    /// Number of answered scrapes, folded ones among them.
    pub fn pages(&self) -> u32 {
        self.endpoint.next_scrape
    }

    /// What was folded because memory was short.
    pub fn folded(&self) -> Option<Folded> {
        self.endpoint.folded
    }

    /// Mean and largest latency of answered scrapes in nanoseconds.
    pub fn latency_ns(&self) -> Option<(f64, i64)> {
        let done = self.endpoint.next_scrape;
        let mean = self.endpoint.latency_sum_ns as f64 / f64::from(done);
        (done > 0).then_some((mean, self.endpoint.latency_max_ns))
    }

    /// First and last failure.
    pub fn failures(&self) -> (Option<&'a ScrapeFailure>, Option<&'a ScrapeFailure>) {
        (
            self.endpoint.first_error.as_ref(),
            self.endpoint.last_error.as_ref(),
        )
    }

    /// The first lines that no parser could read.
    pub fn notes(&self) -> &'a [ParseNote] {
        &self.endpoint.notes
    }

    /// Families that changed their type.
    pub fn type_changes(&self) -> &'a [TypeChange] {
        &self.endpoint.type_changes
    }

    /// Why it was left alone.
    pub fn disabled(&self) -> Option<&'a str> {
        self.endpoint.disabled.as_deref()
    }

    /// Servers that had samples.
    pub fn servers(&self) -> impl Iterator<Item = ServerView<'a>> + use<'a> {
        let Self {
            endpoint, catalog, ..
        } = *self;
        let rows = endpoint.servers.iter().copied();
        rows.filter(|row| catalog.servers[*row as usize].answered)
            .map(move |row| ServerView {
                row,
                endpoint,
                catalog,
            })
    }
}

/// A server behind an endpoint.
#[derive(Debug, Clone, Copy)]
pub struct ServerView<'a> {
    row: u32,
    endpoint: &'a Endpoint,
    catalog: &'a Catalog,
}

impl<'a> ServerView<'a> {
    /// Unique within the run.
    pub fn id(&self) -> &'a str {
        &self.catalog.servers[self.row as usize].id
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &'a ServerMetadata {
        &self.catalog.servers[self.row as usize].metadata
    }

    /// Its families, by name.
    pub fn families(&self) -> Vec<FamilyView<'a>> {
        let Self {
            row,
            endpoint,
            catalog,
        } = *self;
        let rows = catalog.servers[row as usize].families.values();
        let view = |id: &u32| FamilyView {
            family: &catalog.families[*id as usize],
            endpoint,
            catalog,
        };
        let mut families: Vec<_> = rows.map(view).collect();
        families.sort_by_key(FamilyView::name);
        families
    }
}

/// A family of one server.
#[derive(Debug, Clone, Copy)]
pub struct FamilyView<'a> {
    family: &'a Family,
    endpoint: &'a Endpoint,
    catalog: &'a Catalog,
}

impl<'a> FamilyView<'a> {
    /// Name, as the page declares it.
    pub fn name(&self) -> &'a str {
        &self.family.name
    }

    /// Name in keys: without `_total` if it is a counter.
    pub fn key(&self) -> &'a str {
        super::naming::base(self.family.kind, &self.family.name)
    }

    /// Type.
    pub fn kind(&self) -> MetricKind {
        self.family.kind
    }

    /// Help text, empty if none.
    pub fn help(&self) -> &'a str {
        &self.family.help
    }

    /// Unit that the page declares, empty if none.
    pub fn unit(&self) -> &'a str {
        &self.family.unit
    }

    /// What its page does not say.
    pub fn known(&self) -> KnownFamily {
        self.family.known
    }

    fn series(&self, ids: &'a [u32]) -> Vec<SeriesRef<'a>> {
        let Self {
            endpoint, catalog, ..
        } = *self;
        let view = |id: &u32| SeriesRef {
            series: &catalog.series[*id as usize],
            endpoint,
            catalog,
        };
        let mut series: Vec<_> = ids.iter().map(view).collect();
        series.sort_by_cached_key(SeriesRef::labels);
        series
    }

    /// Series with a value of their own, by label.
    pub fn scalars(&self) -> Vec<SeriesRef<'a>> {
        self.series(&self.family.scalars)
    }

    /// What was folded of the sum of its counters in a phase; `None` as long as there was only one.
    pub fn sum_past(&self, phase: u32) -> Option<&'a CounterSpread> {
        let past = self.family.past.as_ref();
        let past = past.filter(|past| past.phase == phase)?;
        Some(&past.spread)
    }

    /// Info and stateset series, by label.
    pub fn facts(&self) -> Vec<SeriesRef<'a>> {
        self.series(&self.family.facts)
    }

    /// Histograms or summaries, by label.
    pub fn groups(&self) -> Vec<GroupView<'a>> {
        let Self {
            endpoint, catalog, ..
        } = *self;
        let view = |id: &u32| GroupView {
            row: *id,
            endpoint,
            catalog,
        };
        let mut groups: Vec<_> = self.family.groups.iter().map(view).collect();
        groups.sort_by_cached_key(GroupView::labels);
        groups
    }
}

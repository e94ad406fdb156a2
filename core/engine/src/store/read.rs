//! What the store knows, for the settle rule and the report.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{ParseNote, ScrapeCounts, ScrapeFailure, ServerMetadata};

use super::catalog::Catalog;
use super::endpoint::{Endpoint, EndpointCounts, Scrape};
use super::family::Family;
use super::series::{Data, NEVER, Role, Series};
use super::{EndpointId, EndpointInfo, Store, encode};

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

    /// Series on the endpoint's last page: what each is, its value, and its value on the last
    /// start page (`None` if it was not there: then it counts from 0).
    pub fn latest(
        &self,
        id: EndpointId,
    ) -> impl Iterator<Item = (SeriesRef<'_>, f64, Option<f64>)> {
        let endpoint = &self.endpoints[id.0 as usize];
        let catalog = &self.catalog;
        let last = super::index(endpoint.scrapes.len()).wrapping_sub(1);
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

    /// Answered scrapes; their position is their number.
    pub fn scrapes(&self) -> &'a [Scrape] {
        &self.endpoint.scrapes
    }

    /// Mean and largest latency of answered scrapes in nanoseconds.
    pub fn latency_ns(&self) -> Option<(f64, i64)> {
        let done = self.endpoint.scrapes.len();
        let mean = self.endpoint.latency_sum_ns as f64 / done as f64;
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

/// A series.
#[derive(Debug, Clone, Copy)]
pub struct SeriesRef<'a> {
    series: &'a Series,
    endpoint: &'a Endpoint,
    catalog: &'a Catalog,
}

impl<'a> SeriesRef<'a> {
    /// Identifies the series within its endpoint for the whole run.
    pub fn row(&self) -> u32 {
        self.series.key
    }

    /// Name as the server writes it, with suffix.
    pub fn name(&self) -> &'a str {
        encode::name(self.endpoint.table.key(self.series.key))
    }

    /// Name of its family.
    pub fn family(&self) -> &'a str {
        &self.catalog.families[self.series.family as usize].name
    }

    /// Type of its family.
    pub fn kind(&self) -> MetricKind {
        self.catalog.families[self.series.family as usize].kind
    }

    /// What it is to its family.
    pub fn role(&self) -> Role {
        self.series.role
    }

    /// Id of its server, unique within the run.
    pub fn server(&self) -> &'a str {
        &self.catalog.servers[self.series.server as usize].id
    }

    /// Its labels, sorted by name, without those that say what its server's metadata says.
    pub fn labels(&self) -> Vec<(&'a str, &'a str)> {
        self.catalog.labels(self.endpoint, self.series).collect()
    }

    /// Its latest value.
    pub fn latest(&self) -> f64 {
        self.series.latest
    }

    /// Number and value of its samples on the scrapes `first..=last`. Empty unless scalar.
    pub fn samples(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, f64)> + use<'a> {
        let samples = match &self.series.data {
            Data::Scalar(samples) => Some(samples),
            Data::Part { .. } | Data::Latest => None,
        };
        samples
            .into_iter()
            .flat_map(move |samples| samples.between(first, last))
    }

    /// Its last sample not after a scrape.
    pub fn at_or_before(&self, scrape: u32) -> Option<(u32, f64)> {
        match &self.series.data {
            Data::Scalar(samples) => samples.at_or_before(scrape),
            Data::Part { .. } | Data::Latest => None,
        }
    }
}

/// A part of a histogram or summary and its increase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartTotal<'a> {
    /// [`Role::Bucket`], [`Role::Sum`] or [`Role::Count`].
    pub role: Role,
    /// Upper bound of a bucket; NaN for the others.
    pub le: f64,
    /// The same as written; empty for the others.
    pub le_text: &'a str,
    /// Increase, or the value for a histogram of current values.
    pub total: f64,
}

/// A histogram or summary: one label set of a family.
#[derive(Debug, Clone, Copy)]
pub struct GroupView<'a> {
    row: u32,
    endpoint: &'a Endpoint,
    catalog: &'a Catalog,
}

impl<'a> GroupView<'a> {
    fn part(&self, series: u32) -> SeriesRef<'a> {
        let Self {
            endpoint, catalog, ..
        } = *self;
        SeriesRef {
            series: &catalog.series[series as usize],
            endpoint,
            catalog,
        }
    }

    /// Its labels, sorted by name, without `le`.
    pub fn labels(&self) -> Vec<(&'a str, &'a str)> {
        let parts = &self.catalog.groups[self.row as usize].parts;
        let Some(first) = parts.first() else {
            return Vec::new();
        };
        let mut labels = self.part(first.series).labels();
        labels.retain(|(name, _)| first.role != Role::Bucket || *name != "le");
        labels
    }

    /// Increase of all parts from page `start` to page `end`, and how often it was reset between.
    ///
    /// Parts that the start page did not have count from 0. `end` is the last page of an end
    /// barrier or the last page of all.
    pub fn increase(&self, start: u32, end: u32) -> (Vec<PartTotal<'a>>, u64) {
        let increase = self.catalog.groups[self.row as usize].increase(start, end);
        (self.with_parts(increase.by_part), increase.resets)
    }

    /// Values of all parts on page `end` of an end barrier, for histograms of current values.
    pub fn values(&self, end: u32) -> Vec<PartTotal<'a>> {
        self.with_parts(self.catalog.groups[self.row as usize].values(end))
    }

    /// Samples that were NaN or infinite, over the whole run.
    pub fn non_finite(&self) -> u64 {
        self.catalog.groups[self.row as usize].non_finite
    }

    fn with_parts(&self, totals: Vec<f64>) -> Vec<PartTotal<'a>> {
        let parts = &self.catalog.groups[self.row as usize].parts;
        let text = |series: u32| {
            let labels = self.part(series).labels();
            labels
                .iter()
                .find(|(name, _)| *name == "le")
                .map_or("", |(_, text)| *text)
        };
        let part = |(part, total): (&super::group::Part, f64)| PartTotal {
            role: part.role,
            le: part.le,
            le_text: text(part.series),
            total,
        };
        parts.iter().zip(totals).map(part).collect()
    }
}

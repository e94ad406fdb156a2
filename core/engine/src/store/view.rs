//! Views of single series, and of the parts of histograms and summaries.

use aiperf_plugin_sdk::MetricKind;

use super::catalog::Catalog;
use super::encode;
use super::endpoint::Endpoint;
use super::fold::{CounterPast, GaugePast, PastKind, QuantilePast};
use super::group::{Group, Part};
use super::increase::Increase;
use super::interval::Intervals;
use super::series::{Data, Role, Series};
use crate::stats::HistogramEstimator;

/// A series.
#[derive(Debug, Clone, Copy)]
pub struct SeriesRef<'a> {
    pub(super) series: &'a Series,
    pub(super) endpoint: &'a Endpoint,
    pub(super) catalog: &'a Catalog,
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
            Data::Scalar { samples, .. } => Some(samples),
            Data::Part { .. } | Data::Latest => None,
        };
        samples
            .into_iter()
            .flat_map(move |samples| samples.between(first, last))
    }

    /// Its last sample not after a scrape.
    pub fn at_or_before(&self, scrape: u32) -> Option<(u32, f64)> {
        match &self.series.data {
            Data::Scalar { samples, .. } => samples.at_or_before(scrape),
            Data::Part { .. } | Data::Latest => None,
        }
    }

    fn past(&self, phase: u32) -> Option<&'a PastKind> {
        let Data::Scalar { past, .. } = &self.series.data else {
            return None;
        };
        let past = past.as_deref().filter(|past| past.phase == phase)?;
        Some(&past.kind)
    }

    /// What was folded of a gauge in a phase.
    pub fn gauge_past(&self, phase: u32) -> Option<&'a GaugePast> {
        match self.past(phase)? {
            PastKind::Gauge(past) => Some(past),
            _ => None,
        }
    }

    /// What was folded of a counter in a phase.
    pub fn counter_past(&self, phase: u32) -> Option<&'a CounterPast> {
        match self.past(phase)? {
            PastKind::Counter(past) => Some(past),
            _ => None,
        }
    }

    /// What was folded of a quantile in a phase.
    pub fn quantile_past(&self, phase: u32) -> Option<&'a QuantilePast> {
        match self.past(phase)? {
            PastKind::Quantile(past) => Some(past),
            _ => None,
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
    pub(super) row: u32,
    pub(super) endpoint: &'a Endpoint,
    pub(super) catalog: &'a Catalog,
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
        let parts = &self.group().parts;
        let Some(first) = parts.first() else {
            return Vec::new();
        };
        let mut labels = self.part(first.series).labels();
        labels.retain(|(name, _)| first.role != Role::Bucket || *name != "le");
        labels
    }

    /// Increase of all parts from page `start` to page `end`, and how often it was reset between.
    ///
    /// Parts that no page up to the start page had count from 0.
    pub fn increase(&self, start: u32, end: u32) -> (Vec<PartTotal<'a>>, u64) {
        let increase = Increase::of(self.group(), start, end);
        (self.with_parts(increase.by_part), increase.resets)
    }

    /// What is known of single observations on the pages after `start` up to `end`; `None` unless
    /// it is a histogram that counts on.
    pub fn observed(&self, start: u32, end: u32) -> Option<HistogramEstimator> {
        self.group().observed(start, end)
    }

    /// True if its observations are whole numbers by what they are: tokens, or a number of
    /// something. Values may prove that wrong.
    pub fn counts_things(&self) -> bool {
        self.group().counts_things()
    }

    /// What was counted from page to page, on the pages after `start` up to `end`, none of which
    /// are folded.
    pub fn intervals(&self, start: u32, end: u32) -> Intervals<'a> {
        Intervals::new(self.group(), start, end)
    }

    /// Values of all parts on page `end`, for histograms of current values.
    pub fn values(&self, end: u32) -> Vec<PartTotal<'a>> {
        self.with_parts(self.group().values(end))
    }

    /// Samples that were NaN or infinite, over the whole run.
    pub fn non_finite(&self) -> u64 {
        self.group().non_finite
    }

    fn group(&self) -> &'a Group {
        &self.catalog.groups[self.row as usize]
    }

    fn with_parts(&self, totals: Vec<f64>) -> Vec<PartTotal<'a>> {
        let parts = &self.group().parts;
        let text = |series: u32| {
            let labels = self.part(series).labels();
            labels
                .iter()
                .find(|(name, _)| *name == "le")
                .map_or("", |(_, text)| *text)
        };
        let part = |(part, total): (&Part, f64)| PartTotal {
            role: part.role,
            le: part.le,
            le_text: text(part.series),
            total,
        };
        parts.iter().zip(totals).map(part).collect()
    }
}

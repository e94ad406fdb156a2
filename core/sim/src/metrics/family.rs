//! Metric families: names, labels, and where their values come from.

use std::sync::Arc;

use super::distribution::{Distribution, Scale};
use super::process::Reading;
use super::requests::EndedStats;
use super::stats::Stats;

/// Text formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus text format 0.0.4.
    Classic,
    /// OpenMetrics 1.0.
    OpenMetrics,
}
/// Whose habits the text follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The Python client: numbers are floats (`1.0`), labels are sorted.
    Python,
    /// Others: shortest numbers, labels as given.
    Plain,
}

/// What kind of values a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Counter,
    /// A counter whose name lacks `_total`, which OpenMetrics cannot express.
    BareCounter,
    Gauge,
    Histogram,
}

/// What one server's series are read from.
#[derive(Debug)]
pub(super) struct View {
    pub(super) stats: Stats,
    pub(super) ended: EndedStats,
    pub(super) http: Distribution,
    pub(super) reading: Reading,
    /// Monotonic nanoseconds.
    pub(super) now: i64,
    /// Seconds since the server started.
    pub(super) uptime: f64,
}

/// Picks a distribution out of a view.
pub(super) type PickFn = for<'a> fn(&'a View) -> &'a Distribution;

pub(super) type Number = Arc<dyn Fn(&View) -> f64 + Send + Sync>;
pub(super) type Pick = Arc<dyn for<'a> Fn(&'a View) -> &'a Distribution + Send + Sync>;

/// Where a series gets its values.
pub(super) enum Source {
    Number(Number),
    /// A number that is shown once it is not 0.
    Late(Number),
    Histogram(Pick, Scale, &'static [f64]),
}

/// Names and values, as they stand in front of a sample.
pub(super) type Labels = Vec<(&'static str, String)>;

/// A metric family and its series.
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: Type,
    pub(super) style: Style,
    pub(super) series: Vec<(Labels, Source)>,
}

impl Family {
    pub(super) fn new(name: &'static str, kind: Type, style: Style, help: &'static str) -> Self {
        Self {
            name,
            help,
            kind,
            style,
            series: Vec::new(),
        }
    }

    pub(super) fn number(
        mut self,
        labels: &[(&'static str, &str)],
        value: impl Fn(&View) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.series
            .push((owned(labels), Source::Number(Arc::new(value))));
        self
    }

    /// A series that comes up when it has something to say, if it `is_late`. The first one of a
    /// family is not.
    pub(super) fn maybe_late(
        mut self,
        is_late: bool,
        labels: &[(&'static str, &str)],
        value: impl Fn(&View) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let value: Number = Arc::new(value);
        let source = if is_late {
            Source::Late(value)
        } else {
            Source::Number(value)
        };
        self.series.push((owned(labels), source));
        self
    }

    pub(super) fn seconds(
        self,
        labels: &[(&'static str, &str)],
        bounds: &'static [f64],
        pick: impl for<'a> Fn(&'a View) -> &'a Distribution + Send + Sync + 'static,
    ) -> Self {
        self.histogram(
            labels,
            Source::Histogram(Arc::new(pick), Scale::Seconds, bounds),
        )
    }

    pub(super) fn counts(
        self,
        labels: &[(&'static str, &str)],
        bounds: &'static [f64],
        pick: impl for<'a> Fn(&'a View) -> &'a Distribution + Send + Sync + 'static,
    ) -> Self {
        self.histogram(
            labels,
            Source::Histogram(Arc::new(pick), Scale::Count, bounds),
        )
    }

    fn histogram(mut self, labels: &[(&'static str, &str)], source: Source) -> Self {
        self.series.push((owned(labels), source));
        self
    }

    /// The name that the samples carry, without `_bucket` and the like.
    pub(super) fn sample_name(&self) -> String {
        let suffix = if self.kind == Type::Counter {
            "_total"
        } else {
            ""
        };
        format!("{}{suffix}", self.name)
    }

    pub(super) fn header(&self, format: Format) -> String {
        let name = match format {
            Format::Classic => self.sample_name(),
            Format::OpenMetrics => self.name.to_owned(),
        };
        let kind = match (self.kind, format) {
            (Type::BareCounter, Format::OpenMetrics) => "unknown",
            (Type::Counter | Type::BareCounter, _) => "counter",
            (Type::Gauge, _) => "gauge",
            (Type::Histogram, _) => "histogram",
        };
        format!("# HELP {name} {}\n# TYPE {name} {kind}\n", self.help)
    }
}

/// Families of a page; of several with one name the first stays.
#[derive(Default)]
pub(super) struct Catalog {
    pub(super) families: Vec<Family>,
}

impl Catalog {
    pub(super) fn add(&mut self, family: Family) {
        if self.families.iter().all(|known| known.name != family.name) {
            self.families.push(family);
        }
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Labels {
    labels
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

//! One metric of one server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::MetricKind;

/// The seven statistics of the exports. Formulas: `docs/metrics.md#seven`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Stats {
    /// Mean.
    pub avg: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Population standard deviation.
    pub std: Option<f64>,
}

impl Stats {
    /// Only an average: a metric that is one number.
    pub fn single(value: Option<f64>) -> Self {
        Self {
            avg: value,
            ..Self::default()
        }
    }

    /// In the order of the exports: avg, min, max, p99, p90, p50, std.
    pub fn seven(&self) -> [Option<f64>; 7] {
        [
            self.avg, self.min, self.max, self.p99, self.p90, self.p50, self.std,
        ]
    }

    /// Names of [`Stats::seven`].
    pub const NAMES: [&'static str; 7] = ["avg", "min", "max", "p99", "p90", "p50", "std"];
}

/// How percentiles were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Estimator {
    /// From all values.
    #[default]
    Exact,
    /// From a sketch with a stated error.
    Sketch,
    /// From histogram buckets, by linear interpolation inside a bucket.
    Linear,
    /// From histogram buckets, with proven bounds.
    Bounded,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// Cumulative bucket of a histogram over the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// Upper bound as written, such as `0.5` or `+Inf`.
    pub le: String,
    /// Observations in the window that are not above it.
    pub count: f64,
}

/// Interval that a value is proven to lie in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ValueBounds {
    /// Not below this; `None` if unbounded.
    pub lower: Option<f64>,
    /// Not above this; `None` if unbounded.
    pub upper: Option<f64>,
}

/// What bounds were proven from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BoundScope {
    /// Counts and sum of every interval between two scrapes.
    Interval,
    /// Counts and sum of the whole window, as single pages may be torn.
    Pooled,
    /// The edges of the buckets alone: there is no usable sum.
    Buckets,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// A metric of a server: a series, or a family over all its series.
///
/// Fields that a type does not have are `None` and absent from JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MetricReport {
    /// Key within the server: the family's name (`_total` stripped from counters), with labels
    /// flattened into it where the family has several series.
    #[serde(skip)]
    #[schemars(skip)]
    pub key: String,
    /// The seven statistics of the samples (histogram: estimates over the window's observations).
    #[serde(flatten)]
    pub stats: Stats,
    /// Such as `sec`, `bytes`, `%`, `count`.
    pub unit: String,
    /// Type of the family.
    #[serde(rename = "type")]
    pub kind: MetricKind,
    /// Name of the series as the server writes it.
    pub name: String,
    /// Labels of the series; empty for a sum over series.
    pub labels: BTreeMap<String, String>,
    /// Number of samples (histogram and summary: of observations).
    pub n: u64,
    /// True if this is a sum over the series of the family.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sum_over_series: bool,
    /// Counter: increase over the window, resets allowed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// Counter: `total` per second of the window. Histogram: observations per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Counter: the seven statistics of the rates of single intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<Stats>,
    /// Counter, histogram, summary: how often the server started again from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets: Option<u64>,
    /// Histogram, summary: observations in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<f64>,
    /// Histogram, summary: sum of the observations in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    /// Histogram: cumulative buckets over the window.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<Bucket>,
    /// Bounds of statistics that are estimated or unknown, by name (`min`, `p99`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bounds: BTreeMap<String, ValueBounds>,
    /// What the bounds of a histogram's quantiles were proven from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_scope: Option<BoundScope>,
    /// How percentiles were made, where it is not [`Estimator::Exact`].
    #[serde(skip_serializing_if = "is_exact")]
    pub estimator: Estimator,
    /// Samples that were NaN or infinite and are in no statistic.
    #[serde(skip_serializing_if = "is_zero")]
    pub non_finite: u64,
    /// Gauge: half the width of the 95 % confidence interval of `avg`, which is unsure as the gauge
    /// is read only now and then. `None` for fewer than three readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_error: Option<f64>,
    /// Pages of the window that did not have the series.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing: u64,
    /// Longest time in the window between two readings, or from an end of the window to the nearest
    /// reading, in seconds. `None` without readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_gap: Option<f64>,
    /// Why a statistic is `None` or less sure than usual, as a stable name such as
    /// `bucket_layout_changed` or `code`; empty if there is nothing to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The same over the slices of the window, in order; empty unless slices were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<MetricSlice>,
    /// Help text of the family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A metric of a server over one slice of the window. The fields mean what they mean in
/// [`MetricReport`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "they are the fields of `MetricReport`, documented there"
)]
pub struct MetricSlice {
    /// Row in [`Report::slices`](super::Report::slices).
    pub slice: u32,
    #[serde(flatten)]
    pub stats: Stats,
    pub n: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bounds: BTreeMap<String, ValueBounds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_scope: Option<BoundScope>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "signature that serde asks for"
)]
fn is_exact(estimator: &Estimator) -> bool {
    *estimator == Estimator::Exact
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "signature that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

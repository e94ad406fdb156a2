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
    /// How percentiles were made, where it is not [`Estimator::Exact`].
    #[serde(skip_serializing_if = "is_exact")]
    pub estimator: Estimator,
    /// Samples that were NaN or infinite and are in no statistic.
    #[serde(skip_serializing_if = "is_zero")]
    pub non_finite: u64,
    /// Help text of the family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
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

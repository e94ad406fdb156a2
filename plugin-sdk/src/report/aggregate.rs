//! A family over all servers that have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MetricReport;

/// A family combined over several servers of the same role. Servers of other roles may have a family
/// by the same name; then there is one report for each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AggregateReport {
    /// Name of the family; `_total` is stripped from counters, as in the keys of metrics.
    pub key: String,
    /// What the servers are, such as `vllm`, or `vllm+dynamo` for workers with their engines; empty if
    /// their software is not known.
    pub software: String,
    /// Roles that they share, such as `engine+worker.backend`; empty if they are not known.
    pub role: String,
    /// How the servers' values were combined.
    pub combine: Combine,
    /// Ids of the servers.
    pub servers: Vec<String>,
    /// The combined metric.
    pub metric: MetricReport,
}

/// How values of several servers become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Combine {
    /// Added: counts, rates, numbers of requests.
    #[default]
    Sum,
    /// Averaged: shares, temperatures.
    Mean,
    /// The largest one: ages, peaks.
    Max,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

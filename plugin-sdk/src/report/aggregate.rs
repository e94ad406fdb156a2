//! A family over all servers that have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MetricReport;

/// A family combined over several servers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AggregateReport {
    /// Plain key of the family.
    pub key: String,
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
pub enum Combine {
    /// Added: counts, rates, numbers of requests.
    #[default]
    Sum,
    /// Averaged: shares, temperatures.
    Mean,
    /// The largest one: ages, peaks.
    Max,
}

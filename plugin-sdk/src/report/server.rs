//! Endpoints, and the servers behind them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MetricReport;

/// An endpoint that was scraped, or tried.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EndpointReport {
    /// URL, without secrets.
    pub url: String,
    /// Short form for people: host, port and path, without a trailing `/metrics`.
    pub display: String,
    /// Collector instance that names it.
    pub collector: String,
    /// True if the user did not ask for it.
    pub automatic: bool,
    /// Labels that the user attached to it.
    pub labels: BTreeMap<String, String>,
    /// True if it answered with metrics at least once.
    pub reachable: bool,
    /// Scrapes by outcome.
    pub scrapes: ScrapeCounts,
    /// Milliseconds from request to last byte, averaged over answered scrapes.
    pub latency_avg_ms: Option<f64>,
    /// The longest of them.
    pub latency_max_ms: Option<f64>,
    /// First failure.
    pub first_error: Option<ScrapeFailure>,
    /// Last failure.
    pub last_error: Option<ScrapeFailure>,
    /// Lines that no parser could read.
    pub parse_errors: u64,
    /// The first of them.
    pub parse_notes: Vec<ParseNote>,
    /// Why it was left alone, if it was.
    pub disabled: Option<String>,
    /// What the tool knows of its readings over the profiling phase, such as `up`, by key;
    /// `docs/metrics.md#scrape-metrics`.
    #[serde(with = "keyed")]
    #[schemars(with = "BTreeMap<String, MetricReport>")]
    pub scrape_metrics: Vec<MetricReport>,
}

/// Scrapes of an endpoint by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ScrapeCounts {
    /// Ticks and barriers that came due.
    pub due: u64,
    /// Answered with metrics.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Ticks left out because the scrape before was still running.
    pub skipped: u64,
    /// Started more than a tenth of the interval after they were due.
    pub late: u64,
}

/// A failed scrape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ScrapeFailure {
    /// Wall nanoseconds.
    pub timestamp_ns: i64,
    /// HTTP status or 0.
    pub code: i64,
    /// Stable class, such as `timeout`, `connect_refused`, `http_503`.
    #[serde(rename = "type")]
    pub class: String,
    /// One line.
    pub message: String,
}

/// A line that no parser could read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ParseNote {
    /// Line number from 1, 0 for the page as a whole.
    pub line: u32,
    /// What is wrong with it.
    pub reason: String,
}

/// What a server says of itself; `unknown` where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerMetadata {
    /// Label `server_type`.
    pub server_type: String,
    /// Label `hostname`.
    pub hostname: String,
    /// Label `instance`.
    pub instance: String,
}

impl Default for ServerMetadata {
    fn default() -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            server_type: unknown(),
            hostname: unknown(),
            instance: unknown(),
        }
    }
}

/// One server and its metrics over the profiling phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServerReport {
    /// URL of its endpoint.
    pub endpoint_url: String,
    /// Short form of the endpoint for people.
    pub endpoint_display: String,
    /// Unique within the run.
    pub server_id: String,
    /// What it says of itself.
    pub metadata: ServerMetadata,
    /// Its metrics, by key.
    #[serde(with = "keyed")]
    #[schemars(with = "BTreeMap<String, MetricReport>")]
    pub metrics: Vec<MetricReport>,
    /// Facts: info and stateset families.
    pub info: BTreeMap<String, Vec<InfoReport>>,
}

/// One series of an info or stateset family at the end of the window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InfoReport {
    /// Its labels: the facts.
    pub labels: BTreeMap<String, String>,
    /// 1 (info), whether the state is on (stateset), or the code that a family of codes shows.
    pub value: f64,
}

/// Metrics as a JSON object by key, in memory a list sorted by key.
mod keyed {
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::{SerializeMap, Serializer};

    use super::MetricReport;

    pub(super) fn serialize<S: Serializer>(
        metrics: &[MetricReport],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(metrics.len()))?;
        for metric in metrics {
            map.serialize_entry(&metric.key, metric)?;
        }
        map.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<MetricReport>, D::Error> {
        struct Metrics;
        impl<'de> Visitor<'de> for Metrics {
            type Value = Vec<MetricReport>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of metrics by key")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut metrics = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some((key, metric)) = map.next_entry::<String, MetricReport>()? {
                    metrics.push(MetricReport { key, ..metric });
                }
                Ok(metrics)
            }
        }
        deserializer.deserialize_map(Metrics)
    }
}

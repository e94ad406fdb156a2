//! The format of the document, apart from the report so that neither binds the other.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::display::json_text;
use aiperf_plugin_sdk::report::{
    self, AggregateReport, ClientHealth, ClientMetric, ConcurrencyReport, DerivedReport,
    DeviceReport, EndpointReport, GoodputReport, InfoReport, MetricReport, PairReport, ParseNote,
    PhaseReport, Report, RequestTotals, RunStatus, ScrapeCounts, ScrapeFailure, ServerMetadata,
    ServerReport, SliceReport, SteadyReport, Warning,
};
use aiperf_plugin_sdk::{PluginError, schemars};
use indexmap::IndexMap;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::keyed;

/// A whole run. Values are unscaled, in the unit that stands beside them; a value that cannot be
/// known is `null`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document<'a> {
    /// When, what, with which version.
    metadata: Metadata<'a>,
    /// What the clients saw over the profiling phase, by metric; empty without load.
    llm_metrics: &'a IndexMap<String, ClientMetric>,
    /// What the servers said over the profiling phase.
    server_metrics: ServerMetrics<'a>,
    /// Requests of the profiling phase; `null` without load.
    requests: Option<&'a RequestTotals>,
    /// Requests of the profiling phase that kept their limits; `null` without limits.
    goodput: Option<&'a GoodputReport>,
    /// Requests in flight over the profiling phase; `null` without load.
    concurrency: Option<&'a ConcurrencyReport>,
    /// The part of the profiling phase in which load was at its plateau; `null` without load.
    steady_state: Option<&'a SteadyReport>,
    /// The profiling phase in slices, clients and servers cut at the same moments; empty unless
    /// slices were asked for. A server's metrics have theirs beside them, by the index here.
    slices: &'a [SliceReport],
    /// Families of several servers, combined; empty where no family has several.
    aggregates: &'a [AggregateReport],
    /// What the clients saw beside what the servers say of the same quantity.
    pairs: &'a [PairReport],
    /// Devices that the servers run on, such as GPUs and their MIG instances, one entry each.
    devices: &'a [DeviceReport],
    /// Numbers made of what servers and clients say, such as the energy per request.
    derived: &'a [DerivedReport],
    /// What the tool measured of itself during the profiling phase; `null` without load.
    client_health: Option<&'a ClientHealth>,
    /// All phases, in order.
    phases: &'a [PhaseReport],
    /// What a reader must know before trusting the numbers.
    warnings: &'a [Warning],
}

/// When the run was, and what ran.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Metadata<'a> {
    /// RFC 3339, UTC: first send of the profiling phase (`collect`: first scrape).
    benchmark_start_time: &'a str,
    /// RFC 3339, UTC: last response of the profiling phase (`collect`: last scrape).
    benchmark_end_time: &'a str,
    /// Seconds between the two, by the monotonic clock.
    duration_seconds: f64,
    /// Version of aiperf.
    aiperf_version: &'a str,
    /// Model under load, empty without load.
    model: &'a str,
    /// Version of this format.
    schema_version: &'a str,
    /// `profile`, `collect` or `demo`.
    command: &'a str,
    /// How the run ended.
    status: RunStatus,
    /// Inference endpoint under load, empty without load.
    url: &'a str,
    /// Such as `chat`, empty without load.
    endpoint_type: &'a str,
    /// Clock that stamped arrivals: `kernel` or `user`; empty without load.
    clock: &'a str,
    /// Versions of HTTP that were spoken to the inference endpoint: `1.1`, `2`, or `1.1, 2`; empty if none was.
    http_version: &'a str,
    /// Settings of the run, such as `concurrency`.
    settings: &'a Map<String, Value>,
}

/// What the servers said.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ServerMetrics<'a> {
    /// Which endpoints there are and which answered.
    summary: Summary<'a>,
    /// All endpoints by URL, those that never answered too.
    endpoints: IndexMap<&'a str, Endpoint<'a>>,
}

/// Which endpoints there are and which answered.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Summary<'a> {
    /// Number of endpoints.
    configured: usize,
    /// Number of those that answered at least once.
    reachable: usize,
    /// URLs of all.
    endpoints_configured: Vec<&'a str>,
    /// URLs of those that answered at least once.
    endpoints_successful: Vec<&'a str>,
}

/// An endpoint and the servers behind it.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Endpoint<'a> {
    /// The servers, by `server_id`; empty if it never answered.
    servers: IndexMap<&'a str, Server<'a>>,
    /// Host, port and path, for people.
    display: &'a str,
    /// Collector instance that names it.
    collector: &'a str,
    /// True if the user did not ask for it.
    automatic: bool,
    /// Labels that the user attached to it.
    labels: BTreeMap<&'a str, &'a str>,
    /// True if it answered with metrics at least once.
    reachable: bool,
    /// Scrapes by outcome.
    scrapes: ScrapeCounts,
    /// Milliseconds from request to last byte, averaged over answered scrapes.
    latency_avg_ms: Option<f64>,
    /// The longest of them.
    latency_max_ms: Option<f64>,
    /// First failure.
    first_error: Option<&'a ScrapeFailure>,
    /// Last failure.
    last_error: Option<&'a ScrapeFailure>,
    /// Lines that no parser could read.
    parse_errors: u64,
    /// The first of them.
    parse_notes: &'a [ParseNote],
    /// Why it was left alone, if it was.
    disabled: Option<&'a str>,
    /// What the tool knows of its readings over the profiling phase, such as `up`, by key; empty if
    /// it is not wanted.
    #[serde(serialize_with = "keyed::metrics")]
    #[schemars(with = "BTreeMap<String, MetricReport>")]
    scrape_metrics: &'a [MetricReport],
}

/// A server and its metrics.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Server<'a> {
    /// What it says of itself.
    metadata: &'a ServerMetadata,
    /// Its metrics, by key.
    #[serde(serialize_with = "keyed::metrics")]
    #[schemars(with = "BTreeMap<String, MetricReport>")]
    metrics: &'a [MetricReport],
    /// Facts: info and stateset families, by name.
    info: &'a BTreeMap<String, Vec<InfoReport>>,
}

impl<'a> Document<'a> {
    /// The document of `report`.
    pub fn new(report: &'a Report) -> Self {
        Self {
            metadata: Metadata::new(&report.metadata),
            llm_metrics: &report.llm_metrics,
            server_metrics: ServerMetrics::new(&report.endpoints, &report.servers),
            requests: report.requests.as_ref(),
            goodput: report.goodput.as_ref(),
            concurrency: report.concurrency.as_ref(),
            steady_state: report.steady_state.as_ref(),
            slices: &report.slices,
            aggregates: &report.aggregates,
            pairs: &report.pairs,
            devices: &report.devices,
            derived: &report.derived,
            client_health: report.client_health.as_ref(),
            phases: &report.phases,
            warnings: &report.warnings,
        }
    }

    /// The document as indented text with a final newline. Floats are shortest round-trip; NaN and
    /// infinities, which the report should not have, become `null`.
    ///
    /// # Errors
    /// If a key is no string, which cannot happen with this format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PluginError> {
        Ok(json_text(self)?)
    }
}

impl<'a> Metadata<'a> {
    fn new(metadata: &'a report::Metadata) -> Self {
        Self {
            benchmark_start_time: &metadata.benchmark_start_time,
            benchmark_end_time: &metadata.benchmark_end_time,
            duration_seconds: metadata.duration_seconds,
            aiperf_version: &metadata.aiperf_version,
            model: &metadata.model,
            schema_version: &metadata.schema_version,
            command: &metadata.command,
            status: metadata.status,
            url: &metadata.url,
            endpoint_type: &metadata.endpoint_type,
            clock: &metadata.clock,
            http_version: &metadata.http_version,
            settings: &metadata.settings,
        }
    }
}

impl<'a> ServerMetrics<'a> {
    fn new(endpoints: &'a [EndpointReport], servers: &'a [ServerReport]) -> Self {
        let mut by_url: IndexMap<&str, Endpoint<'_>> = endpoints
            .iter()
            .map(|endpoint| (endpoint.url.as_str(), Endpoint::new(endpoint)))
            .collect();
        for server in servers {
            let endpoint = by_url.entry(&server.endpoint_url).or_default();
            endpoint
                .servers
                .insert(&server.server_id, Server::new(server));
        }
        Self {
            summary: Summary::new(endpoints),
            endpoints: by_url,
        }
    }
}

impl<'a> Summary<'a> {
    fn new(endpoints: &'a [EndpointReport]) -> Self {
        let urls = |wanted: fn(&EndpointReport) -> bool| -> Vec<&'a str> {
            endpoints
                .iter()
                .filter(|e| wanted(e))
                .map(|e| e.url.as_str())
                .collect()
        };
        let (configured, successful) = (urls(|_| true), urls(|endpoint| endpoint.reachable));
        Self {
            configured: configured.len(),
            reachable: successful.len(),
            endpoints_configured: configured,
            endpoints_successful: successful,
        }
    }
}

impl<'a> Endpoint<'a> {
    fn new(endpoint: &'a EndpointReport) -> Self {
        let labels = endpoint.labels.iter();
        Self {
            servers: IndexMap::new(),
            display: &endpoint.display,
            collector: &endpoint.collector,
            automatic: endpoint.automatic,
            labels: labels.map(|(name, value)| (&**name, &**value)).collect(),
            reachable: endpoint.reachable,
            scrapes: endpoint.scrapes,
            latency_avg_ms: endpoint.latency_avg_ms,
            latency_max_ms: endpoint.latency_max_ms,
            first_error: endpoint.first_error.as_ref(),
            last_error: endpoint.last_error.as_ref(),
            parse_errors: endpoint.parse_errors,
            parse_notes: &endpoint.parse_notes,
            disabled: endpoint.disabled.as_deref(),
            scrape_metrics: &endpoint.scrape_metrics,
        }
    }
}

impl<'a> Server<'a> {
    fn new(server: &'a ServerReport) -> Self {
        Self {
            metadata: &server.metadata,
            metrics: &server.metrics,
            info: &server.info,
        }
    }
}

/// JSON schema (draft 2020-12) of the document.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<Document<'static>>()
}

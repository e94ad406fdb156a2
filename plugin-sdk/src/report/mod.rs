//! The report: everything a run found out, computed once. Every exporter renders the same value,
//! so that a number is the same in every format.
//!
//! All values are unscaled; a number that cannot be known is `None`, never invented. The formulas
//! are in `docs/metrics.md`.

mod aggregate;
mod chunk;
mod client;
mod device;
mod goodput;
mod health;
mod metric;
mod pair;
mod phase;
mod server;
mod slice;
mod steady;

pub use aggregate::{AggregateReport, Combine};
pub use chunk::Chunk;
pub(crate) use chunk::ChunkRef;
pub use client::{ClientMetric, ErrorClass, Percentiles, RequestTotals};
pub use device::{DerivedReport, DeviceReport, DeviceValue};
pub use goodput::{GoodputLimit, GoodputReport};
pub use health::ClientHealth;
pub use metric::{BoundScope, Bucket, Estimator, MetricReport, MetricSlice, Stats, ValueBounds};
pub use pair::{PairCause, PairReport};
pub use phase::{Boundary, FamilyCheck, PhaseReport, SettleBasis, SettleReport};
pub use server::{
    EndpointReport, InfoReport, ParseNote, ScrapeCounts, ScrapeFailure, ServerMetadata,
    ServerReport,
};
pub use slice::SliceReport;
pub use steady::{ConcurrencyPoint, ConcurrencyReport, SteadyReport};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the schema of the report and of the files made from it.
pub const SCHEMA_VERSION: &str = "1.0";

/// A whole run. See the [module](self).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Report {
    /// When, what, with which version.
    pub metadata: Metadata,
    /// What the clients saw, by metric name, over the profiling phase. Empty without load.
    pub llm_metrics: IndexMap<String, ClientMetric>,
    /// Requests of the profiling phase. `None` without load.
    pub requests: Option<RequestTotals>,
    /// Requests that kept their limits; `None` without limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodput: Option<GoodputReport>,
    /// Requests in flight over the profiling phase; `None` without load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<ConcurrencyReport>,
    /// The part of the profiling phase in which load was at its plateau; `None` without load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steady_state: Option<SteadyReport>,
    /// All phases, in order.
    pub phases: Vec<PhaseReport>,
    /// All endpoints that were configured or tried, in order.
    pub endpoints: Vec<EndpointReport>,
    /// All servers that answered, by endpoint, in order.
    pub servers: Vec<ServerReport>,
    /// The profiling phase in slices; empty unless they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceReport>,
    /// Families of several servers, combined, by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<AggregateReport>,
    /// What the clients saw beside what the servers say of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairReport>,
    /// Devices that the servers run on, as far as endpoints show them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceReport>,
    /// Numbers made of what servers and clients say, such as the energy per request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<DerivedReport>,
    /// What the tool measured of itself. `None` without load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_health: Option<ClientHealth>,
    /// What a reader must know before trusting the numbers.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// Everything but what is large: the servers, of which there may be hundreds of megabytes.
    pub(crate) fn without_servers(&self) -> Self {
        let Self {
            servers: _,
            metadata,
            llm_metrics,
            requests,
            goodput,
            concurrency,
            steady_state,
            phases,
            endpoints,
            slices,
            aggregates,
            pairs,
            devices,
            derived,
            client_health,
            warnings,
        } = self;
        Self {
            servers: Vec::new(),
            metadata: metadata.clone(),
            llm_metrics: llm_metrics.clone(),
            requests: requests.clone(),
            goodput: goodput.clone(),
            concurrency: concurrency.clone(),
            steady_state: steady_state.clone(),
            phases: phases.clone(),
            endpoints: endpoints.clone(),
            slices: slices.clone(),
            aggregates: aggregates.clone(),
            pairs: pairs.clone(),
            devices: devices.clone(),
            derived: derived.clone(),
            client_health: client_health.clone(),
            warnings: warnings.clone(),
        }
    }
}

/// When the run was, and what ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Metadata {
    /// RFC 3339, UTC, milliseconds: first send of the profiling phase (`collect`: first scrape).
    pub benchmark_start_time: String,
    /// RFC 3339, UTC, milliseconds: last response of the profiling phase (`collect`: last scrape).
    pub benchmark_end_time: String,
    /// Seconds between the two, by the monotonic clock.
    pub duration_seconds: f64,
    /// Version of aiperf.
    pub aiperf_version: String,
    /// Version of this schema.
    pub schema_version: String,
    /// Model under load, empty without load.
    pub model: String,
    /// `profile`, `collect` or `demo`.
    pub command: String,
    /// Inference endpoint under load, empty without load.
    pub url: String,
    /// Such as `chat`, empty without load.
    pub endpoint_type: String,
    /// How the run ended.
    pub status: RunStatus,
    /// Clock that stamped arrivals: `kernel` or `user`; empty without load.
    pub clock: String,
    /// Versions of HTTP that were spoken to the inference endpoint: `1.1`, `2`, or `1.1, 2`; empty if none was.
    pub http_version: String,
    /// Settings of the run, such as `concurrency`.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// As planned.
    #[default]
    Completed,
    /// By Ctrl-C or SIGTERM: running requests were let finish.
    Interrupted,
    /// By a second Ctrl-C, or because nothing could go on.
    Aborted,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// Something that makes numbers less than they seem, and what to do about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Warning {
    /// Stable name, such as `endpoint_unreachable`.
    pub code: String,
    /// What it is about, such as the URL of an endpoint; may be empty.
    pub subject: String,
    /// What happened, in one sentence without a final period.
    pub message: String,
    /// What to do, in one sentence without a final period; may be empty.
    pub remedy: String,
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::run::PhaseKind;
    use crate::view::Barrier;
    use crate::{MetricKind, Stability};

    /// A value that only another version knows is read as this one.
    fn check<T: DeserializeOwned + PartialEq + Debug + Copy>(expected: T) {
        let read: T = serde_json::from_value("hologram".into()).unwrap();
        assert_eq!(read, expected);
    }

    #[test]
    fn no_value_of_a_newer_version_costs_a_document() {
        check(RunStatus::Other);
        check(PhaseKind::Other);
        check(Boundary::Other);
        check(SettleBasis::Other);
        check(Estimator::Other);
        check(BoundScope::Other);
        check(Combine::Other);
        check(MetricKind::Unknown);
        check(Stability::Experimental);
        check(Barrier::Tick);
    }
}

//! How much was in flight, and the part of the phase in which that was steady.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientMetric, RequestTotals};

/// Requests in flight over the profiling phase; `docs/metrics.md#concurrency-over-time`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConcurrencyReport {
    /// Mean over time; `None` if the window has no length.
    pub avg: Option<f64>,
    /// The most at any moment; if `note` is `folded`, at the borders of short intervals.
    pub max: u64,
    /// Seconds between two points of the series.
    pub interval_seconds: f64,
    /// One point for each interval of the window, in order; the last interval may be shorter.
    pub series: Vec<ConcurrencyPoint>,
    /// `folded` if some requests are no longer kept one by one; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Requests in flight in an interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ConcurrencyPoint {
    /// Wall nanoseconds of its beginning.
    pub start_ns: i64,
    /// Mean over time.
    pub avg: f64,
    /// The most at any moment.
    pub max: u64,
}

/// The part of the profiling phase in which load was at its plateau, without the filling at its beginning and
/// the draining at its end; `docs/metrics.md#steady-state`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SteadyReport {
    /// Wall nanoseconds of its beginning; `None` if there is no such part, and `note` says why.
    pub start_ns: Option<i64>,
    /// Wall nanoseconds of its end.
    pub end_ns: Option<i64>,
    /// Seconds between the two. Rates divide by it.
    pub duration_seconds: Option<f64>,
    /// Mean number of requests in flight.
    pub concurrency: Option<f64>,
    /// Requests that ended in it, `sent` those whose first byte was sent in it.
    pub requests: Option<RequestTotals>,
    /// What the clients saw in it, by metric name.
    pub llm_metrics: IndexMap<String, ClientMetric>,
    /// Why there is none (`no_requests`, `too_short`, `not_steady`), or `folded` if some requests are no longer
    /// kept one by one, so that it is made of whole blocks of time; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

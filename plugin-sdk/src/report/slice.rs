//! The profiling phase in slices of equal length.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClientMetric, RequestTotals};

/// A slice of the window: clients and servers are cut at the same moments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SliceReport {
    /// Wall nanoseconds of its beginning; the first slice begins with the window.
    pub start_ns: i64,
    /// Wall nanoseconds of its end, which belongs to the next slice (the last one has it).
    pub end_ns: i64,
    /// Seconds between the two, by the monotonic clock. Rates divide by it.
    pub duration_seconds: f64,
    /// True if the window ended before the slice was full.
    pub partial: bool,
    /// Requests that ended in it, `sent` those whose first byte was sent in it. `None` without load.
    pub requests: Option<RequestTotals>,
    /// What the clients saw, by metric name, from requests that ended in it.
    pub llm_metrics: IndexMap<String, ClientMetric>,
    /// `folded` if it begins before the first request that is kept one by one, so that it cannot be cut
    /// out; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

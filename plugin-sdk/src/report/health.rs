//! How far the tool itself can be trusted in this run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stats;

/// What the tool measured of itself during the profiling phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientHealth {
    /// Milliseconds from the intended to the actual send of a request.
    pub send_delay_ms: Stats,
    /// Milliseconds from the kernel's receiving a first token to our reading it. All `None` where
    /// the kernel gives no times.
    pub read_lag_ms: Stats,
    /// CPU time of this process per second of the window, in percent of one core.
    pub cpu_percent: Option<f64>,
    /// The same of the busiest load thread, which is saturated near 100.
    pub busiest_thread_percent: Option<f64>,
    /// CPU time of the whole machine that was in use, in percent of all cores.
    pub machine_percent: Option<f64>,
    /// Milliseconds from a scrape's due time to its start.
    pub scrape_lateness_ms: Stats,
    /// True if a threshold was passed; `warnings` say which.
    pub degraded: bool,
}

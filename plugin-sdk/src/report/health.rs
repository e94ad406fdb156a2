//! How far the tool itself can be trusted in this run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stats;

/// What the tool measured of itself during the profiling phase. `docs/metrics.md#client-health`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientHealth {
    /// Milliseconds from the intended to the actual send of a request, without the opening of
    /// connections. All `None` if every request was the first of its slot.
    pub send_delay_ms: Stats,
    /// Milliseconds from the kernel's receiving a first token to our reading it. All `None` where
    /// the kernel gives no times.
    pub read_lag_ms: Stats,
    /// Socket reads that the kernel did not stamp, in percent: their times of arrival include the
    /// time it took us to wake up. `None` without reads.
    pub user_clock_percent: Option<f64>,
    /// CPU time of this process per second of the phase, in percent of one core. `aiperf demo`
    /// includes the simulated server, which lives in the same process.
    pub cpu_percent: Option<f64>,
    /// The same of the busiest load thread, which is saturated near 100.
    pub busiest_thread_percent: Option<f64>,
    /// Time in which a load thread was ready to run and had no core, in percent of the phase; of
    /// the thread that waited longest. `None` where the system does not tell.
    pub core_wait_percent: Option<f64>,
    /// CPU time of the whole machine that was in use, whoever used it, in percent of all cores.
    /// `None` where the system does not tell, or the phase was too short.
    pub machine_percent: Option<f64>,
    /// CPU time that the hypervisor gave to other machines, in percent of all cores; a part of
    /// `machine_percent`.
    pub stolen_percent: Option<f64>,
    /// Cores that a quota leaves to this process; `None` without one.
    pub cpu_limit: Option<f64>,
    /// Milliseconds that a quota took from this process, added up over its cores. `None` where the
    /// system does not tell.
    pub throttled_ms: Option<f64>,
    /// Milliseconds from a scrape's due time to its start.
    pub scrape_lateness_ms: Stats,
    /// True if a threshold was passed; `warnings` say which.
    pub degraded: bool,
}

//! Phases, their barriers, and whether the servers' counters had become true.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RequestTotals;
use crate::run::PhaseKind;

/// One phase of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PhaseReport {
    /// Such as `profiling`.
    pub name: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// Wall nanoseconds of the first send (`collect`: first scrape).
    pub start_ns: i64,
    /// Wall nanoseconds of the last response (`collect`: last scrape).
    pub end_ns: i64,
    /// Seconds between the two, by the monotonic clock. Rates divide by it.
    pub duration_seconds: f64,
    /// Requests of the phase; `None` without load.
    pub requests: Option<RequestTotals>,
    /// How it follows the phase before.
    pub boundary: Boundary,
    /// Requests in flight at its start, if it took over without draining.
    pub in_flight_at_start: u64,
    /// How the next phase follows it.
    pub boundary_at_end: Boundary,
    /// Requests in flight at its end, if the next phase took over without draining.
    pub in_flight_at_end: u64,
    /// One entry per endpoint: the barrier at its end.
    pub settle: Vec<SettleReport>,
}

/// How a phase follows the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Boundary {
    /// Nothing was in flight.
    #[default]
    Drained,
    /// Load went on; totals of the two phases cannot be told apart exactly.
    Seamless,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// The barrier of one endpoint at the end of a phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SettleReport {
    /// URL of the endpoint.
    pub endpoint: String,
    /// True if the counters are final by the rule named in `basis`.
    pub settled: bool,
    /// Why it counts as settled, or not.
    pub basis: SettleBasis,
    /// Milliseconds from the last response to the end of the last scrape.
    pub wait_ms: f64,
    /// Scrapes that the barrier took.
    pub scrapes: u32,
    /// Recognised families: what the client expects and what the server says.
    pub families: Vec<FamilyCheck>,
}

/// Why counters count as final.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SettleBasis {
    /// Recognised counters equal the client's numbers.
    Equal,
    /// Watched series stood still, and nothing better is known.
    Stable,
    /// Watched series stood still at numbers that differ from the client's.
    Unequal,
    /// Time ran out.
    Timeout,
    /// The endpoint did not answer at the barrier.
    #[default]
    Missed,
    /// What only a newer version knows.
    #[serde(other)]
    Other,
}

/// A recognised family at a barrier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FamilyCheck {
    /// Name of the family.
    pub family: String,
    /// Increase that the client's requests should have caused.
    pub expected: f64,
    /// Increase that the server shows.
    pub seen: f64,
}

//! What the clients saw beside what the servers say of the same thing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Stats, ValueBounds};

/// One quantity from both sides, such as the time to the first token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PairReport {
    /// Stable name of the quantity, such as `time_to_first_token`.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Unit of both sides.
    pub unit: String,
    /// Server software that the table of pairs knows, such as `vllm`.
    pub software: String,
    /// Role of the servers, such as `frontend`; they share the requests, so that their counters add
    /// up. With the part of the deployment where there are several, such as `worker.prefill`.
    pub role: String,
    /// Name of the pair that the server's side is a part of: the queue of the time to first token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Family, or formula over families, that the server's side comes from.
    pub family: String,
    /// Ids of the servers it was combined from.
    pub servers: Vec<String>,
    /// The client's side; a total has `avg` only.
    pub client: Stats,
    /// Values behind the client's side; `None` for a total.
    pub client_n: Option<f64>,
    /// The server's side, in the same unit.
    pub server: Stats,
    /// Observations behind the server's side; `None` for a total and where it is not known.
    pub server_n: Option<f64>,
    /// Half the width of the 95 % confidence interval of the server's `avg`, where it is a gauge's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_sampling_error: Option<f64>,
    /// Bounds of the server's statistics that are estimated, by name.
    pub server_bounds: BTreeMap<String, ValueBounds>,
    /// Client's `avg` less server's.
    pub difference: Option<f64>,
    /// Causes of the difference, the largest first. Empty if both sides are equal.
    pub causes: Vec<PairCause>,
}

/// Why both sides differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PairCause {
    /// Stable name, such as `cached_tokens`, `foreign_load`, `network_and_client`.
    pub code: String,
    /// Its part of the difference, in the unit of the pair, where it is known.
    pub amount: Option<f64>,
    /// One sentence without a final period.
    pub message: String,
}

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
    /// Family, or formula over families, that the server's side comes from.
    pub family: String,
    /// Ids of the servers it was combined from.
    pub servers: Vec<String>,
    /// The client's side; a total has `avg` only.
    pub client: Stats,
    /// The server's side, in the same unit.
    pub server: Stats,
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

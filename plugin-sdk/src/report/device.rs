//! Devices that servers run on, and numbers made of what they say.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stats;

/// A device, such as a GPU, or a part of one that is told apart, such as a MIG instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeviceReport {
    /// What it is, such as `GPU`.
    pub kind: String,
    /// Id of the whole device, the same for all its parts, such as a UUID.
    pub id: String,
    /// Part of the device, such as the id of a MIG instance; `None` for the whole.
    pub part: Option<String>,
    /// What its parts are, such as `MIG`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part_kind: String,
    /// What else tells it apart or describes it: `index`, `model`, `host`, `pod` and so on.
    pub labels: BTreeMap<String, String>,
    /// URL of the endpoint that shows it.
    pub endpoint_url: String,
    /// Server that shows it.
    pub server_id: String,
    /// Its values over the profiling phase, by name. What it does not show is absent.
    pub values: IndexMap<String, DeviceValue>,
}

/// A value of a device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeviceValue {
    /// Name for people.
    pub display_name: String,
    /// Unit of all numbers.
    pub unit: String,
    /// Families that it comes from.
    pub family: String,
    /// Of what goes up and down; a sum of families has `avg` only.
    #[serde(flatten)]
    pub stats: Stats,
    /// Of a running total: the increase over the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// Of a code, such as that of an error: the last one. Codes have no average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<f64>,
}

impl DeviceValue {
    /// The one number that stands for it: increase, last code or average.
    pub fn single(&self) -> Option<f64> {
        self.total.or(self.last).or(self.stats.avg)
    }
}

/// A number made of what servers say and, mostly, what the clients saw: energy per request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DerivedReport {
    /// Stable name, such as `energy_per_request`.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Unit of the value.
    pub unit: String,
    /// Numerator by denominator; `None` if one of them is not known or nothing can be divided by.
    pub value: Option<f64>,
    /// What the servers say, over all devices, each counted once.
    pub numerator: Option<f64>,
    /// Quantity of the clients that it is divided by, such as `completion_tokens`; empty for none.
    pub per: String,
    /// Its amount in the profiling phase.
    pub denominator: Option<f64>,
    /// True if tokens in the denominator are the client's guess.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// How it was made of families.
    pub formula: String,
    /// Series, each of another device, that the numerator is the sum of.
    pub devices: u64,
    /// Software that shows the families, such as `dcgm`.
    pub software: String,
    /// Ids of the servers.
    pub servers: Vec<String>,
}

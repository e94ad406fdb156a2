//! What is known of one piece of server software.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::Combine;
use serde::{Deserialize, Deserializer};

use super::family::Blank;
use super::{DerivedRule, DeviceRule, FamilyRule, KnownFamily, Quantity, RefreshRule};
use crate::store::Pattern;

/// Software in one role. A page may be of several at once: a Dynamo worker is also its engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// Stable name, such as `vllm`.
    pub name: String,
    /// What it does in a deployment, such as `frontend`; servers of one role share the requests.
    pub role: String,
    /// A server is this software if it has a series by one of these names.
    #[serde(deserialize_with = "patterns")]
    signature: Vec<Pattern>,
    /// Label whose value tells servers of this role apart that do not share the requests.
    #[serde(default)]
    pub(super) part_label: Option<String>,
    /// Label with the name of the model, where only the run's model may be counted.
    #[serde(default)]
    pub model_label: Option<String>,
    /// Gauges that are 0 when nothing is in flight: the settle rule's witness when requests were
    /// cancelled. They are added over servers.
    #[serde(default)]
    in_flight: Vec<String>,
    /// How its families are combined over servers.
    #[serde(default)]
    combine: Vec<CombineRule>,
    /// Its families beside the clients' numbers. Of several rules for a quantity the first one whose
    /// families are there holds.
    #[serde(default, rename = "pair")]
    pub pairs: Vec<PairRule>,
    /// What its pages do not say of families, or say wrongly; the first that covers one holds.
    #[serde(default, rename = "family")]
    families: Vec<FamilyRule>,
    /// Values of its families that stand for none.
    #[serde(default)]
    blanks: Vec<Blank>,
    /// Devices that it is about.
    #[serde(default)]
    pub device: Option<DeviceRule>,
    /// Numbers made of its families.
    #[serde(default)]
    pub derived: Vec<DerivedRule>,
    /// How to tell how often it looks at what it shows.
    #[serde(default)]
    pub refresh: Option<RefreshRule>,
}

/// A family that is the same quantity as a number of the clients.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRule {
    /// The quantity.
    pub quantity: Quantity,
    /// Names as on the page (a counter with its `_total`); several are added.
    pub families: Vec<String>,
    /// What of them; by default, as the quantity demands.
    #[serde(default)]
    pub read: Option<Read>,
    /// A counter that they are divided by.
    #[serde(default)]
    pub per: Option<String>,
    /// Unit of a time.
    #[serde(default)]
    pub unit: TimeUnit,
    /// Only series with these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// At the end of a phase without failures its increase equals the clients' number: the settle
    /// rule waits for that.
    #[serde(default)]
    pub settle: bool,
    /// What it counts or times.
    #[serde(default)]
    pub each: Each,
    /// It counts requests that clients give up, in full or up to then.
    #[serde(default)]
    pub counts_cancelled: bool,
    /// It leaves out tokens that were in the cache.
    #[serde(default)]
    pub excludes_cached: bool,
    /// What it counts besides if prefill and decode are apart.
    #[serde(default)]
    pub if_disaggregated: Option<Disaggregated>,
    /// In what else its quantity is not quite the clients'; a sentence without a final period.
    #[serde(default)]
    pub note: String,
}

/// What of a family is read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// A histogram's or summary's observations.
    Observations,
    /// Their number.
    Count,
    /// Their sum.
    Sum,
    /// A counter's increase.
    Total,
    /// A gauge.
    Level,
}

/// Unit of a time.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds.
    #[default]
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

impl TimeUnit {
    /// Milliseconds in one.
    pub fn in_ms(self) -> f64 {
        match self {
            Self::S => 1e3,
            Self::Ms => 1.0,
            Self::Us => 1e-3,
            Self::Ns => 1e-6,
        }
    }
}

/// What an observation is made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// A request.
    #[default]
    Request,
    /// A token, the first one of an answer too.
    Token,
    /// A token but the first one of an answer.
    Gap,
}

/// What is counted besides if prefill and decode are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disaggregated {
    /// Everything once more.
    Twice,
    /// One token more for each request.
    OneTokenMore,
}

/// How families are combined over servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CombineRule {
    pub(super) how: How,
    #[serde(deserialize_with = "patterns")]
    pub(super) families: Vec<Pattern>,
}

/// How values of several servers become one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Added: numbers of requests, bytes, watts.
    Sum,
    /// Averaged: shares, clock rates.
    Mean,
    /// The largest one: temperatures.
    Max,
    /// Not at all, whatever its type.
    Never,
}

impl How {
    /// The same for the report; `None` for [`How::Never`].
    pub fn combine(self) -> Option<Combine> {
        match self {
            Self::Sum => Some(Combine::Sum),
            Self::Mean => Some(Combine::Mean),
            Self::Max => Some(Combine::Max),
            Self::Never => None,
        }
    }
}

impl CombineRule {
    pub(super) fn covers(&self, series: &str) -> bool {
        matches_any(&self.families, series)
    }
}

impl Software {
    /// Software that a user tells something about: whatever has the families.
    pub(super) fn of_user(name: String, families: &[String]) -> Self {
        Self {
            name,
            role: String::new(),
            signature: families.iter().map(|f| Pattern::new(f)).collect(),
            part_label: None,
            model_label: None,
            in_flight: Vec::new(),
            combine: Vec::new(),
            pairs: Vec::new(),
            families: Vec::new(),
            blanks: Vec::new(),
            device: None,
            derived: Vec::new(),
            refresh: None,
        }
    }

    /// What is known of a family; `None` if it is not this software's.
    pub(super) fn known(&'static self, family: &str) -> Option<KnownFamily> {
        let rule = self.families.iter().find(|rule| rule.covers(family));
        let known = KnownFamily::new(rule, &self.blanks);
        self.is_shown_by(family).then_some(known)
    }

    /// True if a series of this name shows the software.
    pub fn is_shown_by(&self, series: &str) -> bool {
        matches_any(&self.signature, series)
    }

    /// True if the series is a gauge of requests in flight.
    pub(super) fn is_in_flight(&self, series: &str) -> bool {
        self.in_flight.iter().any(|family| family == series)
    }

    /// What the settle rule may wait for.
    pub(super) fn settled_by(&self, series: &str) -> Option<Quantity> {
        let mut rules = self.pairs.iter().filter(|rule| rule.settle);
        rules
            .find(|rule| rule.families.iter().any(|family| family == series))
            .map(|rule| rule.quantity)
    }

    /// How a series is combined over servers, if the table says.
    pub(super) fn how(&self, series: &str) -> Option<How> {
        let rule = self.combine.iter().find(|rule| rule.covers(series));
        let in_flight = || self.is_in_flight(series).then_some(How::Sum);
        rule.map(|rule| rule.how).or_else(in_flight)
    }
}

pub(super) fn matches_any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

pub(super) fn patterns<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Pattern>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    Ok(texts.iter().map(|text| Pattern::new(text)).collect())
}

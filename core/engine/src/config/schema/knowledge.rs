//! `[pairs.NAME]`, `[aggregates.NAME]` and `[derived.NAME]`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::knowledge::{
    Amount, DerivedRule, Each, How, Knowledge, PairRule, Quantity, Read, TimeUnit,
};

/// A family that is the same quantity as a number of the clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairConfig {
    /// The quantity.
    pub quantity: Quantity,
    /// Names of the families as on the page, a counter with its `_total`; several are added. A server
    /// that has them all gets the pair.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub families: Vec<String>,
    /// What of them is read. Default: a gauge for the concurrency, observations for times and lengths,
    /// the increase of a counter for the rest.
    #[serde(default)]
    pub read: Option<Read>,
    /// A counter that the increase of the families is divided by, such as the number of requests
    /// where a server only adds up their times.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub per: Option<String>,
    /// Unit of a time.
    #[serde(default)]
    pub unit: TimeUnit,
    /// Only series with these labels.
    #[serde(default)]
    pub labels: IndexMap<String, String>,
    /// What the report calls the software. Default: the table's name.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub software: Option<String>,
    /// In what the quantity is not quite the client's: a cause of the difference in the report.
    #[serde(default)]
    pub note: String,
}

/// How families are combined over several servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregateConfig {
    /// Names, or patterns such as `acme_*_watts`. Of several tables the first one that matches holds.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub families: Vec<String>,
    /// How values of several servers become one. Counters, histograms and summaries are added in any
    /// case but `never`.
    pub combine: How,
}

/// A number made of what servers and clients say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedConfig {
    /// Names of the families as on the page, a counter with its `_total`; several are added. Their
    /// series on all servers that have them all are added too.
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub families: Vec<String>,
    /// What of them: the increase of a counter (`total`), the average of a gauge (`average`), or that
    /// times the seconds of the phase (`integral`), such as joules from watts.
    pub read: Amount,
    /// What their sum is multiplied by.
    #[serde(default = "one")]
    pub scale: f64,
    /// Quantity of the clients that the sum is divided by. Default: nothing.
    #[serde(default)]
    pub per: Option<Quantity>,
    /// Unit of the number.
    #[serde(default)]
    pub unit: String,
    /// Name for people. Default: the table's name.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub title: Option<String>,
    /// Several series of a device that the tool knows, such as those of a GPU and its MIG instances,
    /// show the same number: it counts once.
    #[serde(default)]
    pub once_per_device: bool,
}

/// What the user adds to what is known of server software.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserKnowledge {
    /// By name.
    pub pairs: IndexMap<String, PairConfig>,
    /// By name; the first one that matches a family holds.
    pub aggregates: IndexMap<String, AggregateConfig>,
    /// By name.
    pub derived: IndexMap<String, DerivedConfig>,
}

impl UserKnowledge {
    /// The embedded table with the additions.
    pub fn table(&self) -> Knowledge {
        let mut knowledge = Knowledge::default();
        for (name, pair) in &self.pairs {
            let software = pair.software.as_ref().unwrap_or(name);
            knowledge.add_pair(software.clone(), pair.rule());
        }
        for aggregate in self.aggregates.values() {
            knowledge.add_combination(aggregate.combine, &aggregate.families);
        }
        for (name, derived) in &self.derived {
            knowledge.add_derived(derived.rule(name));
        }
        knowledge
    }
}

impl DerivedConfig {
    fn rule(&self, name: &str) -> DerivedRule {
        DerivedRule {
            name: name.to_owned(),
            title: self.title.clone().unwrap_or_else(|| name.to_owned()),
            unit: self.unit.clone(),
            families: self.families.clone(),
            read: self.read,
            scale: self.scale,
            per: self.per,
            once_per_device: self.once_per_device,
        }
    }
}

fn one() -> f64 {
    1.0
}

impl PairConfig {
    fn rule(&self) -> PairRule {
        let own = |(name, value): (&String, &String)| (name.clone(), value.clone());
        PairRule {
            quantity: self.quantity,
            families: self.families.clone(),
            read: self.read,
            per: self.per.clone(),
            unit: self.unit,
            labels: self.labels.iter().map(own).collect(),
            settle: false,
            each: Each::Request,
            counts_cancelled: true,
            excludes_cached: false,
            if_disaggregated: None,
            note: self.note.clone(),
        }
    }
}

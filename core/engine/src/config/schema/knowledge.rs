//! `[pairs.NAME]` and `[aggregates.NAME]`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::knowledge::{Each, How, Knowledge, PairRule, Quantity, Read, TimeUnit};

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

/// What the user adds to what is known of server software.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserKnowledge {
    /// By name.
    pub pairs: IndexMap<String, PairConfig>,
    /// By name; the first one that matches a family holds.
    pub aggregates: IndexMap<String, AggregateConfig>,
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
        knowledge
    }
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

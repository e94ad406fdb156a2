//! What the store is told.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::view::Barrier;
#[cfg(doc)]
use aiperf_plugin_sdk::view::ScrapeFacts;
use serde::{Deserialize, Serialize};

use super::Pattern;

/// Which families are kept, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Families {
    /// Families to keep; empty for all.
    pub include: Vec<Pattern>,
    /// Families to drop, even if included.
    pub exclude: Vec<Pattern>,
}

impl Families {
    /// True if the family is kept.
    pub(super) fn wants(&self, family: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(family));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// Limits and names that the user can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreOptions {
    /// Label that tells several servers behind one endpoint apart.
    pub server_label: String,
    /// Families to keep, unless their source has a choice of its own.
    pub families: Families,
    /// Keep what is known of readings as series of their own.
    pub scrape_metrics: bool,
    /// Series of the whole run; more are dropped and counted.
    pub max_series: usize,
    /// Bytes for series and samples. Near it the oldest samples are folded; beyond it new series
    /// are dropped and counted.
    pub memory_limit: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            server_label: "server_id".to_owned(),
            families: Families::default(),
            scrape_metrics: true,
            max_series: 1_000_000,
            memory_limit: 512 << 20,
        }
    }
}

/// Row of an endpoint, from 0 in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// A source before its first scrape.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointInfo {
    /// URL without secrets, or the name of a source that has none.
    pub url: String,
    /// Short form for people.
    pub display: String,
    /// Collector instance that names it.
    pub collector: String,
    /// True if the user did not ask for it: its failures are no records until it has answered.
    pub automatic: bool,
    /// Labels that the user attached. `server_id` (or the configured label), `server_type`,
    /// `hostname` and `instance` replace what the pages say.
    pub labels: BTreeMap<String, String>,
    /// Which of its families are kept; `None`: as [`StoreOptions`] say.
    pub families: Option<Families>,
}

/// When a scrape was, and where it stands in the run.
#[derive(Debug, Clone, Default)]
pub struct ScrapeInfo {
    /// When it was asked for and when it came.
    pub clock: PayloadClock,
    /// Index of the phase, `None` outside all phases.
    pub phase: Option<u32>,
    /// Its name.
    pub phase_name: Option<String>,
    /// Where it stands in the phase.
    pub barrier: Barrier,
    /// Bytes of the page, uncompressed; see [`ScrapeFacts::body_bytes`].
    pub body_bytes: Option<i64>,
    /// Samples on the page, if it is not at hand as a whole.
    pub samples: Option<u64>,
}

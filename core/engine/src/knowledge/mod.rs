//! What is known of server software: one table that the settle rule, the pairs of the report and the
//! aggregates over servers read. Users add to it in their configuration.

mod derived;
mod device;
mod family;
mod group;
mod quantity;
mod software;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::Deserialize;

pub use derived::{Amount, DerivedRule, RefreshRule};
pub use device::{DeviceId, DeviceRule, ValueRule};
pub use family::{FamilyRule, KnownFamily};
pub use group::Group;
pub use quantity::{Quantity, QuantityKind};
pub use software::{Disaggregated, Each, How, PairRule, Read, Software, TimeUnit};

use crate::store::Pattern;
use software::{CombineRule, matches_any};

/// The table. See `servers.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// Families that any program may have.
    #[serde(deserialize_with = "software::patterns")]
    generic: Vec<Pattern>,
    /// All that is known, most of it measured.
    software: Vec<Software>,
    /// What the user said of combining; goes before everything else.
    #[serde(skip)]
    user: Vec<CombineRule>,
}

impl Default for Knowledge {
    fn default() -> Self {
        Self::embedded().clone()
    }
}

impl Knowledge {
    /// The embedded table.
    pub fn embedded() -> &'static Self {
        static TABLE: LazyLock<Knowledge> = LazyLock::new(|| {
            toml::from_str(include_str!("servers.toml")).expect("a test reads the embedded table")
        });
        &TABLE
    }

    /// All software that is known.
    pub fn software(&self) -> &[Software] {
        &self.software
    }

    /// Adds a pair of the user's; `software` is what the report calls servers that have its
    /// families.
    pub fn add_pair(&mut self, software: String, rule: PairRule) {
        let mut software = Software::of_user(software, &rule.families);
        software.pairs.push(rule);
        self.software.push(software);
    }

    /// Adds a derived number of the user's, for whatever has its families.
    pub fn add_derived(&mut self, rule: DerivedRule) {
        let mut software = Software::of_user(rule.name.clone(), &rule.families);
        software.derived.push(rule);
        self.software.push(software);
    }

    /// Says how families that match one of `patterns` are combined. What was said first holds.
    pub fn add_combination(&mut self, how: How, patterns: &[String]) {
        let families = patterns.iter().map(|text| Pattern::new(text)).collect();
        self.user.push(CombineRule { how, families });
    }

    /// What is known of a family that its page does not say. Only the embedded table tells.
    pub fn family(name: &str) -> KnownFamily {
        let mut software = Self::embedded().software.iter();
        software.find_map(|one| one.known(name)).unwrap_or_default()
    }

    /// What the increase of a counter equals at the end of a phase.
    pub fn settled_by(&self, series: &str) -> Option<Quantity> {
        self.software.iter().find_map(|one| one.settled_by(series))
    }

    /// True if the series is a gauge of requests in flight.
    pub fn is_in_flight(&self, series: &str) -> bool {
        self.software.iter().any(|one| one.is_in_flight(series))
    }

    /// True if the series is a share or a level, averaged over servers.
    pub fn is_averaged(&self, series: &str) -> bool {
        let mut software = self.software.iter();
        software.find_map(|one| one.how(series)) == Some(How::Mean)
    }

    /// True if any program may have the series.
    pub fn is_generic(&self, series: &str) -> bool {
        matches_any(&self.generic, series)
    }

    /// How a series of servers of this software is combined; `None` if nothing is said of it.
    pub fn how(&self, software: &[&Software], series: &str) -> Option<How> {
        let user = self.user.iter().find(|rule| rule.covers(series));
        user.map(|rule| rule.how)
            .or_else(|| software.iter().find_map(|one| one.how(series)))
    }
}

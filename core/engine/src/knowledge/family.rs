//! What is known of single families: what their pages say wrongly, or not at all.

use aiperf_plugin_sdk::MetricKind;
use serde::Deserialize;

use super::software::{matches_any, patterns};
use crate::store::Pattern;

/// A family, or several, whose pages do not say all there is to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyRule {
    /// Names as on the page.
    #[serde(deserialize_with = "patterns")]
    names: Vec<Pattern>,
    /// Their type, whatever the page says.
    #[serde(default, rename = "type")]
    pub kind: Option<MetricKind>,
    /// Their unit, whatever the page says. Empty: as the page says.
    #[serde(default)]
    pub unit: String,
    /// They count since long before their series are shown: a series that comes up within a run
    /// does not count from 0.
    #[serde(default)]
    pub is_older: bool,
    /// Their values are codes, such as numbers of errors: nothing can be computed with them.
    #[serde(default)]
    pub is_code: bool,
}

/// Values below are never blank: spares looking through the ranges for nearly every sample.
const LEAST_BLANK: f64 = 2e9;

/// Values that stand for none.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blank {
    from: f64,
    to: f64,
}

/// What is known of one family.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownFamily {
    rule: Option<&'static FamilyRule>,
    blanks: &'static [Blank],
}

impl FamilyRule {
    pub(super) fn covers(&self, family: &str) -> bool {
        matches_any(&self.names, family)
    }
}

impl KnownFamily {
    pub(super) fn new(rule: Option<&'static FamilyRule>, blanks: &'static [Blank]) -> Self {
        Self { rule, blanks }
    }

    /// Its type, where the page says `said`. Histograms and the like stay what they are.
    pub fn kind(&self, said: MetricKind) -> MetricKind {
        let is_scalar = matches!(
            said,
            MetricKind::Unknown | MetricKind::Gauge | MetricKind::Counter
        );
        let known = self.rule.and_then(|rule| rule.kind);
        known.filter(|_| is_scalar).unwrap_or(said)
    }

    /// Its unit, if it is known.
    pub fn unit(&self) -> Option<&'static str> {
        let unit = self.rule.map(|rule| rule.unit.as_str());
        unit.filter(|unit| !unit.is_empty())
    }

    /// True if a series that comes up within a run has counted before.
    pub fn is_older(&self) -> bool {
        self.rule.is_some_and(|rule| rule.is_older)
    }

    /// True if its values are codes.
    pub fn is_code(&self) -> bool {
        self.rule.is_some_and(|rule| rule.is_code)
    }

    /// What a value on the page says: NaN if it stands for none.
    pub fn reading(&self, value: f64) -> f64 {
        if value >= LEAST_BLANK && self.is_blank(value) {
            f64::NAN
        } else {
            value
        }
    }

    fn is_blank(&self, value: f64) -> bool {
        let mut blanks = self.blanks.iter();
        blanks.any(|blank| (blank.from..=blank.to).contains(&value))
    }
}

//! Numbers made of what servers and clients say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quantity;

/// How a number is made. Of several rules for a name the first one whose families are there holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedRule {
    /// Stable name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Unit, after scaling.
    pub unit: String,
    /// Names as on the page (a counter with its `_total`); several are added.
    pub families: Vec<String>,
    /// What of them.
    pub read: Amount,
    /// What their sum is multiplied by.
    #[serde(default = "one")]
    pub scale: f64,
    /// What it is divided by.
    #[serde(default)]
    pub per: Option<Quantity>,
    /// Series of a device are the same number, shown by several: it counts once. Else all series are
    /// added.
    #[serde(default)]
    pub once_per_device: bool,
}

/// What of families goes into a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A counter's increase over the window, or the sum of a histogram's observations.
    Total,
    /// A gauge's average.
    Average,
    /// A gauge's average times the seconds of the phase: joules from watts.
    Integral,
}

fn one() -> f64 {
    1.0
}

/// Families that move whenever the source looks at what they are about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshRule {
    /// Names as on the page.
    pub families: Vec<String>,
    /// What to do if they move less often than they are read; a sentence without a final period.
    pub remedy: String,
}

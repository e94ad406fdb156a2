//! A family of one server, and what a sample is to it.

use aiperf_plugin_sdk::MetricKind;

use super::fold::SumPast;
use super::series::{NEVER, Role};
use crate::knowledge::{Knowledge, KnownFamily};

/// A family of one server.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) server: u32,
    pub(super) name: Box<str>,
    pub(super) kind: MetricKind,
    pub(super) help: Box<str>,
    pub(super) unit: Box<str>,
    /// What its page does not say.
    pub(super) known: KnownFamily,
    /// Series with a value of their own, quantiles among them.
    pub(super) scalars: Vec<u32>,
    /// Histograms or summaries.
    pub(super) groups: Vec<u32>,
    /// Info and stateset series.
    pub(super) facts: Vec<u32>,
    /// Plain keys of value, sum and count, or [`NEVER`].
    pub(super) plain: [u32; 3],
    /// What is folded of the sum of several counters.
    pub(super) past: Option<Box<SumPast>>,
}

impl Family {
    pub(super) fn new(server: u32, name: &str, said: MetricKind, help: &str, unit: &str) -> Self {
        let known = Knowledge::family(name);
        Self {
            server,
            name: name.into(),
            kind: known.kind(said),
            help: help.into(),
            unit: known.unit().unwrap_or(unit).into(),
            known,
            scalars: Vec::new(),
            groups: Vec::new(),
            facts: Vec::new(),
            plain: [NEVER; 3],
            past: None,
        }
    }

    /// Whether observations are whole numbers by what they are: tokens, or a number of something.
    pub(super) fn counts_things(&self) -> bool {
        let name = super::naming::base(self.kind, &self.name);
        let tokens = [name, name.strip_suffix("_total").unwrap_or(name)]
            .iter()
            .any(|name| name.ends_with("_tokens"));
        &*self.unit == "tokens" || tokens || name.contains("_num_")
    }
}

/// What a sample of family `family` with this name and these labels is.
pub(super) fn role(kind: MetricKind, family: &str, name: &str, labels: &[(&str, &str)]) -> Role {
    let has = |label: &str| labels.iter().any(|(name, _)| *name == label);
    let suffix = name.strip_prefix(family).unwrap_or_default();
    match (kind, suffix) {
        (MetricKind::Info | MetricKind::StateSet, _) => Role::Fact,
        (MetricKind::Histogram | MetricKind::GaugeHistogram, "_bucket")
            if bound(labels).is_some() =>
        {
            Role::Bucket
        }
        (MetricKind::Histogram | MetricKind::Summary, "_sum")
        | (MetricKind::GaugeHistogram, "_gsum" | "_sum") => Role::Sum,
        (MetricKind::Histogram | MetricKind::Summary, "_count")
        | (MetricKind::GaugeHistogram, "_gcount" | "_count") => Role::Count,
        (MetricKind::Summary, "") if has("quantile") => Role::Quantile,
        (MetricKind::Counter | MetricKind::Histogram | MetricKind::Summary, "_created") => {
            Role::Created
        }
        _ => Role::Value,
    }
}

/// Upper bound of a bucket, if `le` is a number.
pub(super) fn bound(labels: &[(&str, &str)]) -> Option<f64> {
    let (_, text) = labels.iter().find(|(name, _)| *name == "le")?;
    text.parse::<f64>().ok().filter(|bound| !bound.is_nan())
}

/// The label that tells the parts of one group apart; not part of its identity.
pub(super) fn inner_label(role: Role) -> Option<&'static str> {
    match role {
        Role::Bucket => Some("le"),
        Role::Quantile => Some("quantile"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_type_and_suffix() {
        use MetricKind as K;
        let check = |kind, name, labels: &[(&str, &str)], expect| {
            assert_eq!(role(kind, "f", name, labels), expect, "{kind:?} {name}");
        };
        check(K::Counter, "f_total", &[], Role::Value);
        check(K::Counter, "f_created", &[], Role::Created);
        check(K::Histogram, "f_bucket", &[("le", "+Inf")], Role::Bucket);
        check(K::Histogram, "f_bucket", &[("le", "x")], Role::Value);
        check(K::Histogram, "f_sum", &[], Role::Sum);
        check(K::GaugeHistogram, "f_gcount", &[], Role::Count);
        check(K::Summary, "f", &[("quantile", "0.5")], Role::Quantile);
        check(K::Summary, "f", &[], Role::Value);
        check(K::Gauge, "f_sum", &[], Role::Value);
        check(K::Info, "f_info", &[("version", "1")], Role::Fact);
    }
}

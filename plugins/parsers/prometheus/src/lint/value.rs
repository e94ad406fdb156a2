//! Rules about values, and about names of samples that go with a type.

#![expect(clippy::float_cmp, reason = "values are compared as they were written")]

use aiperf_plugin_sdk::MetricKind as Kind;

use super::finding::{Findings, Severity};
use super::page::{Family, Page, Sample};
use crate::format::Format;

pub(super) fn check(page: &Page<'_>, findings: &mut Findings) {
    for family in &page.families {
        for sample in page.of(family) {
            if let Some((rule, message)) = problem(page.format, family, sample) {
                let (subject, at) = (family.name.as_bytes(), sample.value_at.clone());
                findings.grouped(Severity::Error, rule, subject, at, message);
            }
        }
        if page.format == Format::OpenMetrics && family.kind == Kind::Counter {
            bare_counter(page, family, findings);
        }
    }
}

fn problem(
    format: Format,
    family: &Family<'_>,
    sample: &Sample<'_>,
) -> Option<(&'static str, String)> {
    let (name, value) = (&sample.name, sample.value);
    let is_created = name.ends_with("_created");
    let is_total = family.kind == Kind::Counter && !is_created;
    let is_count = counts(family.kind) && has_suffix(family, name, &["_count", "_bucket"]);
    if (is_total || is_count) && (value.is_nan() || value < 0.0) {
        let what = if is_total { "counter" } else { "count" };
        let message = format!("`{name}` is a {what}, which is never negative and always a number");
        return Some(("count-value", message));
    }
    if is_count && value.is_finite() && value.fract() != 0.0 {
        let message = format!("`{name}` counts observations, and is no whole number");
        return Some(("count-value", message));
    }
    if format == Format::PrometheusText {
        return None;
    }
    match family.kind {
        Kind::Info if value != 1.0 => {
            let message = format!("`{name}` is of type info, whose value is 1");
            Some(("info-value", message))
        }
        Kind::StateSet if value != 0.0 && value != 1.0 => {
            let message = format!("`{name}` is of type stateset, whose values are 0 and 1");
            Some(("stateset-value", message))
        }
        Kind::StateSet if sample.label(&family.name).is_none() => {
            let message = format!("`{name}` is of type stateset, and lacks the label `{name}`");
            Some(("stateset-label", message))
        }
        _ => None,
    }
}

fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Histogram | Kind::Summary)
}

fn has_suffix(family: &Family<'_>, name: &str, suffixes: &[&str]) -> bool {
    let suffix = name.strip_prefix(family.name.as_ref());
    suffix.is_some_and(|suffix| suffixes.contains(&suffix))
}

/// OpenMetrics has no counters without `_total`.
fn bare_counter(page: &Page<'_>, family: &Family<'_>, findings: &mut Findings) {
    for sample in page.of(family) {
        if sample.name == family.name {
            let message = format!(
                "`{}` is a counter, and lacks `_total` at its end",
                sample.name
            );
            let (subject, at) = (family.name.as_bytes(), sample.series_at());
            findings.grouped(Severity::Error, "counter-total", subject, at, message);
        }
    }
}

//! Names and texts as they are usually written: what `promtool check metrics` says of them.

use aiperf_plugin_sdk::MetricKind as Kind;

use super::finding::{Findings, Severity};
use super::page::{Family, Page, Sample};
use super::units::{abbreviation, better_unit};
use crate::format::Format;

pub(super) fn check(page: &Page<'_>, findings: &mut Findings) {
    for family in &page.families {
        let mut warn = |rule, message: String| {
            let (subject, at) = (family.name.as_bytes(), family.at.clone());
            findings.grouped(Severity::Warning, rule, subject, at, message);
        };
        described(family, &mut warn);
        counter(page.format, family, &mut warn);
        words(family, &mut warn);
    }
    for sample in &page.samples {
        labels(&page.families[sample.family], sample, findings);
    }
}

type Warn<'w> = &'w mut dyn FnMut(&'static str, String);

fn described(family: &Family<'_>, warn: Warn<'_>) {
    let name = &family.name;
    if !family.has_help {
        warn("no-help", format!("`{name}` has no HELP text"));
    }
    if !family.is_typed {
        warn("no-type", format!("`{name}` has no TYPE"));
    }
}

/// `_total` is for counters and for nothing else; in OpenMetrics it is no part of a family's name.
fn counter(format: Format, family: &Family<'_>, warn: Warn<'_>) {
    let name = &family.name;
    let has_total = name.ends_with("_total");
    match (family.kind, format) {
        (Kind::Counter, Format::PrometheusText) if !has_total => warn(
            "counter-total",
            format!("`{name}` is a counter, whose name ends in `_total`"),
        ),
        (Kind::Counter, Format::OpenMetrics) if has_total => warn(
            "counter-total",
            format!("`{name}`: the TYPE of a counter names it without `_total`"),
        ),
        (Kind::Counter | Kind::Unknown, _) => {}
        _ if has_total => warn(
            "total-suffix",
            format!("`{name}` is no counter, and its name ends in `_total`"),
        ),
        _ => {}
    }
    let is_histogram = matches!(family.kind, Kind::Histogram | Kind::GaugeHistogram);
    let reserved: &[&str] = match family.kind {
        Kind::Unknown => &[],
        Kind::Summary => &["_bucket"],
        _ if is_histogram => &[],
        _ => &["_bucket", "_count", "_sum"],
    };
    for suffix in reserved.iter().filter(|suffix| name.ends_with(**suffix)) {
        let owner = if *suffix == "_bucket" {
            "histograms"
        } else {
            "histograms and summaries"
        };
        let message = format!("`{name}`: names that end in `{suffix}` belong to {owner}");
        warn("reserved-suffix", message);
    }
}

fn words(family: &Family<'_>, warn: Warn<'_>) {
    let name = family.name.as_ref();
    if let Some((unit, base)) = better_unit(name) {
        let message = format!("`{name}` is in {unit}, usual are {base}");
        warn("unit", message);
    }
    if let Some(short) = abbreviation(name) {
        let message = format!("`{name}` has the abbreviated unit `{short}`");
        warn("unit-abbreviated", message);
    }
    if let Some(word) = type_word(name) {
        warn(
            "type-in-name",
            format!("`{name}` has its type in its name: `{word}`"),
        );
    }
    if name.contains(':') {
        let message = format!("`{name}` has a colon, which is meant for recording rules");
        warn("colon", message);
    }
    if is_camel_case(name) {
        warn(
            "camel-case",
            format!("`{name}` is in camelCase, usual is snake_case"),
        );
    }
}

fn type_word(name: &str) -> Option<&str> {
    let is_type = |word: &&str| matches!(*word, "counter" | "gauge" | "histogram" | "summary");
    // A name that is nothing else says what it is about.
    name.split('_').skip(1).find(is_type)
}

fn labels(family: &Family<'_>, sample: &Sample<'_>, findings: &mut Findings) {
    let is_histogram = matches!(family.kind, Kind::Histogram | Kind::GaugeHistogram);
    for label in &sample.labels {
        let found = match label.name.as_ref() {
            _ if family.kind == Kind::Unknown => None,
            "le" if !is_histogram => Some(("reserved-label", "belongs to histograms")),
            "quantile" if family.kind != Kind::Summary => {
                Some(("reserved-label", "belongs to summaries"))
            }
            name if is_camel_case(name) => {
                Some(("camel-case", "is in camelCase, usual is snake_case"))
            }
            _ => None,
        };
        if let Some((rule, what)) = found {
            let message = format!("label `{}` of `{}` {what}", label.name, family.name);
            let subject = format!("{} {}", family.name, label.name);
            findings.grouped(
                Severity::Warning,
                rule,
                subject,
                sample.series_at(),
                message,
            );
        }
    }
}

/// A small letter before a capital one.
fn is_camel_case(name: &str) -> bool {
    let pairs = name.as_bytes().windows(2);
    pairs
        .into_iter()
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

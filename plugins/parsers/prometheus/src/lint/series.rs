//! Rules about single series: labels, and what makes them two.

use std::collections::HashMap;

use super::finding::{Findings, Severity};
use super::page::{Page, Sample};
use crate::format::Format;

pub(super) fn check(page: &Page<'_>, findings: &mut Findings) {
    duplicates(page, findings);
    times(page, findings);
    for sample in &page.samples {
        labels(sample, findings);
    }
}

/// The same series twice, at the same time or without one: readers keep either.
fn duplicates(page: &Page<'_>, findings: &mut Findings) {
    let mut first = HashMap::new();
    for sample in &page.samples {
        let key = (&sample.name, sample.identity(""), sample.time);
        if let Some(line) = first.insert(key, sample.line.number) {
            let message = format!("this series of `{}` is on line {line} already", sample.name);
            let (subject, at) = (sample.name.as_bytes(), sample.series_at());
            findings.grouped(Severity::Error, "duplicate-series", subject, at, message);
        }
    }
}

/// Times of their own: allowed, and hardly ever meant. In OpenMetrics they must not go back.
fn times(page: &Page<'_>, findings: &mut Findings) {
    let mut latest = HashMap::new();
    for sample in &page.samples {
        let (Some(time), Some(at)) = (sample.time, sample.time_at.clone()) else {
            continue;
        };
        let name = &page.families[sample.family].name;
        let before = latest.insert((&sample.name, sample.identity("")), time);
        if page.format == Format::OpenMetrics && before.is_some_and(|before| before > time) {
            let message = format!("times of a series of `{name}` go back");
            findings.grouped(Severity::Error, "time-order", name.as_bytes(), at, message);
            continue;
        }
        let message = format!(
            "samples of `{name}` have times of their own: a series that is gone is then not noticed"
        );
        findings.grouped(Severity::Warning, "timestamp", name.as_bytes(), at, message);
    }
}

fn labels(sample: &Sample<'_>, findings: &mut Findings) {
    for (index, label) in sample.labels.iter().enumerate() {
        let mut before = sample.labels[..index].iter();
        if before.any(|other| other.name == label.name) {
            let message = format!("label `{}` is given twice", label.name);
            let subject = sample.name.as_bytes();
            let at = sample.series_at();
            findings.grouped(Severity::Error, "duplicate-label", subject, at, message);
        }
        if label.name.starts_with("__") {
            let message = format!(
                "label `{}`: names that begin with `__` belong to Prometheus itself",
                label.name
            );
            let (subject, at) = (label.name.as_bytes(), sample.series_at());
            findings.grouped(Severity::Error, "reserved-label", subject, at, message);
        }
    }
}

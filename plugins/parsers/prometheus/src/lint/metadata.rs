//! Lines of HELP and TYPE: one of each, before the samples, which stand together.

use std::collections::HashMap;

use super::finding::{Findings, Severity};
use super::page::Page;
use crate::format::Format;
use crate::metadata::Keyword;

pub(super) fn check(page: &Page<'_>, findings: &mut Findings) {
    twice(page, findings);
    late(page, findings);
    scattered(page, findings);
}

fn twice(page: &Page<'_>, findings: &mut Findings) {
    let mut first = HashMap::new();
    for note in &page.notes {
        let (rule, word) = match note.keyword {
            Keyword::Help => ("second-help", "HELP"),
            Keyword::Type => ("second-type", "TYPE"),
            _ => ("second-unit", "UNIT"),
        };
        if let Some(line) = first.insert((rule, note.name), note.line.number) {
            let name = String::from_utf8_lossy(note.name);
            let message = format!("`{name}` has a {word} line already, line {line}");
            let at = note.line.range.clone();
            findings.grouped(Severity::Error, rule, note.name, at, message);
        }
    }
}

/// Types that come after samples: readers that read once take these samples for something else.
fn late(page: &Page<'_>, findings: &mut Findings) {
    let types = page.notes.iter().filter(|n| n.keyword == Keyword::Type);
    let mut types_at = HashMap::new();
    for note in types {
        let name = String::from_utf8_lossy(note.name);
        types_at.entry(name).or_insert(&note.line);
    }
    for family in &page.families {
        let first = page.of(family).map(|sample| sample.line.number).min();
        if let (Some(line), Some(first)) = (types_at.get(&family.name), first)
            && line.number > first
        {
            let message = format!(
                "the TYPE of `{}` stands behind its samples, which begin at line {first}",
                family.name
            );
            findings.error("late-type", line.range.clone(), message);
        }
    }
}

/// Samples of a family with those of another between them.
fn scattered(page: &Page<'_>, findings: &mut Findings) {
    let mut left = vec![None; page.families.len()];
    let mut current = None;
    for sample in &page.samples {
        if current == Some(sample.family) {
            continue;
        }
        if let Some(previous) = current {
            left[previous] = Some(sample.line.number);
        }
        current = Some(sample.family);
        if let Some(line) = left[sample.family] {
            let name = &page.families[sample.family].name;
            let message = format!(
                "the samples of `{name}` do not stand together: others begin at line {line}"
            );
            let severity = match page.format {
                Format::OpenMetrics => Severity::Error,
                Format::PrometheusText => Severity::Warning,
            };
            let at = sample.series_at();
            findings.grouped(severity, "scattered", name.as_bytes(), at, message);
        }
    }
}

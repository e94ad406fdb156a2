//! Numbers made of what servers and clients say. See `docs/metrics.md#derived`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{DerivedReport, MetricReport, Report, ServerReport};

use super::aggregate::is_quantile;
use super::pairs::{ClientSide, Facts};
use crate::knowledge::{Amount, DerivedRule, DeviceRule, Group, Knowledge, Software};

/// One row for each number of each group of servers that has its families. What is divided by a
/// quantity of the clients needs load.
pub(super) fn of(report: &Report, knowledge: &Knowledge) -> Vec<DerivedReport> {
    let groups = knowledge.groups(&report.servers);
    let rows = groups.iter().flat_map(|group| {
        let software = group.software.iter();
        software.flat_map(|software| of_software(report, group, software))
    });
    rows.collect()
}

fn of_software(report: &Report, group: &Group<'_>, software: &Software) -> Vec<DerivedReport> {
    let mut rows: Vec<DerivedReport> = Vec::new();
    for rule in &software.derived {
        if rows.iter().any(|row| row.name == rule.name) {
            continue;
        }
        let row = row(report, group, rule);
        rows.extend(row.map(|row| DerivedReport {
            software: software.name.clone(),
            ..row
        }));
    }
    rows
}

/// `None` if no server has all families, or nothing is known of what they are divided by.
fn row(report: &Report, group: &Group<'_>, rule: &DerivedRule) -> Option<DerivedReport> {
    let has = |server: &ServerReport, family: &String| {
        server.metrics.iter().any(|metric| metric.name == *family)
    };
    let servers: Vec<&ServerReport> = group
        .servers
        .iter()
        .copied()
        .filter(|server| rule.families.iter().all(|family| has(server, family)))
        .collect();
    let device = group.software.iter().find_map(|one| one.device.as_ref());
    let device = device.filter(|_| rule.once_per_device);
    let amounts: Vec<Amounts> = rule
        .families
        .iter()
        .map(|family| amounts(&servers, family, rule, device))
        .collect();
    let seconds = report.metadata.duration_seconds;
    let factor = match rule.read {
        Amount::Integral => rule.scale * seconds,
        Amount::Total | Amount::Average => rule.scale,
    };
    let sum: Option<f64> = amounts.iter().map(|one| one.sum).sum();
    let numerator = sum.map(|sum| sum * factor);
    let (per, denominator, estimated) = denominator(report, rule)?;
    let value = match denominator {
        None if per.is_empty() => numerator,
        None => None,
        Some(by) => numerator.filter(|_| by > 0.0).map(|sum| sum / by),
    };
    (!servers.is_empty()).then(|| DerivedReport {
        name: rule.name.clone(),
        display_name: rule.title.clone(),
        unit: rule.unit.clone(),
        value,
        numerator,
        per,
        denominator,
        estimated,
        formula: formula(rule),
        devices: amounts.iter().map(|one| one.devices).max().unwrap_or(0),
        servers: servers
            .iter()
            .map(|server| server.server_id.clone())
            .collect(),
        ..DerivedReport::default()
    })
}

/// Name, amount, and whether it is a guess; `None` without load.
fn denominator(report: &Report, rule: &DerivedRule) -> Option<(String, Option<f64>, bool)> {
    let Some(quantity) = rule.per else {
        return Some((String::new(), None, false));
    };
    let facts = Facts::of(report)?;
    let side = ClientSide::of(report, &facts, quantity);
    Some((quantity.as_str().to_owned(), side.stats.avg, side.guessed))
}

/// A family over all servers.
struct Amounts {
    /// `None` if one of them is not known.
    sum: Option<f64>,
    devices: u64,
}

fn amounts(
    servers: &[&ServerReport],
    family: &str,
    rule: &DerivedRule,
    device: Option<&DeviceRule>,
) -> Amounts {
    let series = servers.iter().flat_map(|server| &server.metrics);
    let series = series
        .filter(|metric| metric.name == family && !metric.sum_over_series && !is_quantile(metric));
    // By device; series that are of none stand for themselves.
    let mut parts: BTreeMap<String, Vec<(bool, Option<f64>)>> = BTreeMap::new();
    let mut others = Vec::new();
    for metric in series {
        let amount = amount(metric, rule.read);
        match device.and_then(|device| device.id_of(&metric.labels)) {
            Some(id) => {
                let part = (id.part.is_some(), amount);
                parts.entry(id.device).or_default().push(part);
            }
            None => others.push(amount),
        }
    }
    let once: Vec<_> = parts.into_values().map(|shown| whole(&shown)).collect();
    let all = once.into_iter().chain(others);
    Amounts {
        devices: all.clone().count() as u64,
        sum: all.sum(),
    }
}

/// The number of a device that several series show: its parts show the whole's, and pages read at
/// other moments, or for a part of the window only, show a little less.
fn whole(shown: &[(bool, Option<f64>)]) -> Option<f64> {
    let largest = |wanted: bool| {
        let amounts = shown.iter().filter(|(is_part, _)| *is_part == wanted);
        amounts.filter_map(|(_, amount)| *amount).reduce(f64::max)
    };
    largest(false).or_else(|| largest(true))
}

fn amount(metric: &MetricReport, read: Amount) -> Option<f64> {
    match read {
        Amount::Total => metric.total.or(metric.sum),
        Amount::Average | Amount::Integral => metric.stats.avg,
    }
}

/// How a reader would write the numerator.
fn formula(rule: &DerivedRule) -> String {
    let families = rule.families.join(" + ");
    let (before, after) = match rule.read {
        Amount::Total => ("increase", ""),
        Amount::Average => ("average", ""),
        Amount::Integral => ("average", " * seconds"),
    };
    let scale = if (rule.scale - 1.0).abs() < f64::EPSILON {
        String::new()
    } else {
        format!(" * {}", rule.scale)
    };
    format!("{before}({families}){after}{scale}")
}

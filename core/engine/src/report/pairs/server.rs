//! The servers' side of a quantity.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aiperf_plugin_sdk::report::{Combine, MetricReport, ServerReport, Stats, ValueBounds};

use super::super::aggregate::{Part, combine, is_quantile, series};
use super::super::histogram::Histograms;
use crate::knowledge::{Group, PairRule, QuantityKind, Read, Software};

/// What servers of one role say of a quantity, in the clients' unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ServerSide {
    /// Ids of the servers that say it.
    pub(super) servers: Vec<String>,
    /// URLs of their endpoints.
    pub(super) endpoints: BTreeSet<String>,
    /// Families, or a formula over them.
    pub(super) family: String,
    pub(super) stats: Stats,
    /// Observations or readings behind them; `None` for totals.
    pub(super) n: Option<f64>,
    pub(super) bounds: BTreeMap<String, ValueBounds>,
    /// True if a server started again.
    pub(super) was_reset: bool,
    /// Half the width of the 95 % confidence interval of a gauge's average.
    pub(super) sampling_error: Option<f64>,
}

impl ServerSide {
    /// `None` if no server of the group has all families of the rule.
    pub(super) fn of(
        group: &Group<'_>,
        software: &Software,
        rule: &PairRule,
        (model, histograms): (&str, &Histograms),
    ) -> Option<Self> {
        let chosen = |server: &ServerReport, family: &str| -> bool {
            !select(server, family, rule, software, model).is_empty()
        };
        let families = || rule.families.iter().chain(&rule.per);
        let servers: Vec<&ServerReport> = group
            .servers
            .iter()
            .copied()
            .filter(|server| families().all(|family| chosen(server, family)))
            .collect();
        let whole = |family: &String| {
            let parts = servers.iter();
            let parts = parts.flat_map(|server| {
                let chosen = select(server, family, rule, software, model);
                let part = |metric| Part::of(server, metric, histograms);
                chosen.into_iter().map(part)
            });
            combine(&parts.collect::<Vec<_>>(), Combine::Sum)
        };
        let metrics: Vec<MetricReport> = rule.families.iter().map(whole).collect();
        let per = rule.per.as_ref().map(whole);
        let was_reset = metrics
            .iter()
            .chain(&per)
            .any(|m| m.resets.unwrap_or_default() > 0);
        (!servers.is_empty()).then(|| Self {
            servers: servers
                .iter()
                .map(|server| server.server_id.clone())
                .collect(),
            endpoints: servers
                .iter()
                .map(|server| server.endpoint_url.clone())
                .collect(),
            family: formula(rule),
            was_reset,
            ..read(rule, &metrics, per.as_ref())
        })
    }
}

/// Series of a family that the rule is about.
fn select<'a>(
    server: &'a ServerReport,
    family: &str,
    rule: &PairRule,
    software: &Software,
    model: &str,
) -> Vec<&'a MetricReport> {
    if rule.labels.is_empty() && software.model_label.is_none() {
        return series(server, family);
    }
    let single = server.metrics.iter();
    let single = single.filter(|m| m.name == family && !m.sum_over_series && !is_quantile(m));
    let has = |metric: &MetricReport| {
        rule.labels
            .iter()
            .all(|(name, value)| metric.labels.get(name) == Some(value))
    };
    let all: Vec<_> = single.filter(|metric| has(metric)).collect();
    let is_model = |metric: &&MetricReport| {
        let label = software.model_label.as_ref();
        label.is_some_and(|label| metric.labels.get(label).is_some_and(|m| m == model))
    };
    let of_model: Vec<_> = all.iter().copied().filter(is_model).collect();
    if of_model.is_empty() { all } else { of_model }
}

fn read(rule: &PairRule, metrics: &[MetricReport], per: Option<&MetricReport>) -> ServerSide {
    let scale = match rule.quantity.kind() {
        QuantityKind::Time => rule.unit.in_ms(),
        _ => 1.0,
    };
    let value = rule.read.unwrap_or(rule.quantity.read());
    if let Some(per) = per {
        return ratio(metrics, per, scale);
    }
    match (value, metrics) {
        (Read::Observations, [one]) => ServerSide {
            stats: scaled(&one.stats, scale),
            n: one.count,
            bounds: one
                .bounds
                .iter()
                .map(|(name, b)| (name.clone(), scaled_bounds(*b, scale)))
                .collect(),
            ..ServerSide::default()
        },
        (Read::Level, [one]) => ServerSide {
            stats: scaled(&one.stats, scale),
            n: Some(one.n as f64),
            bounds: one.bounds.clone(),
            sampling_error: one.sampling_error,
            ..ServerSide::default()
        },
        (Read::Level, several) => level(several),
        (Read::Observations, several) => {
            let count = sum(several, |m| m.count);
            let time = sum(several, |m| m.sum);
            ServerSide {
                stats: Stats::single(quotient(time, count).map(|mean| mean * scale)),
                n: count,
                ..ServerSide::default()
            }
        }
        (Read::Count, all) => total(sum(all, |m| m.count)),
        (Read::Sum, all) => total(sum(all, |m| m.sum).map(|sum| sum * scale)),
        (Read::Total, all) => total(sum(all, |m| m.total).map(|total| total * scale)),
    }
}

fn total(total: Option<f64>) -> ServerSide {
    ServerSide {
        stats: Stats::single(total),
        ..ServerSide::default()
    }
}

/// Counters by a counter.
fn ratio(metrics: &[MetricReport], per: &MetricReport, scale: f64) -> ServerSide {
    let mean = quotient(sum(metrics, |m| m.total), per.total);
    ServerSide {
        stats: Stats::single(mean.map(|mean| mean * scale)),
        n: per.total,
        ..ServerSide::default()
    }
}

/// Gauges that add up, such as running and waiting requests. They stand on the same pages.
fn level(metrics: &[MetricReport]) -> ServerSide {
    let squares = sum(metrics, |m| m.sampling_error.map(|error| error * error));
    let readings = metrics.iter().map(|metric| metric.n).min();
    ServerSide {
        stats: Stats::single(sum(metrics, |m| m.stats.avg)),
        n: readings.map(|readings| readings as f64),
        sampling_error: squares.map(f64::sqrt),
        ..ServerSide::default()
    }
}

fn sum(metrics: &[MetricReport], value: fn(&MetricReport) -> Option<f64>) -> Option<f64> {
    metrics.iter().map(value).sum()
}

fn quotient(total: Option<f64>, count: Option<f64>) -> Option<f64> {
    let (total, count) = total.zip(count)?;
    (count > 0.0).then(|| total / count)
}

fn scaled(stats: &Stats, scale: f64) -> Stats {
    let of = |value: Option<f64>| value.map(|value| value * scale);
    Stats {
        avg: of(stats.avg),
        min: of(stats.min),
        max: of(stats.max),
        p99: of(stats.p99),
        p90: of(stats.p90),
        p50: of(stats.p50),
        std: of(stats.std),
    }
}

fn scaled_bounds(bounds: ValueBounds, scale: f64) -> ValueBounds {
    let of = |value: Option<f64>| value.map(|value| value * scale);
    ValueBounds {
        lower: of(bounds.lower),
        upper: of(bounds.upper),
    }
}

/// How a reader would write the rule, such as `a + b`, `h_sum` or `c{status="success"}`.
fn formula(rule: &PairRule) -> String {
    let suffix = match rule.read {
        Some(Read::Sum) => "_sum",
        Some(Read::Count) => "_count",
        _ => "",
    };
    let mut labels = String::new();
    for (name, value) in &rule.labels {
        let comma = if labels.is_empty() { "" } else { "," };
        write!(labels, "{comma}{name}=\"{value}\"").expect("a String takes all that is written");
    }
    if !labels.is_empty() {
        labels = format!("{{{labels}}}");
    }
    let name = |family: &String| format!("{family}{suffix}{labels}");
    let families: Vec<_> = rule.families.iter().map(name).collect();
    let sum = families.join(" + ");
    match &rule.per {
        Some(per) if families.len() > 1 => format!("({sum}) / {per}{labels}"),
        Some(per) => format!("{sum} / {per}{labels}"),
        None => sum,
    }
}

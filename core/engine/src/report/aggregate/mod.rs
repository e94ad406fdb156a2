//! Families over several servers. See `docs/metrics.md#aggregates`.

mod combine;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{AggregateReport, Combine, MetricReport, ServerReport};

pub(super) use combine::{Part, combine};

use super::histogram::Histograms;
use crate::knowledge::{Group, How, Knowledge};
use crate::store::sanitize;

/// Every family that several servers of one role have, if it is known how to combine it. By group of
/// servers in the order in which they first come, then by name.
pub(super) fn of(
    servers: &[ServerReport],
    knowledge: &Knowledge,
    histograms: &Histograms,
) -> Vec<AggregateReport> {
    let groups = knowledge.groups(servers);
    let several = groups.iter().filter(|group| group.servers.len() > 1);
    several
        .flat_map(|group| of_group(group, knowledge, histograms))
        .collect()
}

fn of_group(
    group: &Group<'_>,
    knowledge: &Knowledge,
    histograms: &Histograms,
) -> Vec<AggregateReport> {
    let mut families: BTreeMap<&str, Vec<&ServerReport>> = BTreeMap::new();
    for server in &group.servers {
        for metric in &server.metrics {
            let having = families.entry(&metric.name).or_default();
            // Series of a family stand side by side or far apart: once a server is enough.
            if having
                .last()
                .is_none_or(|last| !std::ptr::eq(*last, *server))
            {
                having.push(server);
            }
        }
    }
    let several = families.into_iter().filter(|(_, having)| having.len() > 1);
    several
        .filter_map(|(name, having)| {
            let parts = having.iter().flat_map(|server| {
                let part = |metric| Part::of(server, metric, histograms);
                series(server, name).into_iter().map(part)
            });
            let parts: Vec<_> = parts.collect();
            of_family(group, knowledge, name, (&having, &parts))
        })
        .collect()
}

fn of_family(
    group: &Group<'_>,
    knowledge: &Knowledge,
    name: &str,
    (having, parts): (&[&ServerReport], &[Part<'_>]),
) -> Option<AggregateReport> {
    let kind = parts.first()?.metric.kind;
    if parts.iter().any(|part| part.metric.kind != kind) {
        return None;
    }
    let how = how(group, knowledge, name, kind)?;
    Some(AggregateReport {
        key: key(name, kind),
        software: group.names(),
        role: group.roles(),
        combine: how,
        servers: having
            .iter()
            .map(|server| server.server_id.clone())
            .collect(),
        metric: combine(parts, how),
    })
}

fn key(name: &str, kind: MetricKind) -> String {
    let counter = kind == MetricKind::Counter;
    let stem = name.strip_suffix("_total").filter(|_| counter);
    sanitize(stem.unwrap_or(name))
}

/// What may be added by its type is added unless somebody says no; anything else is combined only if
/// somebody says how.
fn how(group: &Group<'_>, knowledge: &Knowledge, name: &str, kind: MetricKind) -> Option<Combine> {
    let said = knowledge.how(&group.software, name);
    let adds_up = matches!(
        kind,
        MetricKind::Counter
            | MetricKind::Histogram
            | MetricKind::GaugeHistogram
            | MetricKind::Summary
    );
    if !adds_up {
        return said?.combine();
    }
    // Servers that nobody knows are the same only in what no other program has.
    let stranger = group.software.is_empty() && knowledge.is_generic(name);
    let may = said.map_or(!stranger, |said| said != How::Never);
    may.then_some(Combine::Sum)
}

/// What to combine of a family: the sum over its series if there is one, else all series. Quantiles
/// of summaries are left out: they cannot be combined.
pub(super) fn series<'a>(server: &'a ServerReport, family: &str) -> Vec<&'a MetricReport> {
    let all: Vec<_> = server
        .metrics
        .iter()
        .filter(|metric| metric.name == family && !is_quantile(metric))
        .collect();
    match all.iter().find(|metric| metric.sum_over_series) {
        Some(sum) => vec![sum],
        None => all,
    }
}

/// True for a quantile that the server computed.
pub(super) fn is_quantile(metric: &MetricReport) -> bool {
    metric.kind == MetricKind::Summary && metric.labels.contains_key("quantile")
}

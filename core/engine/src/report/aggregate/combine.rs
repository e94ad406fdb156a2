//! Several metrics as one, by type.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{Combine, MetricReport, ServerReport, Stats, ValueBounds};

use super::super::histogram::{Histograms, Parts, unknown};

/// Note of a sum whose parts have different buckets.
const LAYOUT: &str = "bucket_layout_differs";

/// A metric of one server, to be combined with others'.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) metric: &'a MetricReport,
    /// What a histogram is made from, if anything is known of it.
    pub(super) counted: Option<&'a Parts>,
}

impl<'a> Part<'a> {
    pub(crate) fn of(
        server: &ServerReport,
        metric: &'a MetricReport,
        histograms: &'a Histograms,
    ) -> Self {
        let counted = histograms.get(&server.server_id, metric);
        Self { metric, counted }
    }
}

/// The metric that `parts`, which are of one type, make together. `how` is about gauges; everything
/// else is added. A number that is not known of a part is not known of all.
///
/// Labels and key are left out. One part alone is itself.
pub(crate) fn combine(all: &[Part<'_>], how: Combine) -> MetricReport {
    let parts: Vec<&MetricReport> = all.iter().map(|part| part.metric).collect();
    let first = match parts.as_slice() {
        [] => return MetricReport::default(),
        [only] => {
            return MetricReport {
                key: String::new(),
                ..(*only).clone()
            };
        }
        [first, ..] => first,
    };
    let parts = parts.as_slice();
    let metric = match first.kind {
        MetricKind::Counter => counter(parts),
        kind if kind.has_buckets() => histogram(kind, all, parts),
        MetricKind::Summary => summary(parts),
        _ => gauge(parts, how),
    };
    MetricReport {
        unit: first.unit.clone(),
        kind: first.kind,
        name: first.name.clone(),
        description: first.description.clone(),
        n: parts.iter().map(|part| part.n).sum(),
        sum_over_series: how == Combine::Sum,
        non_finite: parts.iter().map(|part| part.non_finite).sum(),
        missing: parts.iter().map(|part| part.missing).sum(),
        longest_gap: largest(parts, |part| part.longest_gap),
        ..metric
    }
}

/// Total and rate are added. Running totals were read at different times on each server, so that
/// nothing is known of the values of their sum.
fn counter(parts: &[&MetricReport]) -> MetricReport {
    MetricReport {
        total: sum(parts, |part| part.total),
        rate: sum(parts, |part| part.rate),
        resets: resets(parts),
        ..MetricReport::default()
    }
}

/// Percentiles and bounds are those of all observations of all servers together, from what each page
/// of each of them shows.
fn histogram(kind: MetricKind, all: &[Part<'_>], parts: &[&MetricReport]) -> MetricReport {
    let counted: Option<Vec<&Parts>> = all.iter().map(|part| part.counted).collect();
    let Some(whole) = counted.and_then(Parts::sum) else {
        return unknown(kind);
    };
    let metric = whole.report(kind, None);
    let differs = !whole.has_buckets() && parts.iter().any(|part| !part.buckets.is_empty());
    let note = if differs {
        LAYOUT.to_owned()
    } else {
        metric.note
    };
    MetricReport {
        rate: sum(parts, |part| part.rate),
        note,
        ..metric
    }
}

fn summary(parts: &[&MetricReport]) -> MetricReport {
    let count = sum(parts, |part| part.count);
    let sum_of_values = sum(parts, |part| part.sum);
    MetricReport {
        stats: Stats::single(mean(sum_of_values, count)),
        count,
        sum: sum_of_values,
        rate: sum(parts, |part| part.rate),
        resets: resets(parts),
        ..MetricReport::default()
    }
}

/// `None` without observations.
fn mean(sum: Option<f64>, count: Option<f64>) -> Option<f64> {
    let (sum, count) = sum.zip(count)?;
    (count > 0.0).then(|| sum / count)
}

/// A gauge as the sum, mean or largest of the parts at each moment.
///
/// They were read at different moments, so that the values of the whole are not known; what follows
/// for its statistics from the parts' alone is.
fn gauge(parts: &[&MetricReport], how: Combine) -> MetricReport {
    let share = match how {
        Combine::Mean => 1.0 / parts.len() as f64,
        _ => 1.0,
    };
    let scaled = |value: fn(&MetricReport) -> Option<f64>| sum(parts, value).map(|v| v * share);
    let most = |value: fn(&MetricReport) -> Option<f64>| largest_if_all(parts, value);
    let (stats, lowest, highest) = if how == Combine::Max {
        let max = most(|part| part.stats.max);
        let stats = Stats {
            max,
            ..Stats::default()
        };
        (stats, most(|part| part.stats.min), max)
    } else {
        let stats = Stats::single(scaled(|part| part.stats.avg));
        (
            stats,
            scaled(|part| part.stats.min),
            scaled(|part| part.stats.max),
        )
    };
    let mut bounds = range(&stats, lowest, highest);
    if how == Combine::Max {
        // The largest at each moment is on average not below any part's average.
        let lower = most(|part| part.stats.avg);
        bounds.insert(
            "avg".to_owned(),
            ValueBounds {
                lower,
                upper: highest,
            },
        );
    }
    MetricReport {
        stats,
        bounds: if lowest.is_some() {
            bounds
        } else {
            BTreeMap::new()
        },
        sampling_error: error(parts)
            .map(|error| error * share)
            .filter(|_| how != Combine::Max),
        ..MetricReport::default()
    }
}

/// Readings of the whole lie between these; of its statistics, those that are not known do too.
fn range(stats: &Stats, lower: Option<f64>, upper: Option<f64>) -> BTreeMap<String, ValueBounds> {
    let unknown = Stats::NAMES.into_iter().zip(stats.seven());
    unknown
        .filter(|(name, value)| value.is_none() && !["avg", "std"].contains(name))
        .map(|(name, _)| (name.to_owned(), ValueBounds { lower, upper }))
        .collect()
}

/// Errors of independent readings add up by their squares.
fn error(parts: &[&MetricReport]) -> Option<f64> {
    let squares = sum_of(parts.iter().map(|part| part.sampling_error.map(|e| e * e)));
    squares.map(f64::sqrt)
}

fn resets(parts: &[&MetricReport]) -> Option<u64> {
    parts.iter().map(|part| part.resets).sum()
}

/// `None` if one is.
fn sum(parts: &[&MetricReport], value: fn(&MetricReport) -> Option<f64>) -> Option<f64> {
    sum_of(parts.iter().map(|part| value(part)))
}

fn sum_of(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.sum()
}

fn largest_if_all(parts: &[&MetricReport], value: fn(&MetricReport) -> Option<f64>) -> Option<f64> {
    let values: Option<Vec<f64>> = parts.iter().map(|part| value(part)).collect();
    values?.into_iter().reduce(f64::max)
}

fn largest(parts: &[&MetricReport], value: fn(&MetricReport) -> Option<f64>) -> Option<f64> {
    parts.iter().filter_map(|part| value(part)).reduce(f64::max)
}

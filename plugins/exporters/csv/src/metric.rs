//! Rows of metrics: the seven statistics first, then what the metric's type has more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::{
    BoundScope, ClientMetric, Estimator, MetricReport, Stats, ValueBounds,
};

use crate::cell::{count, labels_cell, number, owned_text, text};
use crate::sheet::{Row, heading};

/// Columns after `std`.
const MORE: [&str; 19] = [
    "unit",
    "type",
    "n",
    "total",
    "rate",
    "count",
    "sum",
    "rate_avg",
    "rate_min",
    "rate_max",
    "rate_p99",
    "rate_p90",
    "rate_p50",
    "rate_std",
    "estimator",
    "name",
    "labels",
    "note",
    "bound_scope",
];
/// Columns after the bounds.
const LAST: [&str; 3] = ["sampling_error", "missing", "longest_gap_seconds"];

/// Names of the columns of [`client`] and [`server`]. New ones go to the end: readers count.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    let statistics = std::iter::once("Metric").chain(Stats::NAMES);
    statistics.chain(MORE).chain(BOUNDS).chain(LAST)
}

/// Heading and row of a metric of the load generator.
pub(crate) fn client<'a>(key: &'a str, metric: &'a ClientMetric) -> [Row<'a>; 2] {
    let title = match metric.display_name.as_str() {
        "" => metric_title(key),
        name => name.to_owned(),
    };
    let mut row = seven(key, &metric.stats);
    row.extend([text(&metric.unit), Cow::Borrowed("client"), count(metric.n)]);
    row.extend(std::iter::repeat_n(Cow::Borrowed(""), 11));
    // A count that the server did not report says so where readers look for how sure it is.
    let guessed = metric.estimated.then_some(Cow::Borrowed("token_estimate"));
    row.push(guessed.unwrap_or_else(|| estimator(metric.estimator)));
    row.resize(columns().count(), Cow::Borrowed(""));
    [title_row(&title, &metric.unit), row]
}

/// Names of the columns of [`percentiles`].
pub(crate) const PERCENTILE_COLUMNS: [&str; 7] = [
    "metric",
    "percentile",
    "value",
    "ci_lower",
    "ci_upper",
    "unit",
    "n",
];

/// A row for each percentile, rising, with its confidence interval. A metric that is one number has none.
pub(crate) fn percentiles<'a>(key: &'a str, metric: &'a ClientMetric) -> Vec<Row<'a>> {
    const RISING: [&str; 10] = [
        "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99_9",
    ];
    let known = RISING
        .into_iter()
        .filter_map(|name| Some((name, metric.statistic(name)?)));
    let row = |(name, value): (&'static str, f64)| -> Row<'a> {
        let interval = metric.confidence_intervals.get(name);
        let interval = interval.copied().unwrap_or_default();
        vec![
            text(key),
            name.into(),
            number(Some(value)),
            number(interval.lower),
            number(interval.upper),
            text(&metric.unit),
            count(metric.n),
        ]
    };
    known.map(row).collect()
}

/// Heading and row of a metric of a server.
pub(crate) fn server(metric: &MetricReport) -> [Row<'_>; 2] {
    let title = title_row(&metric_title(&metric.key), &metric.unit);
    [title, server_row(metric)]
}

/// Row of a metric of a server, or of several.
pub(crate) fn server_row(metric: &MetricReport) -> Row<'_> {
    let mut row = seven(&metric.key, &metric.stats);
    row.extend([
        text(&metric.unit),
        metric.kind.as_str().into(),
        count(metric.n),
    ]);
    row.extend([metric.total, metric.rate, metric.count, metric.sum].map(number));
    row.extend(metric.rates.unwrap_or_default().seven().map(number));
    row.push(estimator(metric.estimator));
    row.extend([
        text(&metric.name),
        labels_cell(&metric.labels),
        text(&metric.note),
    ]);
    row.push(metric.bound_scope.map_or("", scope).into());
    row.extend(bounds(&metric.bounds));
    row.extend([
        number(metric.sampling_error),
        count(metric.missing),
        number(metric.longest_gap),
    ]);
    row
}

/// Names of [`bounds`].
pub(crate) const BOUNDS: [&str; 6] = [
    "p99_lower",
    "p99_upper",
    "p90_lower",
    "p90_upper",
    "p50_lower",
    "p50_upper",
];

/// Proven bounds of the percentiles.
pub(crate) fn bounds<'a>(bounds: &BTreeMap<String, ValueBounds>) -> Row<'a> {
    let of = |name| bounds.get(name).copied().unwrap_or_default();
    let bounded = ["p99", "p90", "p50"].map(of).into_iter();
    bounded
        .flat_map(|bounds| [number(bounds.lower), number(bounds.upper)])
        .collect()
}

fn scope(scope: BoundScope) -> &'static str {
    match scope {
        BoundScope::Interval => "interval",
        BoundScope::Pooled => "pooled",
        BoundScope::Buckets => "buckets",
        _ => "other",
    }
}

fn title_row(title: &str, unit: &str) -> Row<'static> {
    heading(owned_text(&format!("### {title} ({unit})")))
}

fn seven<'a>(key: &'a str, stats: &Stats) -> Row<'a> {
    std::iter::once(text(key))
        .chain(stats.seven().map(number))
        .collect()
}

fn estimator(estimator: Estimator) -> Cow<'static, str> {
    Cow::Borrowed(match estimator {
        Estimator::Exact => "exact",
        Estimator::Sketch => "sketch",
        Estimator::Linear => "linear",
        Estimator::Bounded => "bounded",
        _ => "other",
    })
}

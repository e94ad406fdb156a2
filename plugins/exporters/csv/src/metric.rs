//! Rows of metrics: the seven statistics first, then what the metric's type has more.

use std::borrow::Cow;
use std::fmt::Write;

use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::{ClientMetric, Estimator, MetricReport, Stats};

use crate::cell::{count, number, text};
use crate::sheet::{Row, heading};

/// Columns after `std`.
const MORE: [&str; 17] = [
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
];

/// Names of the columns of [`client`] and [`server`].
pub(crate) fn header() -> Row<'static> {
    let names = std::iter::once("Metric").chain(Stats::NAMES).chain(MORE);
    names.map(Cow::Borrowed).collect()
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
    row.extend([Cow::Borrowed(""), Cow::Borrowed("")]);
    [title_row(&title, &metric.unit), row]
}

/// Heading and row of a metric of a server.
pub(crate) fn server(metric: &MetricReport) -> [Row<'_>; 2] {
    let mut row = seven(&metric.key, &metric.stats);
    row.extend([
        text(&metric.unit),
        metric.kind.as_str().into(),
        count(metric.n),
    ]);
    row.extend([metric.total, metric.rate, metric.count, metric.sum].map(number));
    row.extend(metric.rates.unwrap_or_default().seven().map(number));
    row.push(estimator(metric.estimator));
    row.extend([text(&metric.name), labels(metric)]);
    [title_row(&metric_title(&metric.key), &metric.unit), row]
}

fn title_row(title: &str, unit: &str) -> Row<'static> {
    heading(format!("### {title} ({unit})"))
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
    })
}

/// Labels as a server writes them: `engine="0",model="m"`.
fn labels(metric: &MetricReport) -> Cow<'_, str> {
    let mut joined = String::new();
    for (name, value) in &metric.labels {
        let comma = if joined.is_empty() { "" } else { "," };
        write!(joined, "{comma}{name}={value:?}").expect("writing to a string cannot fail");
    }
    match text(&joined) {
        Cow::Borrowed(_) => joined.into(),
        Cow::Owned(harmless) => harmless.into(),
    }
}

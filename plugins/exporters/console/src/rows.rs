//! Metrics as rows of a table.

use std::borrow::Cow;

use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::{
    AggregateReport, ClientMetric, Combine, Estimator, MetricReport, Percentiles, Stats,
    ValueBounds,
};

use crate::families::{Family, families, titled};
use crate::number::{Scale, UNKNOWN, largest};
use crate::selection::{Topic, select};
use crate::table::Row;
use crate::text::neutral;
use crate::{Config, Rows};

/// Mark of an estimate.
pub(crate) const ESTIMATE: &str = "~";
/// Positions of `p99`, `p90`, `p50` and `std`, which histograms have as estimates.
const ESTIMATED: [usize; 4] = [3, 4, 5, 6];
/// Position of the largest value.
const MAX: usize = 2;
/// Positions of the percentiles.
const PERCENTILES: [usize; 3] = [3, 4, 5];
const INDENT: usize = 2;
/// Significant digits of client metrics, which people compare between runs.
pub(crate) const CLIENT_DIGITS: i32 = 4;
/// Significant digits of server metrics, of which there are many on a line.
const SERVER_DIGITS: i32 = 3;
/// Bounds that are further apart than this part of the estimate are shown.
const WIDE: f64 = 0.2;

/// The row of a metric of the load generator.
pub(crate) fn client(key: &str, metric: &ClientMetric) -> Row {
    let title = client_title(key, &metric.display_name);
    let scale = Scale::counted(&metric.unit, largest(metric.stats.seven()));
    let mut cells = scale.cells(metric.stats.seven(), CLIENT_DIGITS);
    // A metric that is one number is not a distribution with six unknowns.
    if Stats::single(metric.stats.avg) == metric.stats {
        for cell in cells.iter_mut().skip(1) {
            cell.clear();
        }
    }
    let mark = if metric.estimated { ESTIMATE } else { "" };
    Row {
        name: titled(&format!("{mark}{title}"), &metric.unit, &scale.unit),
        cells: cells.into(),
        ..Row::default()
    }
}

/// The row of the further percentiles of a metric of the load generator.
pub(crate) fn percentiles(key: &str, metric: &ClientMetric) -> Row {
    let title = client_title(key, &metric.display_name);
    let Percentiles {
        p1,
        p5,
        p10,
        p25,
        p75,
        p95,
        p99_9,
    } = metric.percentiles;
    let values = [p1, p5, p10, p25, p75, p95, p99_9];
    let scale = Scale::counted(&metric.unit, largest(values));
    let mark = if metric.estimated { ESTIMATE } else { "" };
    Row {
        name: titled(&format!("{mark}{title}"), &metric.unit, &scale.unit),
        cells: scale.cells(values, CLIENT_DIGITS).into(),
        ..Row::default()
    }
}

/// `display_name`, or what can be made of the key.
pub(crate) fn client_title(key: &str, display_name: &str) -> String {
    match display_name {
        "" => metric_title(key),
        name => name.to_owned(),
    }
}

/// The rows of a server's metrics, family by family, and how many metrics are left out.
pub(crate) fn server(metrics: &[MetricReport], config: &Config) -> (Vec<Row>, usize) {
    let (families, left_out) = select(families(metrics), config.rows);
    let mut rows = Vec::new();
    let mut last = None;
    for (topic, family) in families {
        let mut new = family_rows(&family, config.hide_zero);
        if let Some(first) = new.first_mut() {
            first.ruled = last != Some(topic);
            last = Some(topic);
        }
        rows.append(&mut new);
    }
    (rows, left_out)
}

/// The rows of families combined over servers, and how many are left out.
pub(crate) fn aggregates(aggregates: &[AggregateReport], rows: Rows) -> (Vec<Row>, usize) {
    let shown = |aggregate: &&AggregateReport| {
        let family = families(std::slice::from_ref(&aggregate.metric));
        !select(family, rows).0.is_empty()
    };
    let shown: Vec<_> = aggregates.iter().filter(shown).collect();
    let left_out = aggregates.len() - shown.len();
    let rows = shown.into_iter().flat_map(aggregate_rows).collect();
    (rows, left_out)
}

fn aggregate_rows(aggregate: &AggregateReport) -> Vec<Row> {
    let metric = &aggregate.metric;
    let scale = Scale::new(&metric.unit, largest(metric.stats.seven()));
    let combined = match aggregate.combine {
        Combine::Sum => "sum",
        Combine::Mean => "mean",
        Combine::Max => "max",
        _ => "combination",
    };
    let title = titled(&metric_title(&aggregate.key), &metric.unit, &scale.unit);
    let name = format!("{title}, {combined} of {}", aggregate.servers.len());
    metric_rows(metric, name, 0, &scale)
}

fn family_rows(family: &Family<'_>, hide_zero: bool) -> Vec<Row> {
    let shown = |metric: &&MetricReport| !(hide_zero && is_silent(metric));
    let members = family.members().filter(shown);
    let values = members.flat_map(|metric| metric.stats.seven());
    let scale = Scale::new(family.unit(), largest(values));
    let title = family.title(&scale.unit);
    let series: Vec<_> = family.series.iter().copied().filter(shown).collect();
    let mut rows = match family.whole.filter(shown) {
        Some(whole) => metric_rows(whole, title, 0, &scale),
        None if series.is_empty() => Vec::new(),
        None => vec![Row {
            name: title,
            ..Row::default()
        }],
    };
    for metric in series {
        let title = family.series_title(metric);
        rows.extend(metric_rows(metric, title, INDENT, &scale));
    }
    rows
}

fn is_silent(metric: &MetricReport) -> bool {
    largest(metric.stats.seven()) == 0.0
}

fn metric_rows(metric: &MetricReport, name: String, indent: usize, scale: &Scale) -> Vec<Row> {
    let mut cells = scale.cells(metric.stats.seven(), SERVER_DIGITS);
    if matches!(metric.estimator, Estimator::Linear | Estimator::Bounded) {
        for position in ESTIMATED {
            mark_estimate(&mut cells[position]);
        }
    }
    let row = Row {
        name,
        indent,
        cells: cells.into(),
        ..Row::default()
    };
    std::iter::once(row)
        .chain(rate_row(metric, indent))
        .chain(bound_row(metric, indent, scale))
        .chain(note_row(metric, indent))
        .collect()
}

/// Marks a number as estimated.
pub(crate) fn mark_estimate(cell: &mut String) {
    if cell != UNKNOWN {
        cell.insert_str(0, ESTIMATE);
    }
}

/// Counters: a second row, per second. Its average is the increase over the whole window, which
/// is exact, not the mean of the intervals.
fn rate_row(metric: &MetricReport, indent: usize) -> Option<Row> {
    let rates = match (metric.rates, metric.rate) {
        (Some(rates), rate) => Stats {
            avg: rate.or(rates.avg),
            ..rates
        },
        (None, Some(rate)) if metric.total.is_some() => Stats::single(Some(rate)),
        _ => return None,
    };
    let scale = Scale::new(&metric.unit, largest(rates.seven()));
    let unit: Cow<'_, str> = if scale.unit == metric.unit {
        "".into()
    } else {
        format!(" ({})", scale.unit).into()
    };
    Some(Row {
        name: neutral(&format!("↳ per second{unit}")),
        indent: indent + INDENT,
        cells: scale.cells(rates.seven(), SERVER_DIGITS).into(),
        ..Row::default()
    })
}

/// Between what the true percentiles of a latency lie where that is not close to the estimate, and
/// then the largest value too, of which there is no estimate.
fn bound_row(metric: &MetricReport, indent: usize, scale: &Scale) -> Option<Row> {
    let seven = metric.stats.seven();
    let bounds = Stats::NAMES.map(|name| metric.bounds.get(name));
    let is_wide = |position: usize| match (bounds[position], seven[position]) {
        (Some(bounds), Some(estimate)) => width_of(bounds) > WIDE * estimate.abs(),
        _ => false,
    };
    let is_latency = matches!(metric.unit.as_str(), "sec" | "ms");
    if indent > 0 || !is_latency || !PERCENTILES.into_iter().any(is_wide) {
        return None;
    }
    let told =
        |position: usize| position == MAX || PERCENTILES.contains(&position) && is_wide(position);
    let cells = (0..seven.len()).map(|at| bounds[at].filter(|_| told(at)));
    Some(Row {
        name: "↳ between".to_owned(),
        indent: indent + INDENT,
        cells: ranges(&cells.collect::<Vec<_>>(), scale),
        ..Row::default()
    })
}

fn width_of(bounds: &ValueBounds) -> f64 {
    match (bounds.lower, bounds.upper) {
        (Some(lower), Some(upper)) => upper - lower,
        _ => f64::INFINITY,
    }
}

/// `220–245`, `≥ 100` or `≤ 50`.
fn ranges(bounds: &[Option<&ValueBounds>], scale: &Scale) -> Vec<String> {
    let ends = bounds
        .iter()
        .map(|bounds| bounds.copied().unwrap_or_default());
    let ends: Vec<_> = ends.flat_map(|ends| [ends.lower, ends.upper]).collect();
    let shown = scale.list(&ends, SERVER_DIGITS);
    let range = |(text, ends): (&[String], &[Option<f64>])| match (ends, text) {
        ([Some(_), Some(_)], [lower, upper]) if lower == upper => lower.clone(),
        ([Some(_), Some(_)], [lower, upper]) => format!("{lower}–{upper}"),
        ([Some(_), None], [lower, _]) => format!("≥ {lower}"),
        ([None, Some(_)], [_, upper]) => format!("≤ {upper}"),
        _ => String::new(),
    };
    shown.chunks(2).zip(ends.chunks(2)).map(range).collect()
}

/// Why there is nothing to show, or less than usual.
fn note_row(metric: &MetricReport, indent: usize) -> Option<Row> {
    if metric.note.is_empty() {
        return None;
    }
    let note = neutral(&metric.note.replace('_', " "));
    Some(Row::sentence(format!("↳ {note}"), indent + INDENT))
}

/// True if a family of `topic` shows over time how a server fared.
pub(crate) fn is_load(topic: Topic) -> bool {
    matches!(topic, Topic::Requests | Topic::Queue | Topic::Cache)
}

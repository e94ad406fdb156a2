//! Metrics as rows of a table.

use std::borrow::Cow;

use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::{ClientMetric, Estimator, MetricReport, Stats};

use crate::families::{Family, families};
use crate::number::{Scale, UNKNOWN, largest};
use crate::table::Row;
use crate::text::neutral;

/// Mark of an estimate.
pub(crate) const ESTIMATE: &str = "~";
/// Positions of `p99`, `p90`, `p50` and `std`, which histograms have as estimates.
const ESTIMATED: [usize; 4] = [3, 4, 5, 6];
const INDENT: usize = 2;
/// Significant digits of client metrics, which people compare between runs.
const CLIENT_DIGITS: i32 = 4;
/// Significant digits of server metrics, of which there are many on a line.
const SERVER_DIGITS: i32 = 3;

/// The row of a metric of the load generator.
pub(crate) fn client(key: &str, metric: &ClientMetric) -> Row {
    let title = match metric.display_name.as_str() {
        "" => metric_title(key),
        name => name.to_owned(),
    };
    let scale = Scale::new(&metric.unit, largest(metric.stats.seven()));
    let mut cells = scale.cells(metric.stats.seven(), CLIENT_DIGITS);
    // A metric that is one number is not a distribution with six unknowns.
    if Stats::single(metric.stats.avg) == metric.stats {
        for cell in cells.iter_mut().skip(1) {
            cell.clear();
        }
    }
    let mark = if metric.estimated { ESTIMATE } else { "" };
    Row {
        name: neutral(&format!("{mark}{title}{}", in_unit(&scale.unit))),
        cells,
        ..Row::default()
    }
}

/// The rows of a server's metrics, family by family.
pub(crate) fn server(metrics: &[MetricReport], hide_zero: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut last_prefix = None;
    for family in families(metrics) {
        let prefix = Some(family.prefix());
        let mut new = family_rows(&family, hide_zero);
        if let Some(first) = new.first_mut() {
            first.ruled = last_prefix != prefix;
            last_prefix = prefix;
        }
        rows.append(&mut new);
    }
    rows
}

fn family_rows(family: &Family<'_>, hide_zero: bool) -> Vec<Row> {
    let shown = |metric: &&MetricReport| !(hide_zero && is_silent(metric));
    let scale = Scale::new(
        family.unit(),
        largest(
            family
                .members()
                .filter(shown)
                .flat_map(|metric| metric.stats.seven()),
        ),
    );
    let title = format!("{}{}", family.title(), in_unit(&neutral(&scale.unit)));
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
        rows.extend(metric_rows(
            metric,
            family.series_title(metric),
            INDENT,
            &scale,
        ));
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
        cells,
        ruled: false,
    };
    std::iter::once(row)
        .chain(rate_row(metric, indent))
        .collect()
}

fn mark_estimate(cell: &mut String) {
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
        in_unit(&scale.unit).into()
    };
    Some(Row {
        name: neutral(&format!("↳ per second{unit}")),
        indent: indent + INDENT,
        cells: scale.cells(rates.seven(), SERVER_DIGITS),
        ruled: false,
    })
}

fn in_unit(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" ({unit})")
    }
}

//! Time slices, one value per line: what tools that pivot and plot read without help. They have a
//! file of their own because there are slices × metrics × statistics of them, and because the
//! sections of the main table are no table to such tools.

use std::borrow::Cow;

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{
    MetricReport, MetricSlice, Report, RequestTotals, SliceReport, Stats, ValueBounds,
};

use crate::cell::{number, text};
use crate::sheet::{Row, Sheet, header};

const COLUMNS: [&str; 11] = [
    "slice",
    "start_ns",
    "end_ns",
    "partial",
    "metric",
    "stat",
    "value",
    "unit",
    "side",
    "server_id",
    "server_endpoint",
];

/// The table of all slices of `report`. Values that cannot be known have no line.
///
/// # Errors
/// If rows cannot be written to memory, which does not happen.
pub fn render_slices(report: &Report) -> Result<Vec<u8>> {
    let clients = report.slices.iter().enumerate().flat_map(client_rows);
    let servers = report.servers.iter().flat_map(|server| {
        let metrics = server.metrics.iter();
        let owner = Owner {
            side: "server",
            server_id: &server.server_id,
            endpoint: &server.endpoint_url,
        };
        metrics.flat_map(move |metric| metric_rows(metric, &metric.key, &report.slices, owner))
    });
    let owners: Vec<String> = report
        .aggregates
        .iter()
        .map(|family| family.servers.join(" "))
        .collect();
    let aggregates = report.aggregates.iter().zip(&owners);
    let aggregates = aggregates.flat_map(|(family, servers)| {
        let owner = Owner {
            side: "aggregate",
            server_id: servers,
            endpoint: "",
        };
        metric_rows(&family.metric, &family.key, &report.slices, owner)
    });
    let mut sheet = Sheet::default();
    let head = std::iter::once(header(COLUMNS));
    sheet.block(head.chain(clients).chain(servers).chain(aggregates))?;
    Ok(sheet.into_bytes())
}

/// Whose metric it is.
#[derive(Clone, Copy)]
struct Owner<'a> {
    side: &'static str,
    server_id: &'a str,
    endpoint: &'a str,
}

/// A value by the name of its statistic.
type Value = (Cow<'static, str>, Option<f64>);

fn client_rows((index, slice): (usize, &SliceReport)) -> Vec<Row<'_>> {
    let owner = Owner {
        side: "client",
        server_id: "",
        endpoint: "",
    };
    let totals = slice.requests.iter().flat_map(totals);
    let mut rows = value_rows(index, slice, ("requests", "count"), totals, owner);
    for (name, metric) in &slice.llm_metrics {
        let n = std::iter::once(("n".into(), Some(metric.n as f64)));
        let values = stats(&metric.stats).chain(n);
        rows.extend(value_rows(
            index,
            slice,
            (name, &metric.unit),
            values,
            owner,
        ));
    }
    rows
}

fn metric_rows<'a>(
    metric: &'a MetricReport,
    key: &'a str,
    slices: &'a [SliceReport],
    owner: Owner<'a>,
) -> Vec<Row<'a>> {
    let row = |slice: &'a MetricSlice| {
        let index = usize::try_from(slice.slice).ok()?;
        let of = slices.get(index)?;
        Some(value_rows(
            index,
            of,
            (key, &metric.unit),
            values(slice),
            owner,
        ))
    };
    metric.slices.iter().filter_map(row).flatten().collect()
}

fn value_rows<'a>(
    index: usize,
    slice: &SliceReport,
    (metric, unit): (&'a str, &'a str),
    values: impl IntoIterator<Item = Value>,
    owner: Owner<'a>,
) -> Vec<Row<'a>> {
    let known = values.into_iter().filter(|(_, value)| value.is_some());
    let row = |(stat, value): Value| -> Row<'a> {
        vec![
            index.to_string().into(),
            slice.start_ns.to_string().into(),
            slice.end_ns.to_string().into(),
            slice.partial.to_string().into(),
            text(metric),
            stat,
            number(value),
            text(unit),
            owner.side.into(),
            text(owner.server_id),
            text(owner.endpoint),
        ]
    };
    known.map(row).collect()
}

fn values(slice: &MetricSlice) -> impl Iterator<Item = Value> {
    let more = [
        ("n", Some(slice.n as f64)),
        ("total", slice.total),
        ("rate", slice.rate),
        ("count", slice.count),
        ("sum", slice.sum),
    ];
    let more = more.map(|(name, value)| (name.into(), value));
    let bounds = slice.bounds.iter().flat_map(bound_values);
    stats(&slice.stats).chain(more).chain(bounds)
}

fn bound_values((name, bounds): (&String, &ValueBounds)) -> [Value; 2] {
    [
        (format!("{name}_lower").into(), bounds.lower),
        (format!("{name}_upper").into(), bounds.upper),
    ]
}

fn stats(stats: &Stats) -> impl Iterator<Item = Value> + use<> {
    let names = Stats::NAMES.into_iter().map(Cow::Borrowed);
    names.zip(stats.seven())
}

fn totals(totals: &RequestTotals) -> [Value; 7] {
    let known = |count: u64| Some(count as f64);
    [
        ("sent", known(totals.sent)),
        ("done", known(totals.done)),
        ("failed", known(totals.failed)),
        ("cancelled", known(totals.cancelled)),
        ("prompt_tokens", totals.prompt_tokens.and_then(known)),
        (
            "completion_tokens",
            totals.completion_tokens.and_then(known),
        ),
        ("cached_tokens", totals.cached_tokens.and_then(known)),
    ]
    .map(|(name, value)| (name.into(), value))
}

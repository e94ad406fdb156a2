//! Sections about how the numbers fit: client beside server, servers combined, the tool itself.

use std::borrow::Cow;

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{
    AggregateReport, ClientHealth, Combine, PairReport, Report, Stats,
};

use crate::cell::{number, owned_text, text};
use crate::metric;
use crate::sheet::{Row, Sheet};

const CLIENT: [&str; 7] = [
    "client_avg",
    "client_min",
    "client_max",
    "client_p99",
    "client_p90",
    "client_p50",
    "client_std",
];
const SERVER: [&str; 7] = [
    "server_avg",
    "server_min",
    "server_max",
    "server_p99",
    "server_p90",
    "server_p50",
    "server_std",
];
const BOUNDS: [&str; 6] = [
    "server_p99_lower",
    "server_p99_upper",
    "server_p90_lower",
    "server_p90_upper",
    "server_p50_lower",
    "server_p50_upper",
];

/// Columns after the bounds. New ones go to the end: readers count.
const PAIR_MORE: [&str; 5] = [
    "role",
    "part_of",
    "client_n",
    "server_n",
    "server_sampling_error",
];

/// Appends them all.
pub(crate) fn write(sheet: &mut Sheet, report: &Report) -> Result<()> {
    pairs(sheet, &report.pairs)?;
    causes(sheet, &report.pairs)?;
    aggregates(sheet, &report.aggregates)?;
    health(sheet, report.client_health.as_ref())
}

fn pairs(sheet: &mut Sheet, pairs: &[PairReport]) -> Result<()> {
    let columns = [
        "pair",
        "unit",
        "software",
        "family",
        "servers",
        "difference",
    ];
    let columns = columns
        .into_iter()
        .chain(CLIENT)
        .chain(SERVER)
        .chain(BOUNDS)
        .chain(PAIR_MORE);
    let rows = pairs.iter().map(pair_row).collect();
    sheet.section("# Client Beside Server", columns, rows)
}

fn pair_row(pair: &PairReport) -> Row<'_> {
    let mut row = vec![
        text(&pair.name),
        text(&pair.unit),
        text(&pair.software),
        text(&pair.family),
        owned_text(&pair.servers.join(" ")),
        number(pair.difference),
    ];
    row.extend(pair.client.seven().map(number));
    row.extend(pair.server.seven().map(number));
    row.extend(metric::bounds(&pair.server_bounds));
    row.push(text(&pair.role));
    row.push(text(pair.part_of.as_deref().unwrap_or_default()));
    row.extend([pair.client_n, pair.server_n, pair.server_sampling_error].map(number));
    row
}

fn causes(sheet: &mut Sheet, pairs: &[PairReport]) -> Result<()> {
    let rows = pairs.iter().flat_map(|pair| {
        pair.causes.iter().map(|cause| {
            vec![
                text(&pair.name),
                text(&cause.code),
                number(cause.amount),
                text(&pair.unit),
                text(&cause.message),
                text(&pair.software),
                text(&pair.role),
            ]
        })
    });
    let columns = [
        "pair", "code", "amount", "unit", "message", "software", "role",
    ];
    sheet.section("# Causes of Differences", columns, rows.collect())
}

fn aggregates(sheet: &mut Sheet, aggregates: &[AggregateReport]) -> Result<()> {
    let rows = aggregates.iter().map(|aggregate| {
        let mut row = metric::server_row(&aggregate.metric);
        row[0] = text(&aggregate.key);
        row.push(combine(aggregate.combine).into());
        row.push(owned_text(&aggregate.servers.join(" ")));
        row.extend([&aggregate.software, &aggregate.role].map(|name| text(name)));
        row
    });
    let columns = metric::columns().chain(["combine", "servers", "software", "role"]);
    sheet.section("# Aggregates", columns, rows.collect())
}

fn combine(combine: Combine) -> &'static str {
    match combine {
        Combine::Sum => "sum",
        Combine::Mean => "mean",
        Combine::Max => "max",
        _ => "other",
    }
}

fn health(sheet: &mut Sheet, health: Option<&ClientHealth>) -> Result<()> {
    let Some(health) = health else {
        return Ok(());
    };
    let single = |name, value| stats_row(name, &Stats::single(value));
    let degraded: Row<'_> = vec!["degraded".into(), health.degraded.to_string().into()];
    let rows = vec![
        stats_row("send_delay_ms", &health.send_delay_ms),
        stats_row("read_lag_ms", &health.read_lag_ms),
        stats_row("scrape_lateness_ms", &health.scrape_lateness_ms),
        single("user_clock_percent", health.user_clock_percent),
        single("cpu_percent", health.cpu_percent),
        single("busiest_thread_percent", health.busiest_thread_percent),
        single("core_wait_percent", health.core_wait_percent),
        single("machine_percent", health.machine_percent),
        single("stolen_percent", health.stolen_percent),
        single("cpu_limit", health.cpu_limit),
        single("throttled_ms", health.throttled_ms),
        degraded,
    ];
    let columns = std::iter::once("quantity").chain(Stats::NAMES);
    sheet.section("# Tool Health", columns, rows)
}

fn stats_row(name: &'static str, stats: &Stats) -> Row<'static> {
    std::iter::once(Cow::Borrowed(name))
        .chain(stats.seven().map(number))
        .collect()
}

//! Sections about what was in flight, and about the part of the phase in which that was steady.

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{
    ClientMetric, ConcurrencyReport, Report, RequestTotals, SteadyReport,
};

use crate::cell::{count, number, text};
use crate::sheet::{Row, Sheet};

/// Appends them all.
pub(crate) fn write(sheet: &mut Sheet, report: &Report) -> Result<()> {
    if let Some(steady) = &report.steady_state {
        window(sheet, steady)?;
        metrics(sheet, steady)?;
    }
    report
        .concurrency
        .as_ref()
        .map_or(Ok(()), |concurrency| in_flight(sheet, concurrency))
}

fn window(sheet: &mut Sheet, steady: &SteadyReport) -> Result<()> {
    let moment = |at: Option<i64>| at.map_or(String::new(), |at| at.to_string());
    let total = |field: fn(&RequestTotals) -> u64| count(steady.requests.as_ref().map(field));
    let row: Row<'_> = vec![
        moment(steady.start_ns).into(),
        moment(steady.end_ns).into(),
        number(steady.duration_seconds),
        number(steady.concurrency),
        total(|totals| totals.sent),
        total(|totals| totals.done),
        total(|totals| totals.failed),
        total(|totals| totals.cancelled),
        text(&steady.note),
    ];
    let columns = [
        "start_ns",
        "end_ns",
        "duration_seconds",
        "concurrency",
        "sent",
        "done",
        "failed",
        "cancelled",
        "note",
    ];
    sheet.section("# Steady State", columns, vec![row])
}

fn metrics(sheet: &mut Sheet, steady: &SteadyReport) -> Result<()> {
    let rows = steady.llm_metrics.iter().map(|(key, metric)| {
        let mut row: Row<'_> = vec![text(key)];
        row.extend(metric.statistics().map(number));
        row.extend([text(&metric.unit), count(metric.n)]);
        row
    });
    let names = ["metric"].into_iter().chain(ClientMetric::NAMES);
    let columns = names.chain(["unit", "n"]);
    sheet.section("# Steady State Metrics", columns, rows.collect())
}

/// The whole window first, then each interval of it.
fn in_flight(sheet: &mut Sheet, concurrency: &ConcurrencyReport) -> Result<()> {
    let whole: Row<'_> = vec![
        number(concurrency.avg),
        count(concurrency.max),
        number(Some(concurrency.interval_seconds)),
        text(&concurrency.note),
    ];
    let columns = ["avg", "max", "interval_seconds", "note"];
    sheet.section("# Concurrency", columns, vec![whole])?;
    let points = concurrency.series.iter().map(|point| {
        vec![
            point.start_ns.to_string().into(),
            number(Some(point.avg)),
            count(point.max),
        ]
    });
    let columns = ["start_ns", "avg", "max"];
    sheet.section("# Concurrency Over Time", columns, points.collect())
}

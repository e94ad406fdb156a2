//! Sections of the file.

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{
    Boundary, EndpointReport, PhaseReport, Report, RequestTotals, ScrapeFailure, ServerReport,
    SettleBasis, Warning,
};
use aiperf_plugin_sdk::run::PhaseKind;

use crate::cell::{count, number, text};
use crate::metric;
use crate::sheet::{Row, Sheet, header, heading};

/// The file that shows `report`.
///
/// # Errors
/// If rows cannot be written to memory, which does not happen.
pub fn render(report: &Report) -> Result<Vec<u8>> {
    let mut sheet = Sheet::default();
    sheet.block([metric::header()])?;
    llm_metrics(&mut sheet, report)?;
    server_metrics(&mut sheet, &report.servers)?;
    requests(&mut sheet, &report.phases)?;
    request_errors(&mut sheet, &report.phases)?;
    settle(&mut sheet, &report.phases)?;
    endpoints(&mut sheet, &report.endpoints)?;
    warnings(&mut sheet, &report.warnings)?;
    Ok(sheet.into_bytes())
}

fn llm_metrics(sheet: &mut Sheet, report: &Report) -> Result<()> {
    if report.llm_metrics.is_empty() {
        return Ok(());
    }
    sheet.block([heading("# LLM Metrics")])?;
    report
        .llm_metrics
        .iter()
        .try_for_each(|(key, value)| sheet.block(metric::client(key, value)))
}

fn server_metrics(sheet: &mut Sheet, servers: &[ServerReport]) -> Result<()> {
    for (index, server) in servers.iter().enumerate() {
        let section = (index == 0).then(|| heading("# Server Metrics"));
        sheet.block(section.into_iter().chain(server_head(server)))?;
        server
            .metrics
            .iter()
            .try_for_each(|metric| sheet.block(metric::server(metric)))?;
        info(sheet, server)?;
    }
    Ok(())
}

fn server_head(server: &ServerReport) -> [Row<'_>; 6] {
    let pair = |name: &'static str, value| -> Row<'_> { vec![name.into(), text(value)] };
    let url = server.endpoint_url.as_str();
    let endpoint = url.split_once("://").map_or(url, |(_, rest)| rest);
    [
        heading(format!("## Server: {}", server.endpoint_display)),
        pair("server_endpoint", endpoint),
        pair("server_id", &server.server_id),
        pair("server_type", &server.metadata.server_type),
        pair("hostname", &server.metadata.hostname),
        pair("instance", &server.metadata.instance),
    ]
}

/// Labels of info families, and of the states that are on.
fn info(sheet: &mut Sheet, server: &ServerReport) -> Result<()> {
    let rows = server.info.iter().flat_map(|(family, entries)| {
        let facts = entries.iter().filter(|entry| entry.value != 0.0);
        let labels = facts.flat_map(|entry| &entry.labels);
        labels.map(|(label, value)| vec![text(family), text(label), text(value)])
    });
    section(
        sheet,
        "### Info",
        ["family", "label", "value"],
        rows.collect(),
    )
}

/// A heading, names of columns and rows; nothing at all without rows.
fn section<'a, const N: usize>(
    sheet: &mut Sheet,
    title: &'static str,
    columns: [&'static str; N],
    rows: Vec<Row<'a>>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let head: [Row<'a>; 2] = [heading(title), header(columns)];
    sheet.block(head.into_iter().chain(rows))
}

fn requests(sheet: &mut Sheet, phases: &[PhaseReport]) -> Result<()> {
    let columns = [
        "phase",
        "kind",
        "start_ns",
        "end_ns",
        "duration_seconds",
        "boundary",
        "in_flight_at_start",
        "sent",
        "done",
        "failed",
        "cancelled",
        "prompt_tokens",
        "completion_tokens",
        "cached_tokens",
    ];
    section(
        sheet,
        "# Phases",
        columns,
        phases.iter().map(phase_row).collect(),
    )
}

fn phase_row(phase: &PhaseReport) -> Row<'_> {
    let kind = match phase.kind {
        PhaseKind::Warmup => "warmup",
        PhaseKind::Profiling => "profiling",
    };
    let boundary = match phase.boundary {
        Boundary::Drained => "drained",
        Boundary::Seamless => "seamless",
    };
    let totals = phase.requests.as_ref();
    let total = |field: fn(&RequestTotals) -> u64| count(totals.map(field));
    let tokens = |field: fn(&RequestTotals) -> Option<u64>| count(totals.and_then(field));
    vec![
        text(&phase.name),
        kind.into(),
        phase.start_ns.to_string().into(),
        phase.end_ns.to_string().into(),
        number(Some(phase.duration_seconds)),
        boundary.into(),
        count(phase.in_flight_at_start),
        total(|totals| totals.sent),
        total(|totals| totals.done),
        total(|totals| totals.failed),
        total(|totals| totals.cancelled),
        tokens(|totals| totals.prompt_tokens),
        tokens(|totals| totals.completion_tokens),
        tokens(|totals| totals.cached_tokens),
    ]
}

fn request_errors(sheet: &mut Sheet, phases: &[PhaseReport]) -> Result<()> {
    let rows = phases.iter().flat_map(|phase| {
        let errors = phase.requests.iter().flat_map(|requests| &requests.errors);
        errors.map(|error| {
            vec![
                text(&phase.name),
                text(&error.class),
                count(error.count),
                text(&error.example),
            ]
        })
    });
    let columns = ["phase", "class", "count", "example"];
    section(sheet, "# Request Errors", columns, rows.collect())
}

fn settle(sheet: &mut Sheet, phases: &[PhaseReport]) -> Result<()> {
    let rows = phases.iter().flat_map(|phase| {
        phase.settle.iter().map(|settle| {
            vec![
                text(&phase.name),
                text(&settle.endpoint),
                settle.settled.to_string().into(),
                basis(settle.basis).into(),
                number(Some(settle.wait_ms)),
                settle.scrapes.to_string().into(),
            ]
        })
    });
    let columns = [
        "phase", "endpoint", "settled", "basis", "wait_ms", "scrapes",
    ];
    section(sheet, "# Settling", columns, rows.collect())
}

fn basis(basis: SettleBasis) -> &'static str {
    match basis {
        SettleBasis::Equal => "equal",
        SettleBasis::Stable => "stable",
        SettleBasis::Unequal => "unequal",
        SettleBasis::Timeout => "timeout",
        SettleBasis::Missed => "missed",
    }
}

fn endpoints(sheet: &mut Sheet, endpoints: &[EndpointReport]) -> Result<()> {
    let columns = [
        "url",
        "collector",
        "automatic",
        "reachable",
        "due",
        "done",
        "failed",
        "skipped",
        "late",
        "latency_avg_ms",
        "latency_max_ms",
        "parse_errors",
        "last_error",
        "disabled",
    ];
    section(
        sheet,
        "# Endpoints",
        columns,
        endpoints.iter().map(endpoint_row).collect(),
    )
}

fn endpoint_row(endpoint: &EndpointReport) -> Row<'_> {
    let scrapes = endpoint.scrapes;
    let last_error = endpoint
        .last_error
        .as_ref()
        .map(error_text)
        .unwrap_or_default();
    let mut row = vec![
        text(&endpoint.url),
        text(&endpoint.collector),
        endpoint.automatic.to_string().into(),
        endpoint.reachable.to_string().into(),
    ];
    row.extend(
        [
            scrapes.due,
            scrapes.done,
            scrapes.failed,
            scrapes.skipped,
            scrapes.late,
        ]
        .map(count),
    );
    row.extend([endpoint.latency_avg_ms, endpoint.latency_max_ms].map(number));
    row.extend([
        count(endpoint.parse_errors),
        text(&last_error).into_owned().into(),
        text(endpoint.disabled.as_deref().unwrap_or_default()),
    ]);
    row
}

fn error_text(error: &ScrapeFailure) -> String {
    format!("{}: {}", error.class, error.message)
}

fn warnings(sheet: &mut Sheet, warnings: &[Warning]) -> Result<()> {
    let rows = warnings.iter().map(|warning| {
        [
            &warning.code,
            &warning.subject,
            &warning.message,
            &warning.remedy,
        ]
        .map(|part| text(part))
        .to_vec()
    });
    let columns = ["code", "subject", "message", "remedy"];
    section(sheet, "# Warnings", columns, rows.collect())
}

//! Sections about the run: phases, failures, settling, endpoints, warnings.

use std::borrow::Cow;

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{
    Boundary, EndpointReport, GoodputReport, PhaseReport, Report, RequestTotals, ScrapeFailure,
    SettleBasis, Warning,
};
use aiperf_plugin_sdk::run::PhaseKind;

use crate::cell::{count, labels_cell, number, owned_text, text};
use crate::metric;
use crate::sheet::{Row, Sheet};

/// Appends them all.
pub(crate) fn write(sheet: &mut Sheet, report: &Report) -> Result<()> {
    requests(sheet, &report.phases)?;
    request_errors(sheet, &report.phases)?;
    goodput(sheet, report.goodput.as_ref())?;
    settle(sheet, &report.phases)?;
    endpoints(sheet, &report.endpoints)?;
    scrape_metrics(sheet, &report.endpoints)?;
    warnings(sheet, &report.warnings)
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
    sheet.section("# Phases", columns, phases.iter().map(phase_row).collect())
}

fn phase_row(phase: &PhaseReport) -> Row<'_> {
    let kind = match phase.kind {
        PhaseKind::Warmup => "warmup",
        PhaseKind::Profiling => "profiling",
        _ => "other",
    };
    let boundary = match phase.boundary {
        Boundary::Drained => "drained",
        Boundary::Seamless => "seamless",
        _ => "other",
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
    sheet.section("# Request Errors", columns, rows.collect())
}

/// A line for each limit. Good and judged requests are of all limits together.
fn goodput(sheet: &mut Sheet, goodput: Option<&GoodputReport>) -> Result<()> {
    let rows = goodput.into_iter().flat_map(|goodput| {
        goodput.limits.iter().map(|limit| {
            vec![
                text(&limit.metric),
                limit.at_most.to_string().into(),
                number(Some(limit.limit)),
                count(limit.missed),
                count(goodput.good),
                count(goodput.judged),
            ]
        })
    });
    let columns = ["metric", "at_most", "limit", "missed", "good", "judged"];
    sheet.section("# Goodput", columns, rows.collect())
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
    sheet.section("# Settling", columns, rows.collect())
}

fn basis(basis: SettleBasis) -> &'static str {
    match basis {
        SettleBasis::Equal => "equal",
        SettleBasis::Stable => "stable",
        SettleBasis::Unequal => "unequal",
        SettleBasis::Timeout => "timeout",
        SettleBasis::Missed => "missed",
        _ => "other",
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
        "first_error",
        "labels",
    ];
    sheet.section(
        "# Endpoints",
        columns,
        endpoints.iter().map(endpoint_row).collect(),
    )
}

fn endpoint_row(endpoint: &EndpointReport) -> Row<'_> {
    let scrapes = endpoint.scrapes;
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
        error_cell(endpoint.last_error.as_ref()),
        text(endpoint.disabled.as_deref().unwrap_or_default()),
        error_cell(endpoint.first_error.as_ref()),
        labels_cell(&endpoint.labels),
    ]);
    row
}

/// What the tool knows of its readings of the endpoints.
fn scrape_metrics(sheet: &mut Sheet, endpoints: &[EndpointReport]) -> Result<()> {
    let rows = endpoints.iter().flat_map(|endpoint| {
        let metrics = endpoint.scrape_metrics.iter();
        metrics.map(|metric| {
            let mut row = vec![text(&endpoint.url)];
            row.extend(metric::server_row(metric));
            row
        })
    });
    let columns: Vec<_> = std::iter::once("url").chain(metric::columns()).collect();
    sheet.section("# Scrape Metrics", columns, rows.collect())
}

fn error_cell(error: Option<&ScrapeFailure>) -> Cow<'static, str> {
    let error = error.map(|error| format!("{}: {}", error.class, error.message));
    owned_text(&error.unwrap_or_default())
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
    sheet.section("# Warnings", columns, rows.collect())
}

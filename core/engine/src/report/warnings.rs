//! What a reader must know before trusting the numbers, and what to do about it.

use aiperf_plugin_sdk::report::{
    Boundary, EndpointReport, PhaseReport, RequestTotals, ServerReport, SettleBasis, SettleReport,
    Warning,
};

use super::window::Window;
use crate::store::EndpointView;

/// Adds a warning.
pub(super) fn warn(
    to: &mut Vec<Warning>,
    code: &str,
    subject: &str,
    message: String,
    remedy: &str,
) {
    to.push(Warning {
        code: code.to_owned(),
        subject: subject.to_owned(),
        message,
        remedy: remedy.to_owned(),
    });
}

/// Of one endpoint and the pages that it is measured by.
pub(super) fn of_window(
    to: &mut Vec<Warning>,
    endpoint: &EndpointView<'_>,
    window: &Window,
    has_load: bool,
) {
    if endpoint.scrapes().is_empty() || !has_load {
        return;
    }
    let subject = endpoint.info().display.as_str();
    let missed = match (window.start, window.end) {
        (None, None) => "before and after",
        (None, Some(_)) => "before",
        (Some(_), None) => "after",
        (Some(_), Some(_)) => "",
    };
    if !missed.is_empty() {
        let message = format!("it was not read {missed} the load: totals cannot be known");
        let remedy =
            "let the run end, and raise `[server_metrics] timeout` if the server is slow to answer";
        warn(to, "barrier_missed", subject, message, remedy);
    }
    if window.ticks.is_empty() {
        let message =
            "no reading fell between first and last request: gauges have no values".to_owned();
        let remedy = "send more requests or shorten `--server-metrics-interval`";
        warn(to, "no_readings", subject, message, remedy);
    }
}

/// Of one endpoint, whatever the phase.
pub(super) fn of_endpoint(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>) {
    if !endpoint.is_reached() {
        unreachable(to, endpoint);
        return;
    }
    let subject = endpoint.info().display.as_str();
    of_scrapes(to, endpoint, subject);
    of_pages(to, endpoint, subject);
}

/// An endpoint that the user did not ask for may be absent.
fn unreachable(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>) {
    let info = endpoint.info();
    if info.automatic {
        return;
    }
    let failure = endpoint
        .failures()
        .1
        .map(|failure| failure.message.as_str());
    let message = endpoint
        .disabled()
        .or(failure)
        .unwrap_or("it never answered")
        .to_owned();
    let remedy = "check its URL, or leave it out";
    warn(to, "endpoint_unreachable", &info.display, message, remedy);
}

fn of_scrapes(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let scrapes = endpoint.scrape_counts();
    if scrapes.failed > 0 {
        let last = endpoint
            .failures()
            .1
            .map(|failure| failure.message.as_str());
        let last = last.unwrap_or_default();
        let message = format!(
            "{} of {} readings failed, the last with: {last}",
            scrapes.failed, scrapes.due
        );
        warn(
            to,
            "scrapes_failed",
            subject,
            message,
            "see the server's log",
        );
    }
    if scrapes.skipped + scrapes.late > scrapes.due / 10 {
        let message = format!(
            "of {} readings {} came late and {} were left out",
            scrapes.due, scrapes.late, scrapes.skipped
        );
        warn(
            to,
            "scrapes_late",
            subject,
            message,
            "raise `--server-metrics-interval`",
        );
    }
}

/// Whether one of `warnings` says that scrapes came late.
pub(super) fn scrapes_late(warnings: &[Warning]) -> bool {
    warnings
        .iter()
        .any(|warning| warning.code == "scrapes_late")
}

fn of_pages(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let counts = endpoint.counts();
    if counts.parse_errors > 0 {
        let first = endpoint.notes().first();
        let first = first.map(|note| format!(", the first in line {}: {}", note.line, note.reason));
        let first = first.unwrap_or_default();
        let message = format!("{} lines could not be read{first}", counts.parse_errors);
        let remedy = "report them to the maker of the server";
        warn(to, "parse_errors", subject, message, remedy);
    }
    if counts.duplicates > 0 {
        let message = format!(
            "{} samples stood twice on a page: the last one of each was taken",
            counts.duplicates
        );
        warn(
            to,
            "duplicate_samples",
            subject,
            message,
            "report them to the maker of the server",
        );
    }
    let unreadable = counts.not_utf8 + counts.malformed;
    if unreadable > 0 {
        let message = format!("{unreadable} samples had names that are no text");
        warn(
            to,
            "bad_names",
            subject,
            message,
            "report them to the maker of the server",
        );
    }
    of_memory(to, endpoint, subject);
    if counts.over_limit > 0 {
        let message = format!(
            "{} series were dropped: there are too many",
            counts.over_limit
        );
        let remedy = "raise `[run] max_series` or exclude families";
        warn(to, "too_many_series", subject, message, remedy);
    }
}

fn of_memory(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let remedy = "raise `[run] memory_limit`, lengthen the interval or exclude families";
    if let Some(folded) = endpoint.folded() {
        let message = format!(
            "its first {} readings are kept as statistics only: percentiles have an error of up to \
             0.5 %",
            folded.pages
        );
        warn(to, "memory_limit", subject, message, remedy);
    }
    let dropped = endpoint.counts().over_memory;
    if dropped > 0 {
        let message = format!("{dropped} series were dropped: memory was full");
        warn(to, "memory_limit", subject, message, remedy);
    }
}

/// Of what the servers' numbers showed.
pub(super) fn of_servers(to: &mut Vec<Warning>, servers: &[ServerReport]) {
    for server in servers {
        let subject = format!("{} {}", server.endpoint_display, server.server_id);
        // A family's sum repeats what its series say.
        let own = || {
            server
                .metrics
                .iter()
                .filter(|metric| !metric.sum_over_series)
        };
        if let Some(first) = own().find(|metric| metric.resets.is_some_and(|resets| resets > 0)) {
            let message = format!(
                "`{}` and perhaps others started again from zero: what was counted just before \
                 is lost",
                first.key
            );
            let remedy = "find out why the server restarted, and run again";
            warn(to, "counter_reset", &subject, message, remedy);
        }
        let bad: u64 = own().map(|metric| metric.non_finite).sum();
        if let Some(first) = own().find(|metric| metric.non_finite > 0) {
            let message = format!(
                "{bad} values were no finite numbers, of `{}` among others",
                first.key
            );
            warn(
                to,
                "non_finite_values",
                &subject,
                message,
                "they are in no statistic",
            );
        }
    }
}

/// Of the requests.
pub(super) fn of_requests(to: &mut Vec<Warning>, totals: &RequestTotals, estimated: u64) {
    if estimated > 0 {
        let message = format!(
            "{estimated} of {} answers carried no `usage`: their tokens are counted as chunks",
            totals.done
        );
        let remedy = "let the server report usage (`stream_options.include_usage`)";
        warn(to, "no_usage", "", message, remedy);
    }
    if totals.failed > 0 {
        let message = format!("{} of {} requests failed", totals.failed, totals.sent);
        warn(
            to,
            "requests_failed",
            "",
            message,
            "see the errors by class",
        );
    }
}

/// Of the barriers. An endpoint that never answered has a warning already.
pub(super) fn of_phases(
    to: &mut Vec<Warning>,
    phases: &[PhaseReport],
    endpoints: &[EndpointReport],
) {
    let silent = |url: &str| {
        let mut endpoints = endpoints.iter();
        endpoints.any(|endpoint| endpoint.url == url && !endpoint.reachable)
    };
    for phase in phases {
        not_drained(to, phase);
        let open = phase.settle.iter().filter(|settle| !settle.settled);
        for settle in open.filter(|settle| !silent(&settle.endpoint)) {
            let message = format!("phase `{}`: {}", phase.name, why_not_settled(settle));
            let remedy =
                "check for other clients of the server, or raise `[server_metrics] settle_timeout`";
            warn(to, "not_settled", &settle.endpoint, message, remedy);
        }
    }
}

fn not_drained(to: &mut Vec<Warning>, phase: &PhaseReport) {
    if phase.boundary != Boundary::Seamless || phase.in_flight_at_start == 0 {
        return;
    }
    let message = format!(
        "phase `{}` took over {} running requests: what servers counted of them belongs to both",
        phase.name, phase.in_flight_at_start
    );
    let remedy = "drain the load between the phases if their totals must be exact";
    warn(to, "not_drained", "", message, remedy);
}

fn why_not_settled(settle: &SettleReport) -> String {
    match settle.basis {
        SettleBasis::Unequal => {
            let mut families = settle.families.iter();
            let wrong = families.find(|check| (check.seen - check.expected).abs() >= 0.5);
            wrong.map_or_else(
                || "counters differ from the client's".to_owned(),
                |check| {
                    let (family, seen, expected) = (&check.family, check.seen, check.expected);
                    format!("`{family}` rose by {seen}, the client saw {expected}")
                },
            )
        }
        SettleBasis::Missed => "it did not answer after the load".to_owned(),
        _ => format!("counters were still moving after {:.0} ms", settle.wait_ms),
    }
}

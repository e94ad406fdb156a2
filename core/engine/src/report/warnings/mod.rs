//! What a reader must know before trusting the numbers, and what to do about it.

mod endpoint;

use std::time::Duration;

use aiperf_plugin_sdk::report::{
    Boundary, EndpointReport, PhaseReport, RequestTotals, ServerReport, SettleBasis, SettleReport,
    Warning,
};

pub(super) use endpoint::{of_endpoint, of_patterns};

use super::cuts::Cuts;
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

/// Whether one of `warnings` says that scrapes came late.
pub(super) fn scrapes_late(warnings: &[Warning]) -> bool {
    warnings
        .iter()
        .any(|warning| warning.code == "scrapes_late")
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

/// Of requests that are not kept one by one.
pub(super) fn of_folded_requests(to: &mut Vec<Warning>, count: u64) {
    let message = format!(
        "the first {count} requests are kept as statistics only: percentiles of the clients' metrics \
         have an error of up to 0.5 %"
    );
    let remedy = "raise `[run] memory_limit`, half of which is for requests";
    warn(to, "memory_limit", "requests", message, remedy);
}

/// Of slices that are longer than `wanted`.
pub(super) fn of_slices(to: &mut Vec<Warning>, wanted: Option<Duration>, cuts: Cuts) {
    let Some(wanted) = wanted.filter(|wanted| *wanted < cuts.length()) else {
        return;
    };
    let message = format!(
        "slices are {:?} long, not {wanted:?}: they would be far more than requests and readings",
        cuts.length()
    );
    let remedy = "give `--slice-duration` a longer time";
    warn(to, "slices_lengthened", "", message, remedy);
}

/// Of requests that were due when as many as may be were in flight: how many, and the longest wait in
/// milliseconds.
pub(super) fn of_held(to: &mut Vec<Warning>, (held, longest_ms): (u64, f64)) {
    if held == 0 {
        return;
    }
    let message = format!(
        "{held} requests were due while as many as may be were in flight, and waited up to \
         {:.3} s: the rate was not kept",
        longest_ms / 1e3
    );
    let remedy = "times from the intended send are named `effective_`; raise the concurrency limit or \
                  lower the request rate";
    warn(to, "arrivals_held_back", "requests", message, remedy);
}

/// Of the requests.
pub(super) fn of_requests(to: &mut Vec<Warning>, totals: &RequestTotals, unreported: u64) {
    if unreported > 0 {
        let message = format!(
            "{unreported} of {} answers carried no `usage`: their tokens are counted as chunks",
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
            let remedy = match settle.basis {
                SettleBasis::Missed => "see why its last readings failed",
                _ => {
                    "check for other clients of the server, or raise `[server_metrics] settle_timeout`"
                }
            };
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

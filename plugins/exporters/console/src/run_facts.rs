//! What stands beside the tables: requests, phases, warnings, the tool itself.

use aiperf_plugin_sdk::report::{
    Boundary, ClientHealth, EndpointReport, GoodputReport, PhaseReport, Report, RequestTotals,
    RunStatus, SettleBasis, SettleReport, SteadyReport, Warning,
};

use crate::number::{Scale, count, duration};
use crate::paint::Paint;
use crate::rows::CLIENT_DIGITS;
use crate::text::{neutral, wrap};

/// Width of the column of names.
const NAMES: usize = 10;

/// `name` in front of a text that wraps beside it.
fn entry(name: &str, text: &str, page: usize, paint: Paint) -> Vec<String> {
    let lines = wrap(text, page.saturating_sub(NAMES).max(20), 0);
    let lines = lines.iter().enumerate().map(|(index, line)| {
        let name = if index == 0 { name } else { "" };
        format!("{}{line}", paint.bold(&format!("{name:<NAMES$}")))
    });
    lines.collect()
}

/// Requests of the run with tokens and failures.
pub(crate) fn requests(totals: &RequestTotals, page: usize, paint: Paint) -> Vec<String> {
    let RequestTotals {
        sent,
        done,
        failed,
        cancelled,
        ..
    } = totals;
    let requests = format!(
        "{} sent · {} done · {} failed · {} cancelled",
        count(*sent),
        count(*done),
        count(*failed),
        count(*cancelled)
    );
    let mut lines = entry("Requests", &requests, page, paint);
    if let Some(tokens) = tokens(totals) {
        lines.extend(entry("Tokens", &tokens, page, paint));
    }
    for (index, error) in totals.errors.iter().enumerate() {
        let name = if index == 0 { "Failures" } else { "" };
        let text = format!(
            "{} × {}: {}",
            count(error.count),
            error.class,
            error.example
        );
        lines.extend(entry(name, &neutral(&text), page, paint));
    }
    lines
}

/// Requests that kept all limits, and how many missed each.
pub(crate) fn goodput(goodput: &GoodputReport, page: usize, paint: Paint) -> Vec<String> {
    let all = format!(
        "{} of {} requests kept all limits",
        count(goodput.good),
        count(goodput.judged)
    );
    let limits = goodput.limits.iter().map(|limit| {
        let than = if limit.at_most { "above" } else { "below" };
        let metric = limit.metric.replace('_', " ");
        format!("{} {than} {metric} {}", count(limit.missed), limit.limit)
    });
    let parts: Vec<_> = std::iter::once(all).chain(limits).collect();
    entry("Goodput", &neutral(&parts.join(" · ")), page, paint)
}

/// What was in flight, and what the clients saw while that was steady.
pub(crate) fn steady(report: &Report, page: usize, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(concurrency) = &report.concurrency {
        let text = format!(
            "{} requests on average · {} at most",
            shown(concurrency.avg),
            count(concurrency.max)
        );
        lines.extend(entry("In flight", &text, page, paint));
    }
    if let Some(steady) = &report.steady_state {
        lines.extend(entry("Steady", &steady_text(steady), page, paint));
    }
    lines
}

fn steady_text(steady: &SteadyReport) -> String {
    let Some(seconds) = steady.duration_seconds else {
        let why = match steady.note.as_str() {
            "no_requests" => "no requests",
            "too_short" => "load ended before it had run at its plateau for the time of a request",
            "not_steady" => "load rose or fell all the time",
            other => other,
        };
        return format!("at no time: {}", neutral(why));
    };
    let metric = |key: &str, name: &str| {
        let metric = steady.llm_metrics.get(key)?;
        let p99 = metric
            .stats
            .p99
            .map(|_| format!(" (p99 {})", shown(metric.stats.p99)));
        let (avg, unit) = (shown(metric.stats.avg), &metric.unit);
        Some(format!("{name} {avg} {unit}{}", p99.unwrap_or_default()))
    };
    let begun = (steady.note == "folded").then(|| "in whole blocks of time".to_owned());
    let parts = [
        Some(format!(
            "{} with {} in flight",
            duration(seconds),
            shown(steady.concurrency)
        )),
        metric("request_throughput", "throughput"),
        metric("time_to_first_token", "TTFT"),
        metric("inter_token_latency", "ITL"),
        metric("request_latency", "latency"),
        begun,
    ];
    neutral(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// Four digits, as in the table of the clients.
fn shown(value: Option<f64>) -> String {
    let [cell] = Scale::counted("", value.unwrap_or_default()).cells([value], CLIENT_DIGITS);
    cell
}

fn tokens(totals: &RequestTotals) -> Option<String> {
    let parts = [
        (totals.prompt_tokens, "in"),
        (totals.cached_tokens, "of them cached"),
        (totals.completion_tokens, "out"),
    ];
    let parts = parts
        .iter()
        .filter_map(|(n, what)| n.map(|n| format!("{} {what}", count(n))));
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Phases and whether the servers' counters had become true at their ends.
pub(crate) fn phases(report: &Report, page: usize, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, phase) in report.phases.iter().enumerate() {
        let name = if index == 0 { "Phases" } else { "" };
        let settled = settled(phase, &report.endpoints);
        let parts = [phase_text(phase), settled];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        lines.extend(entry(name, &parts.join(" · "), page, paint));
    }
    lines
}

fn phase_text(phase: &PhaseReport) -> String {
    let time = format!(
        "{}: {}",
        neutral(&phase.name),
        duration(phase.duration_seconds)
    );
    let requests = phase
        .requests
        .as_ref()
        .map(|totals| format!("{} requests", count(totals.sent)));
    let taken_over = (phase.boundary == Boundary::Seamless).then(|| {
        let n = count(phase.in_flight_at_start);
        format!("took over {n} in flight, so server totals are not exact")
    });
    let parts = std::iter::once(time).chain(requests).chain(taken_over);
    parts.collect::<Vec<_>>().join(" · ")
}

fn settled(phase: &PhaseReport, endpoints: &[EndpointReport]) -> String {
    let answering = |settle: &&SettleReport| {
        settle.settled
            || endpoints
                .iter()
                .any(|endpoint| endpoint.url == settle.endpoint && endpoint.reachable)
    };
    let settles: Vec<_> = phase.settle.iter().filter(answering).collect();
    let Some(longest) = settles.iter().map(|settle| settle.wait_ms).reduce(f64::max) else {
        return String::new();
    };
    let open: Vec<_> = settles.iter().filter(|settle| !settle.settled).collect();
    if open.is_empty() {
        let after = duration(longest / 1e3);
        return format!("✔ server counters final {after} after the last response");
    }
    let open: Vec<_> = open
        .iter()
        .map(|settle| open_text(settle, endpoints))
        .collect();
    format!("✘ server counters not final: {}", open.join(", "))
}

fn open_text(settle: &SettleReport, endpoints: &[EndpointReport]) -> String {
    let endpoint = endpoints
        .iter()
        .find(|endpoint| endpoint.url == settle.endpoint);
    let name = endpoint.map_or(settle.endpoint.as_str(), |endpoint| &endpoint.display);
    let why = match settle.basis {
        SettleBasis::Unequal => "differs from what the clients saw",
        SettleBasis::Timeout => "still moving when time ran out",
        SettleBasis::Missed => "no answer",
        _ => "unknown",
    };
    neutral(&format!("{name} ({why})"))
}

/// Warnings with what to do about them.
pub(crate) fn warnings(warnings: &[Warning], page: usize, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for warning in warnings {
        let subject = match warning.subject.as_str() {
            "" => String::new(),
            subject => format!("{subject}: "),
        };
        let text = neutral(&format!("{subject}{}", warning.message));
        let mark = format!("{} ", paint.warn("⚠"));
        lines.extend(marked(&mark, "  ", &text, page));
        if !warning.remedy.is_empty() {
            lines.extend(marked("  → ", "    ", &neutral(&warning.remedy), page));
        }
    }
    lines
}

/// `text` behind `mark`, further lines behind `hang`, which is as wide.
fn marked(mark: &str, hang: &str, text: &str, page: usize) -> Vec<String> {
    let lines = wrap(text, page.saturating_sub(hang.len()).max(20), 0);
    let lines = lines.iter().enumerate();
    lines
        .map(|(index, line)| format!("{}{line}", if index == 0 { mark } else { hang }))
        .collect()
}

/// How the run ended, unless as planned.
pub(crate) fn ending(report: &Report, page: usize, paint: Paint) -> Vec<String> {
    match report.metadata.status {
        RunStatus::Completed => Vec::new(),
        RunStatus::Interrupted => {
            let status = "interrupted; running requests were let finish";
            entry("Status", status, page, paint)
        }
        RunStatus::Aborted => entry("Status", "aborted; results are partial", page, paint),
        _ => {
            let status = "not as planned; a newer version can tell how";
            entry("Status", status, page, paint)
        }
    }
}

/// What the tool says of itself; loud if the numbers suffer from it.
pub(crate) fn health(health: &ClientHealth, page: usize, paint: Paint) -> Vec<String> {
    let times = [
        ("send delay", &health.send_delay_ms),
        ("read lag", &health.read_lag_ms),
        ("scrapes late by", &health.scrape_lateness_ms),
    ];
    let times = times.iter().filter_map(|(name, stats)| {
        let [p50, p99] = Scale::counted("ms", 0.0).cells([Some(stats.p50?), stats.p99], 3);
        Some(format!("{name} {p50} ms (p99 {p99})"))
    });
    let shares = [
        ("CPU", health.cpu_percent),
        ("busiest load thread", health.busiest_thread_percent),
        ("waiting for a core", health.core_wait_percent),
        ("machine", health.machine_percent),
    ];
    let shares = shares
        .iter()
        .filter_map(|(name, percent)| percent.map(|percent| format!("{name} {percent:.0} %")));
    let facts: Vec<_> = times.chain(shares).collect();
    let mut lines = Vec::new();
    if health.degraded {
        let text = "✘ THE TOOL ITSELF FELL BEHIND: the numbers are worse than the server";
        lines.extend(wrap(text, page, 2).iter().map(|line| paint.bad(line)));
    }
    if !facts.is_empty() {
        lines.extend(entry("Tool", &facts.join(" · "), page, paint));
    }
    lines
}

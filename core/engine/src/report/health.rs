//! The tool's own lag, and whether it matters. See `docs/metrics.md#client-health`.

use std::time::Duration;

use aiperf_plugin_sdk::report::{ClientHealth, ClientMetric, Stats, Warning};
use indexmap::IndexMap;

use super::RequestLog;
use super::label::{self, Label};
use super::warnings::warn;
use crate::load::{PhaseUse, RequestRow};
use crate::stats::summary;

/// Lag that no inference server is fast enough for to matter, in ms.
const NEGLIGIBLE_MS: f64 = 1.0;
/// Requests below which a 99th percentile is the accident of one of them.
const ENOUGH: u64 = 100;
/// Share of a request's cycle that the client may take for itself: throughput is understated by it.
const CYCLE_SHARE: f64 = 0.02;
/// Share of the time to first token by which the latest sends may be late.
const SEND_SHARE: f64 = 0.2;
/// Share of a gap between chunks by which the latest reads may be late. When it comes to all of the
/// gap, two chunks are read as one and get one time.
const READ_SHARE: f64 = 0.5;
/// A load thread that computes for more than this has no room for waves.
const THREAD_PERCENT: f64 = 80.0;
/// A machine with less idle time makes everybody wait for turns.
const MACHINE_PERCENT: f64 = 90.0;
/// Time without a core, of a load thread, that is more than taking turns.
const WAIT_PERCENT: f64 = 20.0;
/// Stolen time that is more than the odd interruption.
const STOLEN_PERCENT: f64 = 5.0;
/// Reads without a kernel stamp that are more than the first ones of a run.
const USER_CLOCK_PERCENT: f64 = 1.0;

/// What the client's lag is held against, in ms; `None` where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scale {
    /// Requests that were answered.
    requests: u64,
    ttft_p50: Option<f64>,
    gap_p50: Option<f64>,
    latency_p50: Option<f64>,
    latency_avg: Option<f64>,
}

impl Scale {
    pub(super) fn of(metrics: &IndexMap<String, ClientMetric>) -> Self {
        let metric = |label: Label| metrics.get(label.name());
        let p50 = |label| metric(label).and_then(|metric| metric.stats.p50);
        let latency = metric(label::LATENCY);
        Self {
            requests: latency.map_or(0, |latency| latency.n),
            ttft_p50: p50(label::TTFT),
            gap_p50: p50(label::GAPS),
            latency_p50: p50(label::LATENCY),
            latency_avg: latency.and_then(|latency| latency.stats.avg),
        }
    }

    /// Whether a 99th percentile in ms is so large, against `share` of a median, that it matters.
    fn is_late(&self, p99: f64, share: f64, median: f64) -> bool {
        self.requests >= ENOUGH && p99 > NEGLIGIBLE_MS && p99 > share * median
    }
}

/// What a phase cost the tool, beside what its requests tell.
#[derive(Debug, Clone, Default)]
pub struct Effort {
    /// What it cost the machine.
    pub used: PhaseUse,
    /// Socket reads that carried a kernel receive time, and reads that did not.
    pub reads_by_clock: (u64, u64),
    /// Nanoseconds from due time to start of its regular scrapes, of all sources.
    pub scrape_lateness_ns: Vec<i64>,
}

/// What the tool measured of itself in phase `phase`; the report judges whether it is `degraded`.
/// Requests that are folded into statistics have no part in its delays.
pub fn client_health(phase: u32, requests: &RequestLog, effort: &Effort) -> ClientHealth {
    let rows = || requests.rows(phase);
    let mut lags: Vec<_> = rows().filter_map(|row| read_lag_ms(&row)).collect();
    let lateness = effort.scrape_lateness_ns.iter();
    let mut lateness: Vec<_> = lateness.map(|ns| *ns as f64 / 1e6).collect();
    let (kernel, user) = effort.reads_by_clock;
    let user_share = user as f64 / (kernel + user) as f64;
    ClientHealth {
        send_delay_ms: summary(&mut send_delays_ms(rows)),
        read_lag_ms: summary(&mut lags),
        user_clock_percent: Some(user_share * 100.0).filter(|percent| percent.is_finite()),
        scrape_lateness_ms: summary(&mut lateness),
        ..of_use(&effort.used)
    }
}

/// What the load cost, in percent of the phase.
fn of_use(used: &PhaseUse) -> ClientHealth {
    let elapsed = used.elapsed.as_secs_f64();
    let percent = |time: Duration| {
        let percent = time.as_secs_f64() / elapsed * 100.0;
        Some(percent).filter(|percent| percent.is_finite())
    };
    let threads = used.threads.iter();
    let busiest = threads.clone().map(|thread| thread.cpu).max();
    let waited = threads.filter_map(|thread| thread.waited).max();
    ClientHealth {
        cpu_percent: percent(used.process_cpu),
        busiest_thread_percent: busiest.and_then(percent),
        core_wait_percent: waited.and_then(percent),
        machine_percent: used.machine.map(|machine| machine.busy * 100.0),
        stolen_percent: used.machine.map(|machine| machine.stolen * 100.0),
        cpu_limit: used.cpu_limit,
        throttled_ms: used.throttled.map(|time| time.as_secs_f64() * 1e3),
        ..ClientHealth::default()
    }
}

/// From the moment at which a request was due, and the limit of requests in flight let it go, to its
/// actual send. The first request of each slot of a closed loop is left out: all of them are meant for
/// the moment at which the phase begins, and nobody can send them all at once.
fn send_delays_ms<'a, R: Iterator<Item = RequestRow<'a>>>(rows: impl Fn() -> R) -> Vec<f64> {
    let begin = rows().map(|row| row.intended).min();
    let later = rows().filter(|row| row.released.is_some() || Some(row.intended) != begin);
    let delay = |row: RequestRow<'_>| {
        let due = row.released.unwrap_or(row.intended);
        let late_ns = row.start?.since(due) as f64;
        let connecting_ns = row
            .connect
            .map_or(0.0, |times| times.total().as_nanos() as f64);
        Some((late_ns - connecting_ns).max(0.0) / 1e6)
    };
    later.filter_map(delay).collect()
}

/// From the arrival of a first token to its reading; `None` without a kernel stamp, which is noted
/// as 0.
fn read_lag_ms(row: &RequestRow<'_>) -> Option<f64> {
    let lag_ns = row.first_token_lag_ns;
    (row.first_token.is_some() && lag_ns > 0).then(|| f64::from(lag_ns) / 1e6)
}

/// Warns of what passes its threshold; true if anything did.
pub(super) fn judge(health: &ClientHealth, scale: &Scale, to: &mut Vec<Warning>) -> bool {
    let before = to.len();
    sends_late(health, scale, to);
    reads_late(health, scale, to);
    user_clock(health, to);
    thread_saturated(health, to);
    machine_busy(health, to);
    throttled(health, to);
    to.len() > before
}

fn sends_late(health: &ClientHealth, scale: &Scale, to: &mut Vec<Warning>) {
    let Stats { avg, p99, .. } = health.send_delay_ms;
    let (Some(avg), Some(p99)) = (avg, p99) else {
        return;
    };
    // Without streams there is no first token to wait for.
    let Some(median) = scale.ttft_p50.or(scale.latency_p50) else {
        return;
    };
    let cycle = scale.latency_avg.map(|latency| avg + latency);
    let slows = cycle.is_some_and(|cycle| avg > CYCLE_SHARE * cycle);
    if !slows && !scale.is_late(p99, SEND_SHARE, median) {
        return;
    }
    let message = format!(
        "requests were sent {avg:.3} ms late on average, {p99:.3} ms at the 99th percentile; the \
         median {} is {median:.3} ms{}",
        if scale.ttft_p50.is_some() {
            "time to first token"
        } else {
            "request latency"
        },
        circumstances(health)
    );
    let remedy = "the server saw less load than was asked for: lower the concurrency, or give \
                  the load generator cores of its own";
    warn(to, "client_sends_late", "", message, remedy);
}

fn reads_late(health: &ClientHealth, scale: &Scale, to: &mut Vec<Warning>) {
    let (Some(p99), Some(gap)) = (health.read_lag_ms.p99, scale.gap_p50) else {
        return;
    };
    if !scale.is_late(p99, READ_SHARE, gap) {
        return;
    }
    let message = format!(
        "first tokens waited {p99:.3} ms to be read (99th percentile); the median gap between \
         chunks is {gap:.3} ms{}",
        circumstances(health)
    );
    let remedy = "chunks that are read together get the time of the last: do not trust the \
                  percentiles of gaps, lower the concurrency, or give the load generator cores of \
                  its own";
    warn(to, "client_reads_late", "", message, remedy);
}

fn user_clock(health: &ClientHealth, to: &mut Vec<Warning>) {
    let percent = health.user_clock_percent;
    let Some(percent) = percent.filter(|percent| *percent > USER_CLOCK_PERCENT) else {
        return;
    };
    let message = format!(
        "{percent:.0} % of the reads were stamped by this program and not by the kernel: times of \
         arrival include the time it took to wake up"
    );
    let remedy = "run on Linux, with `[run] kernel_timestamps` on";
    warn(to, "user_clock", "", message, remedy);
}

fn thread_saturated(health: &ClientHealth, to: &mut Vec<Warning>) {
    let Some(percent) = health
        .busiest_thread_percent
        .filter(|p| *p > THREAD_PERCENT)
    else {
        return;
    };
    let message = format!("the busiest load thread was computing for {percent:.0} % of the time");
    let remedy = "the load generator may have been the limit: raise `[run] threads` up to the \
                  number of cores, or lower the load";
    warn(to, "client_saturated", "", message, remedy);
}

/// A busy machine alone is no harm, a server on the same machine is meant to use it: the load
/// threads must have felt it.
fn machine_busy(health: &ClientHealth, to: &mut Vec<Warning>) {
    let above = |percent: Option<f64>, limit: f64| percent.is_some_and(|percent| percent > limit);
    let starved = above(health.core_wait_percent, WAIT_PERCENT)
        && above(health.machine_percent, MACHINE_PERCENT);
    if starved || above(health.stolen_percent, STOLEN_PERCENT) {
        let message = format!(
            "load threads had to wait for a core{}",
            circumstances(health)
        );
        let remedy = "run the load generator on a machine of its own, or with less beside it";
        warn(to, "machine_busy", "", message, remedy);
    }
}

fn throttled(health: &ClientHealth, to: &mut Vec<Warning>) {
    let Some(ms) = health.throttled_ms.filter(|ms| *ms > 0.0) else {
        return;
    };
    let limit = health.cpu_limit.map(|cores| format!(" of {cores} cores"));
    let limit = limit.unwrap_or_default();
    let message = format!("a CPU quota{limit} stopped this process for {ms:.0} ms of CPU time");
    let remedy = "raise the CPU limit of the container or of the control group";
    warn(to, "client_throttled", "", message, remedy);
}

/// Why the client may be late: what is known of threads and machine.
fn circumstances(health: &ClientHealth) -> String {
    let facts = [
        (
            "busiest load thread computing",
            health.busiest_thread_percent,
        ),
        ("waiting for a core", health.core_wait_percent),
        ("machine in use", health.machine_percent),
        (
            "stolen by the hypervisor",
            health.stolen_percent.filter(|stolen| *stolen >= 1.0),
        ),
    ];
    let known = facts
        .iter()
        .filter_map(|(what, percent)| Some((what, (*percent)?)));
    let facts: Vec<_> = known
        .map(|(what, percent)| format!("{what} {percent:.0} %"))
        .collect();
    if facts.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.join(", "))
    }
}

#[cfg(test)]
mod tests;

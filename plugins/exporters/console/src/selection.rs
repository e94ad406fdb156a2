//! What of a server's metrics people look at first, told by the words of a name.
//!
//! A real vLLM page has 92 families, a Dynamo frontend 81. No metric is named here: words decide
//! about order, and about what is left to the files when nothing moved.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::MetricReport;

use crate::Rows;
use crate::families::Family;
use crate::number::largest;

/// What a family is about, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Requests,
    Tokens,
    Latency,
    Queue,
    Cache,
    Gpu,
    Resources,
    Other,
    /// Of the runtime or of the metrics library; of interest to the server's authors.
    Internals,
}

/// Words of a topic. The first topic that has one of a name's words takes it.
const WORDS: [(Topic, &[&str]); 6] = [
    (
        Topic::Queue,
        &[
            "waiting",
            "queue",
            "queued",
            "pending",
            "deferred",
            "preemptions",
            "preempted",
            "swapped",
        ],
    ),
    (
        Topic::Cache,
        &["cache", "kv", "kvstats", "kvbm", "blocks", "prefix", "hit"],
    ),
    (
        Topic::Tokens,
        &["token", "tokens", "throughput", "tokenize", "detokenize"],
    ),
    (
        Topic::Gpu,
        &[
            "gpu", "gpus", "dcgm", "nvidia", "flops", "sm", "fb", "xid", "nvlink",
        ],
    ),
    (
        Topic::Requests,
        &[
            "request",
            "requests",
            "reqs",
            "response",
            "responses",
            "running",
            "inflight",
            "active",
            "success",
            "http",
            "rejections",
            "connections",
            "clients",
        ],
    ),
    (
        Topic::Resources,
        &["cpu", "memory", "resident", "network", "disk", "load"],
    ),
];

/// First words, or words anywhere, of what belongs to a runtime.
const RUNTIMES: [&str; 12] = [
    "python", "process", "go", "jvm", "nodejs", "ruby", "dotnet", "tokio", "promhttp", "scrape",
    "gc", "uptime",
];
/// Of a runtime's families these are worth a look.
const OF_INTEREST: [&str; 2] = ["cpu", "resident"];
/// Words of gauges that say how much of something is in use: they are of interest at rest too.
const LEVELS: [&str; 7] = [
    "usage",
    "used",
    "utilization",
    "util",
    "perc",
    "percent",
    "ratio",
];

/// Words of gauges that say how a server is set up.
const SETTINGS: [&str; 4] = ["capacity", "limit", "max", "size"];

/// The topic of a family by its words.
pub(crate) fn topic(family: &Family<'_>) -> Topic {
    let key = family.plain_key().to_lowercase();
    let words: Vec<&str> = key.split([':', '_']).collect();
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    if key.ends_with("_created") || (has(&RUNTIMES) && !has(&OF_INTEREST)) {
        return Topic::Internals;
    }
    if is_latency(family) {
        return Topic::Latency;
    }
    let known = WORDS.iter().find(|(_, of_topic)| has(of_topic));
    known.map_or(Topic::Other, |(topic, _)| *topic)
}

fn is_latency(family: &Family<'_>) -> bool {
    let is_time = matches!(family.unit(), "sec" | "ms");
    is_time && family.members().any(|metric| !is_scalar(metric))
}

/// The families that are shown, by topic, and how many metrics are not.
pub(crate) fn select(
    mut families: Vec<Family<'_>>,
    rows: Rows,
) -> (Vec<(Topic, Family<'_>)>, usize) {
    let mut left_out = 0;
    if rows == Rows::Main {
        families.retain_mut(|family| {
            let before = family.members().count();
            family.drop_idle_series();
            let is_shown = is_main(family);
            left_out += before
                - if is_shown {
                    family.members().count()
                } else {
                    0
                };
            is_shown
        });
    }
    let mut by_topic: Vec<_> = families
        .into_iter()
        .map(|family| (topic(&family), family))
        .collect();
    by_topic.sort_by_key(|(topic, _)| *topic);
    (by_topic, left_out)
}

fn is_main(family: &Family<'_>) -> bool {
    let any = |shown: fn(&MetricReport) -> bool| family.members().any(shown);
    match topic(family) {
        Topic::Internals => false,
        // That nobody had to wait is an answer; so is that a GPU stood idle.
        Topic::Queue => {
            any(|metric| !is_setting(metric) && (is_scalar(metric) || !is_idle(metric)))
        }
        Topic::Gpu => any(|metric| metric.kind == MetricKind::Gauge || !is_idle(metric)),
        Topic::Other | Topic::Cache | Topic::Tokens => {
            any(|metric| !is_idle(metric) && !is_constant(metric))
        }
        Topic::Requests | Topic::Latency | Topic::Resources => {
            any(|metric| !is_idle(metric) && !is_setting(metric))
        }
    }
}

/// True if nothing happened to it: nothing was counted or observed, or it was always zero.
/// What is not known is not idle.
pub(crate) fn is_idle(metric: &MetricReport) -> bool {
    let none = |value: Option<f64>| value == Some(0.0);
    match metric.kind {
        MetricKind::Counter => none(metric.total),
        MetricKind::Histogram | MetricKind::Summary => none(metric.count) || none(metric.sum),
        _ => metric.n > 0 && largest(metric.stats.seven()) == 0.0,
    }
}

/// True for a gauge that stood still, unless it says how much of something is in use.
fn is_constant(metric: &MetricReport) -> bool {
    let stood_still = metric.n > 1 && metric.stats.std == Some(0.0);
    metric.kind == MetricKind::Gauge && stood_still && !has_word(metric, &LEVELS)
}

/// True for a gauge that says how the server is set up rather than what it does.
fn is_setting(metric: &MetricReport) -> bool {
    is_constant(metric) && has_word(metric, &SETTINGS)
}

fn is_scalar(metric: &MetricReport) -> bool {
    !matches!(metric.kind, MetricKind::Histogram | MetricKind::Summary)
}

fn has_word(metric: &MetricReport, any: &[&str]) -> bool {
    let name = metric.name.to_lowercase();
    name.split([':', '_']).any(|word| any.contains(&word))
}

#[cfg(test)]
mod tests;

//! Client metrics: names, titles and units. See `docs/metrics.md#client`.

use aiperf_plugin_sdk::report::{ClientMetric, Stats};
use indexmap::IndexMap;

use crate::stats::summary;

/// Name in files, title for people, unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label(&'static str, &'static str, &'static str);

impl Label {
    /// Name in files.
    pub(super) fn name(self) -> &'static str {
        self.0
    }
}

pub(super) const TTFT: Label = Label("time_to_first_token", "Time to First Token", "ms");
pub(super) const ITL: Label = Label("inter_token_latency", "Inter Token Latency", "ms");
pub(super) const GAPS: Label = Label("inter_chunk_latency", "Inter Chunk Latency", "ms");
pub(super) const LATENCY: Label = Label("request_latency", "Request Latency", "ms");
pub(super) const OUTPUT: Label =
    Label("output_sequence_length", "Output Sequence Length", "tokens");
pub(super) const INPUT: Label = Label("input_sequence_length", "Input Sequence Length", "tokens");
pub(super) const PER_USER: Label = Label(
    "output_token_throughput_per_user",
    "Output Token Throughput Per User",
    "tokens/sec/user",
);
pub(super) const SEND_DELAY: Label = Label("send_delay", "Send Delay", "ms");
pub(super) const TOKENS: Label = Label(
    "output_token_throughput",
    "Output Token Throughput",
    "tokens/sec",
);
pub(super) const REQUESTS: Label =
    Label("request_throughput", "Request Throughput", "requests/sec");
pub(super) const CONCURRENCY: Label =
    Label("effective_concurrency", "Effective Concurrency", "requests");
pub(super) const COUNT: Label = Label("request_count", "Request Count", "requests");
pub(super) const ERRORS: Label = Label("error_request_count", "Error Request Count", "requests");
pub(super) const DURATION: Label = Label("benchmark_duration", "Benchmark Duration", "sec");

/// Metrics by name, as they are added.
#[derive(Debug, Default)]
pub(super) struct Metrics(IndexMap<String, ClientMetric>);

impl Metrics {
    /// A metric with a value per request or gap; none without values.
    pub(super) fn spread(&mut self, label: Label, mut values: Vec<f64>) {
        if !values.is_empty() {
            let n = values.len() as u64;
            self.push(label, n, summary(&mut values));
        }
    }

    /// A metric that is one number.
    pub(super) fn single(&mut self, label: Label, value: Option<f64>) {
        self.push(label, u64::from(value.is_some()), Stats::single(value));
    }

    fn push(&mut self, Label(name, title, unit): Label, n: u64, stats: Stats) {
        let (unit, display_name) = (unit.to_owned(), title.to_owned());
        let metric = ClientMetric {
            stats,
            unit,
            n,
            display_name,
            ..ClientMetric::default()
        };
        self.0.insert(name.to_owned(), metric);
    }

    /// Says that some values of these metrics are no counts of the server's.
    pub(super) fn mark_estimated(&mut self, labels: &[Label]) {
        for Label(name, ..) in labels {
            if let Some(metric) = self.0.get_mut(*name) {
                metric.estimated = true;
            }
        }
    }

    /// The metrics, in the order of adding.
    pub(super) fn into_map(self) -> IndexMap<String, ClientMetric> {
        self.0
    }
}

//! Client metrics: names, titles and units. See `docs/metrics.md#client`.

use aiperf_plugin_sdk::report::{ClientMetric, Estimator, Stats};
use indexmap::IndexMap;

use super::values::Values;
use crate::stats::Distribution;

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
pub(super) const TTST: Label = Label("time_to_second_token", "Time to Second Token", "ms");
pub(super) const TTFOT: Label = Label(
    "time_to_first_output_token",
    "Time to First Output Token",
    "ms",
);
pub(super) const VISIBLE: Label = Label("output_token_count", "Output Token Count", "tokens");
pub(super) const REASONING: Label =
    Label("reasoning_token_count", "Reasoning Token Count", "tokens");
pub(super) const OSL_MISMATCH: Label = Label("osl_mismatch_diff_pct", "OSL Mismatch", "%");
pub(super) const OSL_MISMATCHES: Label =
    Label("osl_mismatch_count", "OSL Mismatch Count", "requests");
pub(super) const CACHED: Label = Label(
    "usage_prompt_cache_read_tokens",
    "Cached Prompt Tokens",
    "tokens",
);
pub(super) const CACHED_SHARE: Label = Label(
    "overall_usage_prompt_cache_read_pct",
    "Cached Share of Prompts",
    "%",
);
pub(super) const CACHE_MISSED: Label = Label(
    "usage_prompt_cache_miss_tokens",
    "Uncached Prompt Tokens",
    "tokens",
);
pub(super) const CACHE_WRITTEN: Label = Label(
    "usage_prompt_cache_write_tokens",
    "Cache Write Tokens",
    "tokens",
);
pub(super) const PREDICTED: Label = Label(
    "usage_accepted_prediction_tokens",
    "Accepted Prediction Tokens",
    "tokens",
);
pub(super) const MISPREDICTED: Label = Label(
    "usage_rejected_prediction_tokens",
    "Rejected Prediction Tokens",
    "tokens",
);
pub(super) const IMAGES: Label = Label("num_images", "Number of Images", "images");
pub(super) const IMAGE_SPEED: Label = Label("image_throughput", "Image Throughput", "images/sec");
pub(super) const IMAGE_LATENCY: Label = Label("image_latency", "Image Latency", "ms/image");
pub(super) const DRAFT_STEPS: Label = Label("spec_decode_steps", "Spec Decode Steps", "count");
pub(super) const DRAFTED: Label = Label("spec_decode_draft_tokens", "Draft Tokens", "tokens");
pub(super) const ACCEPTED: Label = Label(
    "spec_decode_accepted_draft_tokens",
    "Accepted Draft Tokens",
    "tokens",
);
pub(super) const ACCEPTANCE_LENGTH: Label = Label(
    "spec_decode_acceptance_length",
    "Acceptance Length",
    "ratio",
);
pub(super) const ACCEPTANCE_RATE: Label = Label(
    "spec_decode_draft_acceptance_rate",
    "Draft Acceptance Rate",
    "%",
);
pub(super) const PER_VERIFIED: Label = Label(
    "spec_decode_accepted_per_verified",
    "Accepted per Verified",
    "ratio",
);
pub(super) const ALL_ACCEPTANCE_LENGTH: Label = Label(
    "spec_decode_token_weighted_acceptance_length",
    "Token-Weighted Acceptance Length",
    "ratio",
);
pub(super) const ALL_ACCEPTANCE_RATE: Label = Label(
    "spec_decode_overall_draft_acceptance_rate",
    "Overall Draft Acceptance Rate",
    "%",
);
pub(super) const PREFILL: Label = Label(
    "prefill_throughput_per_user",
    "Prefill Throughput Per User",
    "tokens/sec/user",
);
pub(super) const INPUT_TOKENS: Label = Label(
    "input_token_throughput",
    "Input Token Throughput",
    "tokens/sec",
);
pub(super) const TOTAL_TOKENS: Label = Label(
    "total_token_throughput",
    "Total Token Throughput",
    "tokens/sec",
);
pub(super) const ERROR_RATE: Label = Label("request_error_rate", "Request Error Rate", "%");
pub(super) const ITL: Label = Label("inter_token_latency", "Inter Token Latency", "ms");
pub(super) const GAPS: Label = Label("inter_chunk_latency", "Inter Chunk Latency", "ms");
pub(super) const LATENCY: Label = Label("request_latency", "Request Latency", "ms");
pub(super) const DECODE: Label = Label("decode_duration", "Decode Duration", "ms");
pub(super) const END_TO_END: Label = Label(
    "e2e_output_token_throughput",
    "End-to-End Output Token Throughput",
    "tokens/sec/user",
);
pub(super) const EFFECTIVE_TTFT: Label = Label(
    "effective_time_to_first_token",
    "Effective Time to First Token",
    "ms",
);
pub(super) const EFFECTIVE_LATENCY: Label = Label("effective_latency", "Effective Latency", "ms");
pub(super) const OUTPUT: Label =
    Label("output_sequence_length", "Output Sequence Length", "tokens");
pub(super) const INPUT: Label = Label("input_sequence_length", "Input Sequence Length", "tokens");
pub(super) const PER_USER: Label = Label(
    "output_token_throughput_per_user",
    "Output Token Throughput Per User",
    "tokens/sec/user",
);
pub(super) const SEND_DELAY: Label = Label("send_delay", "Send Delay", "ms");
pub(super) const DNS: Label = Label("http_req_dns_lookup", "HTTP DNS Lookup", "ms");
pub(super) const CONNECTING: Label = Label("http_req_connecting", "HTTP Connecting", "ms");
pub(super) const TLS: Label = Label("http_req_tls_handshaking", "HTTP TLS Handshake", "ms");
pub(super) const CONNECTION: Label = Label(
    "http_req_connection_overhead",
    "HTTP Connection Overhead",
    "ms",
);
pub(super) const SENDING: Label = Label("http_req_sending", "HTTP Sending", "ms");
pub(super) const WAITING: Label = Label("http_req_waiting", "HTTP Waiting (TTFB)", "ms");
pub(super) const RECEIVING: Label = Label("http_req_receiving", "HTTP Receiving", "ms");
pub(super) const HTTP_DURATION: Label = Label("http_req_duration", "HTTP Duration", "ms");
pub(super) const HTTP_TOTAL: Label = Label("http_req_total", "HTTP Total Time", "ms");
pub(super) const DATA_SENT: Label = Label("http_req_data_sent", "HTTP Data Sent", "bytes");
pub(super) const DATA_RECEIVED: Label =
    Label("http_req_data_received", "HTTP Data Received", "bytes");
pub(super) const READS: Label = Label("http_req_chunks_received", "HTTP Chunks Received", "count");
pub(super) const REUSED: Label = Label(
    "http_req_connection_reused",
    "HTTP Connection Reused",
    "ratio",
);
pub(super) const TOKENS: Label = Label(
    "output_token_throughput",
    "Output Token Throughput",
    "tokens/sec",
);
pub(super) const REQUESTS: Label =
    Label("request_throughput", "Request Throughput", "requests/sec");
pub(super) const GOODPUT: Label = Label("goodput", "Goodput", "requests/sec");
pub(super) const GOOD: Label = Label("good_request_count", "Good Request Count", "requests");
pub(super) const GOOD_FRACTION: Label =
    Label("good_request_fraction", "Good Request Fraction", "ratio");
pub(super) const CONCURRENCY: Label =
    Label("effective_concurrency", "Effective Concurrency", "requests");
pub(super) const COUNT: Label = Label("request_count", "Request Count", "requests");
pub(super) const ERRORS: Label = Label("error_request_count", "Error Request Count", "requests");
pub(super) const DURATION: Label = Label("benchmark_duration", "Benchmark Duration", "sec");

/// Metrics by name, as they are added.
#[derive(Debug, Default)]
pub(super) struct Metrics(IndexMap<String, ClientMetric>);

impl Metrics {
    /// A metric with a value per request; none without values.
    pub(super) fn spread(&mut self, label: Label, values: Values) {
        self.values(label, values, true);
    }

    /// A metric with several values per request, which have to do with each other; none without values.
    pub(super) fn pooled(&mut self, label: Label, values: Values) {
        self.values(label, values, false);
    }

    fn values(&mut self, label: Label, values: Values, independent: bool) {
        let (n, found, estimator) = values.finish(independent);
        if n > 0 {
            self.push(label, n, found, estimator);
        }
    }

    /// A metric that is one number.
    pub(super) fn single(&mut self, label: Label, value: Option<f64>) {
        let n = u64::from(value.is_some());
        let found = Distribution {
            stats: Stats::single(value),
            ..Distribution::default()
        };
        self.push(label, n, found, Estimator::Exact);
    }

    fn push(
        &mut self,
        Label(name, title, unit): Label,
        n: u64,
        found: Distribution,
        estimator: Estimator,
    ) {
        let (unit, display_name) = (unit.to_owned(), title.to_owned());
        let metric = ClientMetric {
            stats: found.stats,
            percentiles: found.percentiles,
            confidence_intervals: found.intervals,
            unit,
            n,
            display_name,
            estimator,
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

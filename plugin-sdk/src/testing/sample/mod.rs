//! A report with something in every part.

mod client;
mod devices;
mod servers;
mod vllm;

use indexmap::IndexMap;

use crate::report::{
    AggregateReport, ClientHealth, Combine, Metadata, PairCause, PairReport, Report, SliceReport,
    Stats, ValueBounds, Warning,
};

/// A run of 100 requests against a vLLM server and a load balancer, with one endpoint that never
/// answered. Every part of a report has content: statistics that are unknown and why, estimates
/// with bounds, counters of several series, facts, failures, time slices, a pair and its causes, a GPU
/// with a MIG instance.
///
/// The values fit together as those of a real run do, but are made up: tests may rely on them.
pub fn sample_report() -> Report {
    Report {
        metadata: metadata(),
        llm_metrics: client::metrics(),
        requests: Some(client::totals()),
        goodput: Some(client::goodput()),
        concurrency: Some(client::concurrency()),
        steady_state: Some(client::steady_state()),
        phases: client::phases(),
        endpoints: servers::endpoints(),
        servers: vec![vllm::server(), servers::balancer()],
        slices: slices(),
        aggregates: aggregates(),
        pairs: pairs(),
        devices: devices::devices(),
        derived: devices::derived(),
        client_health: Some(health()),
        warnings: vec![Warning {
            code: "endpoint_unreachable".to_owned(),
            subject: "http://localhost:8081/metrics".to_owned(),
            message: "none of 17 scrapes was answered (connect_refused)".to_owned(),
            remedy: "check that the server listens there: curl http://localhost:8081/metrics"
                .to_owned(),
        }],
    }
}

fn metadata() -> Metadata {
    let setting = ("concurrency".to_owned(), 10.into());
    Metadata {
        benchmark_start_time: "2025-01-07T09:05:31.234Z".to_owned(),
        benchmark_end_time: "2025-01-07T09:05:45.678Z".to_owned(),
        duration_seconds: 14.444,
        aiperf_version: "1.0.0".to_owned(),
        schema_version: crate::report::SCHEMA_VERSION.to_owned(),
        model: "nvidia/llama-3.1-nemotron-70b-instruct".to_owned(),
        command: "profile".to_owned(),
        url: "http://127.0.0.1:8000".to_owned(),
        endpoint_type: "chat".to_owned(),
        clock: "kernel".to_owned(),
        http_version: "1.1".to_owned(),
        settings: std::iter::once(setting).collect(),
        ..Metadata::default()
    }
}

/// Statistics from avg, min, max, p99, p90, p50, std.
fn stats(seven: [f64; 7]) -> Stats {
    let [avg, min, max, p99, p90, p50, std] = seven.map(Some);
    Stats {
        avg,
        min,
        max,
        p99,
        p90,
        p50,
        std,
    }
}

fn bounds(lower: f64, upper: f64) -> ValueBounds {
    ValueBounds {
        lower: Some(lower),
        upper: Some(upper),
    }
}

/// Three slices of 5 s, the last of which the end of the run cuts short.
fn slices() -> Vec<SliceReport> {
    let start = client::START_NS;
    let slice = |index: usize, seconds: f64, partial| SliceReport {
        start_ns: start + i64::try_from(index).unwrap_or_default() * 5_000_000_000,
        end_ns: start + [5_000_000_000, 10_000_000_000, 14_444_000_000][index],
        duration_seconds: seconds,
        partial,
        requests: Some(client::totals_of_slice(index)),
        llm_metrics: client::metrics_of_slice(index),
        note: String::new(),
    };
    vec![
        slice(0, 5.0, false),
        slice(1, 5.0, false),
        slice(2, 4.444, true),
    ]
}

fn aggregates() -> Vec<AggregateReport> {
    let requests = servers::requests();
    let mut metric = requests.clone();
    (metric.total, metric.rate) = (Some(116.0), Some(8.03));
    metric.labels.clear();
    metric.slices.clear();
    vec![AggregateReport {
        key: requests.key,
        software: "vllm".to_owned(),
        role: "engine".to_owned(),
        combine: Combine::Sum,
        servers: vec!["server-0".to_owned(), "server-1".to_owned()],
        metric,
    }]
}

fn pairs() -> Vec<PairReport> {
    let pair = |name: &str, display_name: &str, unit: &str, family: &str| PairReport {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        unit: unit.to_owned(),
        software: "vllm".to_owned(),
        role: "engine".to_owned(),
        client_n: Some(116.0),
        server_n: Some(116.0),
        family: family.to_owned(),
        servers: vec!["server-0".to_owned()],
        ..PairReport::default()
    };
    let network = PairCause {
        code: "network_and_client".to_owned(),
        amount: Some(0.45),
        message: "time between the server's clock and ours: network, HTTP and this tool".to_owned(),
    };
    let first_token = "vllm:time_to_first_token_seconds";
    vec![
        PairReport {
            client: stats([3.83, 2.05, 12.84, 11.26, 6.57, 2.68, 2.17]),
            server: Stats {
                p99: Some(11.0),
                p50: Some(2.4),
                ..Stats::single(Some(3.38))
            },
            server_bounds: [("p50".to_owned(), bounds(1.0, 5.0))].into(),
            difference: Some(0.45),
            causes: vec![network],
            ..pair(
                "time_to_first_token",
                "Time to First Token",
                "ms",
                first_token,
            )
        },
        PairReport {
            client: Stats::single(Some(3136.0)),
            server: Stats::single(Some(3136.0)),
            difference: Some(0.0),
            ..pair(
                "output_tokens",
                "Output Tokens",
                "tokens",
                "vllm:generation_tokens",
            )
        },
    ]
}

fn health() -> ClientHealth {
    ClientHealth {
        send_delay_ms: stats([0.12, 0.02, 1.4, 1.1, 0.4, 0.08, 0.2]),
        read_lag_ms: stats([0.05, 0.01, 0.6, 0.5, 0.1, 0.04, 0.1]),
        user_clock_percent: Some(0.0),
        cpu_percent: Some(14.5),
        busiest_thread_percent: Some(9.25),
        core_wait_percent: Some(1.5),
        machine_percent: Some(61.0),
        stolen_percent: Some(0.5),
        cpu_limit: Some(2.0),
        throttled_ms: Some(0.0),
        scrape_lateness_ms: stats([0.3, 0.0, 2.1, 2.0, 0.9, 0.2, 0.4]),
        degraded: false,
    }
}

/// Metrics of the load generator by their names.
fn named<T>(metrics: impl IntoIterator<Item = (&'static str, T)>) -> IndexMap<String, T> {
    let metrics = metrics.into_iter();
    metrics
        .map(|(name, metric)| (name.to_owned(), metric))
        .collect()
}

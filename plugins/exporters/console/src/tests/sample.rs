//! A run as a vLLM server and two load balancers would give it.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{
    ClientMetric, EndpointReport, ErrorClass, Estimator, MetricReport, PhaseReport, Report,
    RequestTotals, ScrapeFailure, ServerMetadata, ServerReport, SettleBasis, SettleReport, Stats,
    Warning,
};

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

fn client(display_name: &str, unit: &str, stats: Stats) -> (String, ClientMetric) {
    let metric = ClientMetric {
        stats,
        unit: unit.to_owned(),
        display_name: display_name.to_owned(),
        ..ClientMetric::default()
    };
    (display_name.to_lowercase().replace(' ', "_"), metric)
}

pub(super) fn report() -> Report {
    let spread =
        |scale: f64| stats([3.83, 2.05, 12.84, 11.26, 6.57, 2.68, 2.17].map(|value| value * scale));
    Report {
        llm_metrics: [
            client("Time to First Token", "ms", spread(10.0)),
            client("Inter Token Latency", "ms", spread(2.0)),
            client("Request Latency", "ms", spread(90.0)),
            client(
                "Output Sequence Length",
                "tokens",
                stats([32.0, 32.0, 32.0, 32.0, 32.0, 32.0, 0.0]),
            ),
            client(
                "Output Token Throughput",
                "tokens/sec",
                Stats::single(Some(948.23)),
            ),
            client(
                "Request Throughput",
                "requests/sec",
                Stats::single(Some(29.63)),
            ),
        ]
        .into(),
        requests: Some(totals()),
        phases: phases(),
        endpoints: endpoints(),
        servers: vec![vllm(), balancer()],
        warnings: vec![Warning {
            code: "endpoint_unreachable".to_owned(),
            subject: "http://localhost:8081/metrics".to_owned(),
            message: "none of 17 scrapes was answered (connect_refused)".to_owned(),
            remedy: "check that the server listens there: curl http://localhost:8081/metrics"
                .to_owned(),
        }],
        ..Report::default()
    }
}

fn totals() -> RequestTotals {
    RequestTotals {
        sent: 100,
        done: 98,
        failed: 2,
        cancelled: 0,
        prompt_tokens: Some(14_292),
        completion_tokens: Some(3_136),
        cached_tokens: None,
        errors: vec![ErrorClass {
            class: "http_500".to_owned(),
            count: 2,
            example: "500 Internal Server Error: {\"error\":\"out of blocks\"}".to_owned(),
        }],
    }
}

fn phases() -> Vec<PhaseReport> {
    let settle = |endpoint: &str| SettleReport {
        endpoint: endpoint.to_owned(),
        settled: true,
        basis: SettleBasis::Equal,
        wait_ms: 12.3,
        scrapes: 2,
        ..SettleReport::default()
    };
    let phase = |name: &str, seconds, sent| PhaseReport {
        name: name.to_owned(),
        duration_seconds: seconds,
        requests: Some(RequestTotals {
            sent,
            done: sent,
            ..RequestTotals::default()
        }),
        settle: vec![settle("http://127.0.0.1:8000/metrics")],
        ..PhaseReport::default()
    };
    vec![phase("warmup", 0.53, 10), phase("profiling", 5.347, 100)]
}

fn endpoints() -> Vec<EndpointReport> {
    let endpoint = |display: &str, reachable| EndpointReport {
        url: format!("http://{display}/metrics"),
        display: display.to_owned(),
        reachable,
        ..EndpointReport::default()
    };
    let refused = ScrapeFailure {
        class: "connect_refused".to_owned(),
        ..ScrapeFailure::default()
    };
    vec![
        endpoint("127.0.0.1:8000", true),
        endpoint("127.0.0.1:39827/server1", true),
        EndpointReport {
            last_error: Some(refused),
            ..endpoint("localhost:8081", false)
        },
    ]
}

fn metric(key: &str, unit: &str, kind: MetricKind, stats: Stats) -> MetricReport {
    MetricReport {
        key: key.to_owned(),
        name: key.to_owned(),
        unit: unit.to_owned(),
        kind,
        stats,
        ..MetricReport::default()
    }
}

fn series(family: &MetricReport, labels: [(&str, &str); 2], suffix: &str) -> MetricReport {
    MetricReport {
        key: format!("{}_{suffix}", family.key),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        sum_over_series: false,
        ..family.clone()
    }
}

fn counter(family: MetricReport, rates: Stats) -> MetricReport {
    MetricReport {
        name: format!("{}_total", family.key),
        kind: MetricKind::Counter,
        total: Some(98.0),
        rate: rates.avg.map(|avg| avg - 0.25),
        rates: Some(rates),
        ..family
    }
}

fn gauge(key: &str, unit: &str, seven: [f64; 7]) -> MetricReport {
    metric(key, unit, MetricKind::Gauge, stats(seven))
}

fn tokens() -> MetricReport {
    let seven = [1842.0, 320.0, 3456.0, 3440.1, 3120.0, 1810.0, 1021.4];
    let rates = stats([586.75, 0.0, 1402.0, 1380.0, 1201.0, 598.3, 312.7]);
    counter(gauge("vllm:generation_tokens", "tokens", seven), rates)
}

/// The sum and its two series, one of which nothing happened to.
fn successes() -> [MetricReport; 3] {
    let seven = [57.6, 10.0, 108.0, 107.5, 97.5, 56.6, 31.9];
    let rates = stats([18.58, 0.0, 40.0, 39.0, 36.0, 18.0, 9.5]);
    let sum = MetricReport {
        sum_over_series: true,
        ..counter(gauge("vllm:request_success", "count", seven), rates)
    };
    let zero = MetricReport {
        stats: stats([0.0; 7]),
        rates: Some(stats([0.0; 7])),
        rate: Some(0.0),
        ..sum.clone()
    };
    let abort = series(
        &zero,
        [("finished_reason", "abort"), ("model", "mock")],
        "abort",
    );
    let length = series(
        &sum,
        [("finished_reason", "length"), ("model", "mock")],
        "length",
    );
    [sum, abort, length]
}

fn first_token() -> MetricReport {
    let known = stats([0.0256, 0.0, 0.0, 0.0495, 0.0391, 0.0245, 0.008]);
    let stats = Stats {
        min: None,
        max: None,
        ..known
    };
    MetricReport {
        estimator: Estimator::Bounded,
        count: Some(98.0),
        ..metric(
            "vllm:time_to_first_token_seconds",
            "sec",
            MetricKind::Histogram,
            stats,
        )
    }
}

fn vllm() -> ServerReport {
    let memory = [1.57e11, 1.54e11, 1.58e11, 1.58e11, 1.58e11, 1.57e11, 1.63e9];
    let cache = [0.2656, 0.0008, 0.5089, 0.5, 0.48, 0.27, 0.2472];
    let mut metrics = vec![
        gauge(
            "process_open_fds",
            "count",
            [331.0, 331.0, 331.0, 331.0, 331.0, 331.0, 0.0],
        ),
        gauge("process_resident_memory_bytes", "bytes", memory),
        tokens(),
        gauge("vllm:gpu_cache_usage_perc", "%", cache),
        gauge(
            "vllm:num_requests_running",
            "count",
            [9.3, 1.0, 10.0, 10.0, 10.0, 10.0, 1.4],
        ),
    ];
    metrics.extend(successes());
    metrics.push(first_token());
    ServerReport {
        endpoint_url: "http://127.0.0.1:8000/metrics".to_owned(),
        endpoint_display: "127.0.0.1:8000".to_owned(),
        server_id: "server-0".to_owned(),
        metrics,
        ..ServerReport::default()
    }
}

fn balancer() -> ServerReport {
    let cpu = metric(
        "cpu_system_seconds",
        "sec",
        MetricKind::Gauge,
        stats([15.39, 10.26, 20.52, 20.41, 19.49, 15.39, 4.19]),
    );
    let fans = metric(
        "fan_rpm",
        "count",
        MetricKind::Gauge,
        stats([1200.0, 1200.0, 1200.0, 1200.0, 1200.0, 1200.0, 0.0]),
    );
    ServerReport {
        endpoint_url: "http://127.0.0.1:39827/server1/metrics".to_owned(),
        endpoint_display: "127.0.0.1:39827/server1".to_owned(),
        server_id: "server-1".to_owned(),
        metadata: ServerMetadata {
            server_type: "ai-server".to_owned(),
            instance: "server-0:8080".to_owned(),
            ..ServerMetadata::default()
        },
        metrics: vec![
            cpu,
            series(&fans, [("chassis", "1"), ("fan", "a")], "a"),
            series(&fans, [("chassis", "1"), ("fan", "b")], "b"),
        ],
        ..ServerReport::default()
    }
}

//! A small run with one server that answers and one endpoint that does not.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{
    ClientMetric, EndpointReport, ErrorClass, InfoReport, MetricReport, PhaseReport, Report,
    RequestTotals, ScrapeCounts, ScrapeFailure, ServerMetadata, ServerReport, SettleBasis,
    SettleReport, Stats, Warning,
};

const URL: &str = "http://127.0.0.1:39827/server1/metrics";

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

pub(super) fn report() -> Report {
    let first_token = ClientMetric {
        stats: stats([3.83, 2.05, 12.84, 11.26, 6.57, 2.68, 2.17]),
        unit: "ms".to_owned(),
        n: 100,
        display_name: "Time to First Token".to_owned(),
        ..ClientMetric::default()
    };
    Report {
        llm_metrics: [("time_to_first_token".to_owned(), first_token)].into(),
        phases: vec![phase()],
        endpoints: endpoints(),
        servers: vec![server()],
        warnings: vec![Warning {
            code: "endpoint_unreachable".to_owned(),
            subject: "http://localhost:8081/metrics".to_owned(),
            message: "no answer".to_owned(),
            remedy: "-".to_owned(),
        }],
        ..Report::default()
    }
}

fn phase() -> PhaseReport {
    let error = ErrorClass {
        class: "http_500".to_owned(),
        count: 2,
        example: "boom, \"twice\"".to_owned(),
    };
    let requests = RequestTotals {
        sent: 100,
        done: 98,
        failed: 2,
        errors: vec![error],
        ..RequestTotals::default()
    };
    let settle = SettleReport {
        endpoint: URL.to_owned(),
        settled: true,
        basis: SettleBasis::Equal,
        wait_ms: 12.5,
        scrapes: 2,
        ..SettleReport::default()
    };
    PhaseReport {
        name: "profiling".to_owned(),
        requests: Some(requests),
        settle: vec![settle],
        ..PhaseReport::default()
    }
}

fn endpoints() -> Vec<EndpointReport> {
    let refused = ScrapeFailure {
        class: "connect_refused".to_owned(),
        message: "connection refused".to_owned(),
        ..ScrapeFailure::default()
    };
    let silent = EndpointReport {
        url: "http://localhost:8081/metrics".to_owned(),
        automatic: true,
        scrapes: ScrapeCounts {
            due: 4,
            failed: 4,
            ..ScrapeCounts::default()
        },
        last_error: Some(refused),
        ..EndpointReport::default()
    };
    vec![
        EndpointReport {
            url: URL.to_owned(),
            reachable: true,
            ..silent.clone()
        },
        silent,
    ]
}

fn server() -> ServerReport {
    let facts = InfoReport {
        labels: BTreeMap::from([("version".to_owned(), "1.2".to_owned())]),
        value: 1.0,
    };
    ServerReport {
        endpoint_url: URL.to_owned(),
        endpoint_display: "127.0.0.1:39827/server1".to_owned(),
        server_id: "server-0".to_owned(),
        metadata: ServerMetadata {
            server_type: "ai-server".to_owned(),
            instance: "server-0:8080".to_owned(),
            ..ServerMetadata::default()
        },
        metrics: vec![requests(), memory()],
        info: BTreeMap::from([("build_info".to_owned(), vec![facts])]),
    }
}

fn requests() -> MetricReport {
    let labels = [("method", "GET"), ("path", "/v1")];
    MetricReport {
        key: "http_requests".to_owned(),
        stats: Stats {
            p90: None,
            ..stats([157.0, 148.0, 166.0, 165.0, 0.0, 157.0, 9.0])
        },
        unit: "count".to_owned(),
        kind: MetricKind::Counter,
        name: "http_requests_total".to_owned(),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        n: 3,
        total: Some(18.0),
        rate: Some(9.0),
        rates: Some(Stats {
            avg: Some(9.0),
            min: Some(8.0),
            max: Some(10.0),
            ..Stats::default()
        }),
        ..MetricReport::default()
    }
}

fn memory() -> MetricReport {
    MetricReport {
        key: "memory_usage_bytes".to_owned(),
        stats: Stats::single(Some(1.57e11)),
        unit: "bytes".to_owned(),
        kind: MetricKind::Gauge,
        name: "memory_usage_bytes".to_owned(),
        n: 1,
        ..MetricReport::default()
    }
}

//! A small run with one server that answers and one endpoint that does not.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{
    Bucket, ClientMetric, EndpointReport, Estimator, FamilyCheck, InfoReport, Metadata,
    MetricReport, PhaseReport, Report, RequestTotals, ScrapeCounts, ScrapeFailure, ServerMetadata,
    ServerReport, SettleBasis, SettleReport, Stats, ValueBounds, Warning,
};

const URL: &str = "http://127.0.0.1:39827/server1/metrics";

pub(super) fn report() -> Report {
    let latency = ClientMetric {
        stats: Stats {
            avg: Some(8.12),
            min: Some(4.27),
            ..Stats::default()
        },
        unit: "ms".to_owned(),
        n: 100,
        ..ClientMetric::default()
    };
    Report {
        metadata: Metadata {
            benchmark_start_time: "2025-01-07T09:05:31.234Z".to_owned(),
            duration_seconds: 14.444,
            ..Metadata::default()
        },
        llm_metrics: [("request_latency".to_owned(), latency)].into(),
        requests: Some(RequestTotals {
            sent: 100,
            done: 100,
            ..RequestTotals::default()
        }),
        phases: vec![phase()],
        endpoints: endpoints(),
        servers: vec![server()],
        warnings: vec![Warning {
            code: "endpoint_unreachable".to_owned(),
            ..Warning::default()
        }],
        ..Report::default()
    }
}

fn phase() -> PhaseReport {
    let check = FamilyCheck {
        family: "requests".to_owned(),
        expected: 100.0,
        seen: 100.0,
    };
    let settle = SettleReport {
        endpoint: URL.to_owned(),
        settled: true,
        basis: SettleBasis::Equal,
        families: vec![check],
        ..SettleReport::default()
    };
    PhaseReport {
        name: "profiling".to_owned(),
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
    vec![
        EndpointReport {
            url: URL.to_owned(),
            reachable: true,
            latency_avg_ms: Some(2.5),
            ..EndpointReport::default()
        },
        EndpointReport {
            url: "http://localhost:8081/metrics".to_owned(),
            automatic: true,
            scrapes: ScrapeCounts {
                due: 4,
                failed: 4,
                ..ScrapeCounts::default()
            },
            last_error: Some(refused),
            ..EndpointReport::default()
        },
    ]
}

fn server() -> ServerReport {
    let facts = InfoReport {
        labels: BTreeMap::from([("version".to_owned(), "1.2".to_owned())]),
        value: 1.0,
    };
    ServerReport {
        endpoint_url: URL.to_owned(),
        server_id: "server-0".to_owned(),
        metadata: ServerMetadata {
            server_type: "ai-server".to_owned(),
            instance: "server-0:8080".to_owned(),
            ..ServerMetadata::default()
        },
        metrics: vec![memory(), latency()],
        info: BTreeMap::from([("build_info".to_owned(), vec![facts])]),
        ..ServerReport::default()
    }
}

fn memory() -> MetricReport {
    MetricReport {
        key: "memory_usage_bytes".to_owned(),
        stats: Stats {
            avg: Some(1.57e11),
            max: Some(1.58e11),
            ..Stats::default()
        },
        unit: "bytes".to_owned(),
        kind: MetricKind::Gauge,
        ..MetricReport::default()
    }
}

fn latency() -> MetricReport {
    let bounds = ValueBounds {
        lower: Some(0.25),
        upper: None,
    };
    MetricReport {
        key: "request_seconds".to_owned(),
        kind: MetricKind::Histogram,
        unit: "sec".to_owned(),
        count: Some(100.0),
        sum: Some(12.5),
        buckets: vec![Bucket {
            le: "+Inf".to_owned(),
            count: 100.0,
        }],
        bounds: BTreeMap::from([("p99".to_owned(), bounds)]),
        estimator: Estimator::Bounded,
        ..MetricReport::default()
    }
}

//! Endpoints, and a load balancer behind one of them.

use std::collections::BTreeMap;

use super::stats;
use crate::MetricKind;
use crate::report::{
    EndpointReport, InfoReport, MetricReport, ParseNote, ScrapeCounts, ScrapeFailure,
    ServerMetadata, ServerReport, Stats,
};

pub(super) fn endpoints() -> Vec<EndpointReport> {
    let scrapes = ScrapeCounts {
        due: 32,
        done: 30,
        failed: 1,
        skipped: 1,
        late: 2,
    };
    let refused = ScrapeFailure {
        timestamp_ns: super::client::START_NS,
        message: "connection refused".to_owned(),
        ..failure("connect_refused")
    };
    vec![
        EndpointReport {
            scrapes,
            first_error: Some(failure("timeout")),
            last_error: Some(failure("timeout")),
            ..endpoint("127.0.0.1:8000")
        },
        EndpointReport {
            labels: [("rack".to_owned(), "r 1".to_owned())].into(),
            parse_errors: 30,
            parse_notes: vec![ParseNote {
                line: 7,
                reason: "`1.2.3` is no number".to_owned(),
            }],
            ..endpoint("127.0.0.1:39827/server1")
        },
        EndpointReport {
            automatic: true,
            reachable: false,
            scrapes: ScrapeCounts {
                due: 17,
                failed: 17,
                ..ScrapeCounts::default()
            },
            latency_avg_ms: None,
            latency_max_ms: None,
            scrape_metrics: Vec::new(),
            first_error: Some(refused.clone()),
            last_error: Some(refused),
            ..endpoint("localhost:8081")
        },
    ]
}

fn endpoint(display: &str) -> EndpointReport {
    EndpointReport {
        url: format!("http://{display}/metrics"),
        display: display.to_owned(),
        collector: "server_metrics".to_owned(),
        reachable: true,
        scrapes: ScrapeCounts {
            due: 30,
            done: 30,
            ..ScrapeCounts::default()
        },
        latency_avg_ms: Some(2.5),
        latency_max_ms: Some(9.75),
        scrape_metrics: vec![
            gauge(
                "scrape_duration_seconds",
                "sec",
                [0.0025, 0.001, 0.00975, 0.009, 0.005, 0.002, 0.001],
            ),
            gauge("up", "count", [0.96, 0.0, 1.0, 1.0, 1.0, 1.0, 0.19]),
        ],
        ..EndpointReport::default()
    }
}

fn failure(class: &str) -> ScrapeFailure {
    ScrapeFailure {
        class: class.to_owned(),
        message: "no answer within 500 ms".to_owned(),
        ..ScrapeFailure::default()
    }
}

/// A metric with the seven statistics.
pub(super) fn gauge(key: &str, unit: &str, seven: [f64; 7]) -> MetricReport {
    MetricReport {
        key: key.to_owned(),
        name: key.to_owned(),
        unit: unit.to_owned(),
        kind: MetricKind::Gauge,
        stats: stats(seven),
        n: 30,
        longest_gap: Some(0.53),
        ..MetricReport::default()
    }
}

/// One series of a family.
pub(super) fn series(
    family: &MetricReport,
    labels: [(&str, &str); 2],
    suffix: &str,
) -> MetricReport {
    MetricReport {
        key: format!("{}_{suffix}", family.key),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        sum_over_series: false,
        ..family.clone()
    }
}

pub(super) fn requests() -> MetricReport {
    let labels = [("method", "GET"), ("path", "/v1")];
    let seven = [157.0, 148.0, 166.0, 165.0, 0.0, 157.0, 9.0];
    MetricReport {
        stats: Stats {
            p90: None,
            ..stats(seven)
        },
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
        resets: Some(0),
        longest_gap: None,
        ..gauge("http_requests", "count", seven)
    }
}

pub(super) fn balancer() -> ServerReport {
    let cpu = [15.39, 10.26, 20.52, 20.41, 19.49, 15.39, 4.19];
    let fans = gauge(
        "fan_rpm",
        "count",
        [1200.0, 1200.0, 1200.0, 1200.0, 1200.0, 1200.0, 0.0],
    );
    let memory = MetricReport {
        stats: Stats {
            max: Some(1.58e11),
            ..Stats::single(Some(1.57e11))
        },
        ..gauge("memory_usage_bytes", "bytes", [0.0; 7])
    };
    let facts = InfoReport {
        labels: BTreeMap::from([("version".to_owned(), "1.2".to_owned())]),
        value: 1.0,
    };
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
            gauge("cpu_system_seconds", "sec", cpu),
            series(&fans, [("chassis", "1"), ("fan", "a")], "a"),
            series(&fans, [("chassis", "1"), ("fan", "b")], "b"),
            requests(),
            memory,
        ],
        info: BTreeMap::from([("build_info".to_owned(), vec![facts])]),
    }
}

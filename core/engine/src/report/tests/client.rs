//! Requests.

use super::*;
use crate::http::{ErrorClass, MonoNs};
use crate::load::{FailureClass, Outcome, RequestRecord, Usage};

const SECOND: i64 = 1_000_000_000;

/// A request that was sent at second 10 + `id`.
fn request(id: u64, outcome: Outcome) -> RequestRecord {
    let start = MonoNs(at(10.0).mono_ns + i64::try_from(id).unwrap() * SECOND);
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(start.0 - 1_000_000));
    record.start = Some(start);
    record.end = MonoNs(start.0 + 500_000_000);
    record.outcome = outcome;
    record
}

/// One with tokens after 100, 150 and 300 ms.
fn answered(id: u64) -> RequestRecord {
    let mut record = request(id, Outcome::Ok);
    let start = record.start.unwrap().0;
    for ms in [100, 150, 300] {
        record.token(MonoNs(start + ms * 1_000_000), 5);
    }
    record
}

#[test]
fn clients_are_measured_by_their_complete_requests() {
    let mut bench = Bench::new();
    let mut records = RequestLog::default();
    let mut counted = answered(0);
    let (prompt_tokens, completion_tokens) = (Some(7), Some(5));
    counted.usage = Usage {
        prompt_tokens,
        completion_tokens,
        ..Usage::default()
    };
    records.push(&counted);
    records.push(&answered(1));
    let class = FailureClass::HttpStatus;
    for message in ["500: a\nb\x1b[31m", "503: other"] {
        let error = Some(message.to_owned());
        records.push(&RequestRecord {
            error,
            ..request(2, Outcome::Failed(class))
        });
    }
    let timeout = Outcome::Failed(FailureClass::Http(ErrorClass::Timeout));
    records.push(&request(3, timeout));
    records.push(&request(3, Outcome::Cancelled));
    records.push(&RequestRecord {
        phase: 1,
        ..answered(9)
    });
    bench.records = Some(records);
    let report = bench.report();

    let totals = report.requests.as_ref().unwrap();
    assert_eq!(
        (totals.sent, totals.done, totals.failed, totals.cancelled),
        (6, 2, 3, 1)
    );
    assert_eq!(
        (totals.prompt_tokens, totals.completion_tokens),
        (Some(7), Some(5))
    );
    let errors: Vec<_> = totals
        .errors
        .iter()
        .map(|e| (e.count, e.example.as_str()))
        .collect();
    assert_eq!(errors, [(2, "500: a b\\u{1b}[31m"), (1, "")]);

    let check = |name: &str, n: u64, avg: f64, estimated: bool| {
        let metric = &report.llm_metrics[name];
        let close = metric
            .stats
            .avg
            .is_some_and(|value| (value - avg).abs() < 1e-9);
        assert!(
            close && metric.n == n && metric.estimated == estimated,
            "{name}: {metric:?}"
        );
    };
    check("time_to_first_token", 2, 100.0, false);
    check("request_latency", 2, 300.0, false);
    // 200 ms over 4 further tokens by usage, over 2 by chunks.
    check("inter_token_latency", 2, 75.0, true);
    check("inter_chunk_latency", 4, 100.0, false);
    check("output_sequence_length", 2, 4.0, true);
    check("send_delay", 2, 1.0, false);
    check("output_token_throughput", 1, 2.0, true);
    check("output_token_throughput_per_user", 2, 15.0, true);
    check("request_throughput", 1, 0.5, false);
    check("effective_concurrency", 1, 0.15, false);
    check("error_request_count", 1, 3.0, false);
    check("benchmark_duration", 1, 4.0, false);
    assert_eq!(
        codes(&report),
        ["endpoint_unreachable", "no_usage", "requests_failed"]
    );
}

//! What is in flight, and the part of the phase in which that is steady.

use super::*;
use crate::http::MonoNs;
use crate::load::{Outcome, RequestRecord};

const MS: i64 = 1_000_000;

/// Sent `start` ms into the window, answered by a first token half way through `length` ms.
fn request(id: u64, start: i64, length: i64) -> RequestRecord {
    let begin = at(10.0).mono_ns + start * MS;
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(begin));
    record.start = Some(MonoNs(begin));
    record.token(MonoNs(begin + length * MS / 2), 1);
    record.token(MonoNs(begin + length * MS), 1);
    record.end = MonoNs(begin + length * MS);
    record.outcome = Outcome::Ok;
    record
}

/// In order of their ends, as a run has them.
fn report(mut records: Vec<RequestRecord>, limit: usize) -> Report {
    records.sort_by_key(|record| record.end);
    let mut log = RequestLog::new(limit);
    for record in &records {
        log.push(record);
    }
    let mut bench = Bench::new();
    bench.records = Some(log);
    bench.report()
}

/// Slots that begin `apart` ms one after the other and answer in 100 ms each, as long as requests are sent.
fn closed_loop(slots: i64, apart: i64, until: i64) -> Vec<RequestRecord> {
    let mut records = Vec::new();
    for slot in 0..slots {
        let mut start = slot * apart;
        while start < until {
            records.push(request(records.len() as u64, start, 100));
            start += 100;
        }
    }
    records
}

fn wall(ms: i64) -> i64 {
    at(10.0).wall_ns + ms * MS
}

#[test]
fn filling_and_draining_are_left_out() {
    let report = report(closed_loop(4, 130, 3_800), usize::MAX);
    let steady = report.steady_state.unwrap();
    // The fourth slot begins after 390 ms, and sends the last request.
    assert_eq!(
        (steady.start_ns, steady.note.as_str()),
        (Some(wall(390)), "")
    );
    assert_eq!(steady.end_ns, Some(wall(3_790)));
    assert_eq!(steady.duration_seconds, Some(3.4));
    assert_eq!(steady.concurrency, Some(4.0));
    let metric = |name: &str| &steady.llm_metrics[name];
    // Each slot ends 34 requests in it, the first of which began before.
    let done = steady.requests.as_ref().unwrap().done;
    assert_eq!(metric("request_latency").n, done);
    assert_eq!(done, 136);
    assert_eq!(metric("request_throughput").stats.avg, Some(136.0 / 3.4));
    let busy = metric("effective_concurrency").stats.avg.unwrap();
    assert!((busy - 4.0).abs() < 1e-9, "{busy}");
    assert_eq!(metric("benchmark_duration").stats.avg, Some(3.4));
    let all = report.concurrency.unwrap();
    assert_eq!((all.max, all.note.as_str()), (4, ""));
    assert!((all.interval_seconds - 0.1).abs() < 1e-12);
    assert_eq!(all.series.len(), 40);
    let begin = [all.series[0].avg, all.series[1].avg];
    assert!(
        (begin[0] - 1.0).abs() < 1e-9 && (begin[1] - 1.7).abs() < 1e-9,
        "{begin:?}"
    );
    assert_eq!(all.series[39].start_ns, wall(3_900));
}

#[test]
fn one_request_after_the_other_is_steady_all_the_time() {
    let steady = report(closed_loop(1, 0, 4_000), usize::MAX)
        .steady_state
        .unwrap();
    assert_eq!(
        (steady.start_ns, steady.end_ns),
        (Some(wall(0)), Some(wall(3_900)))
    );
    assert_eq!(steady.concurrency, Some(1.0));
}

#[test]
fn where_there_is_none_the_report_says_why() {
    let note = |records| {
        let steady = report(records, usize::MAX).steady_state.unwrap();
        assert_eq!((steady.start_ns, steady.llm_metrics.len()), (None, 0));
        steady.note
    };
    assert_eq!(note(Vec::new()), "no_requests");
    // All at once, and nothing after.
    assert_eq!(
        note((0..5).map(|id| request(id, 0, 900)).collect()),
        "too_short"
    );
    // A slot more every 100 ms, to the end.
    assert_eq!(note(closed_loop(38, 100, 3_800)), "not_steady");
}

#[test]
fn independent_arrivals_are_steady_though_they_are_uneven() {
    // 2 in flight on average, in bursts.
    let mut state = 7_u64;
    let mut records = Vec::new();
    let mut now = 0;
    while now < 3_800 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        now += i64::try_from(state >> 58).unwrap() * 2;
        let mut record = request(records.len() as u64, now, 120);
        record.released = Some(record.intended);
        records.push(record);
    }
    let steady = report(records, usize::MAX).steady_state.unwrap();
    assert_eq!(steady.note, "");
    assert!(steady.start_ns < Some(wall(1_000)) && steady.duration_seconds > Some(2.5));
}

#[test]
fn folded_requests_are_in_the_steady_state_as_whole_blocks() {
    // 40 at a time, 10 ms apart, of which the oldest 4,096 of 16,000 are folded.
    let mut records = Vec::new();
    for slot in 0..40_i64 {
        for round in 0..400_i64 {
            let id = records.len() as u64;
            let mut record = request(id, 0, 10);
            let shift = (slot * 250_000) + round * 10 * MS;
            let moved = |at: MonoNs| MonoNs(at.0 + shift);
            record.intended = moved(record.intended);
            record.start = record.start.map(moved);
            record.first_token = record.first_token.map(moved);
            record.last_token = record.last_token.map(moved);
            record.end = moved(record.end);
            records.push(record);
        }
    }
    let whole = report(records.clone(), usize::MAX);
    let exact = whole.steady_state.clone().unwrap();
    let folded = report(records, 12_000 * 350);
    let steady = folded.steady_state.unwrap();
    assert_eq!((exact.note.as_str(), steady.note.as_str()), ("", "folded"));
    // Blocks are 200 ms long here, and the window 3.99 s.
    assert!(steady.start_ns >= exact.start_ns && steady.end_ns <= exact.end_ns);
    let lost = exact.duration_seconds.unwrap() - steady.duration_seconds.unwrap();
    assert!((0.0..0.4).contains(&lost), "{lost}");
    let (all, whole) = (folded.concurrency.unwrap(), whole.concurrency.unwrap());
    assert_eq!(all.note, "folded");
    assert_eq!(all.series.len(), whole.series.len());
    for (found, exact) in all.series.iter().zip(&whole.series) {
        assert_eq!(found.start_ns, exact.start_ns);
        assert!((found.avg - exact.avg).abs() < 1e-6, "{found:?} {exact:?}");
        assert!(found.max <= exact.max && found.max + 1 >= exact.max);
    }
    let latency = |steady: &aiperf_plugin_sdk::report::SteadyReport| {
        steady.llm_metrics["request_latency"].stats.p99
    };
    assert_eq!(latency(&steady), latency(&exact));
}

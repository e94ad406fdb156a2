//! Good requests against what a simple reading of the limits gives.

use proptest::prelude::*;

use super::*;
use crate::http::{ErrorClass, MonoNs};
use crate::load::{FailureClass, Outcome, RequestRecord};

const MS: i64 = 1_000_000;

/// A request: outcome (0 complete, 1 failed, 2 given up), milliseconds of the intended send before the
/// actual one, gaps from the first byte sent to each chunk, and from the last one to the end.
type Made = (u8, i64, Vec<i64>, i64);

fn made() -> impl Strategy<Value = Made> {
    let gaps = prop::collection::vec(1..60_i64, 0..5);
    (0..3_u8, 0..30_i64, gaps, 0..60_i64)
}

fn record(id: u64, (outcome, delay, gaps, rest): &Made) -> RequestRecord {
    let start = at(10.0).mono_ns;
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(start - delay * MS));
    record.start = Some(MonoNs(start));
    let mut now = start;
    for gap in gaps {
        now += gap * MS;
        record.token(MonoNs(now), 1);
    }
    record.first_output = record.first_token;
    record.end = MonoNs(now + rest * MS);
    record.outcome = match outcome {
        0 => Outcome::Ok,
        1 => Outcome::Failed(FailureClass::Http(ErrorClass::Reset)),
        _ => Outcome::Cancelled,
    };
    record
}

/// Which of the limits for first token, inter token latency and effective latency it misses.
fn misses((outcome, delay, gaps, rest): &Made, limits: [f64; 3]) -> [bool; 3] {
    let above = |value: i64, limit: f64| value as f64 > limit;
    let sum: i64 = gaps.iter().sum();
    match outcome {
        0 => {
            let latency = if gaps.is_empty() { *rest } else { sum };
            let after = gaps.iter().skip(1).sum::<i64>() as f64;
            let itl = after / (gaps.len() as f64 - 1.0);
            [
                gaps.first().is_none_or(|first| above(*first, limits[0])),
                // Without chunks nobody knows; with one there is no such time.
                gaps.is_empty() || (gaps.len() > 1 && itl > limits[1]),
                above(latency + delay, limits[2]),
            ]
        }
        1 => [false; 3],
        _ => {
            let waited = *gaps.first().unwrap_or(rest);
            [
                above(waited, limits[0]),
                false,
                above(sum + rest + delay, limits[2]),
            ]
        }
    }
}

fn limits(values: [f64; 3]) -> Goodput {
    let metrics = [
        Quantity::TimeToFirstToken,
        Quantity::InterTokenLatency,
        Quantity::EffectiveLatency,
    ];
    let pairs = metrics.into_iter().zip(values);
    Goodput {
        limits: pairs
            .map(|(metric, limit)| Limit { metric, limit })
            .collect(),
    }
}

proptest! {
    #[test]
    fn requests_are_judged_by_what_is_known_of_them(
        all in prop::collection::vec(made(), 1..20),
        // Between whole milliseconds, where rounding cannot decide.
        values in [5..50_u8, 5..50, 5..200].prop_map(|limits| limits.map(|ms| f64::from(ms) + 0.5)),
        folded in any::<bool>(),
    ) {
        let mut log = RequestLog::new(if folded { 0 } else { usize::MAX }).judging(limits(values));
        for (made, id) in all.iter().zip(0..) {
            log.push(&record(id, made));
        }
        let mut bench = Bench::new();
        bench.records = Some(log);
        let report = bench.report();
        let found = report.goodput.unwrap();
        let missed: Vec<[bool; 3]> = all.iter().map(|made| misses(made, values)).collect();
        for (at, limit) in found.limits.iter().enumerate() {
            let expected = missed.iter().filter(|missed| missed[at]).count() as u64;
            prop_assert_eq!(limit.missed, expected, "{}", &limit.metric);
        }
        let is_good = |(made, missed): &(&Made, &[bool; 3])| made.0 == 0 && !missed.contains(&true);
        let is_judged = |(made, missed): &(&Made, &[bool; 3])| made.0 < 2 || missed.contains(&true);
        let both = || all.iter().zip(&missed);
        let good = both().filter(is_good).count();
        let judged = both().filter(is_judged).count();
        prop_assert_eq!((found.good, found.judged), (good as u64, judged as u64));
        let single = |name: &str| report.llm_metrics[name].stats.avg;
        prop_assert_eq!(single("good_request_count"), Some(good as f64));
        prop_assert_eq!(single("goodput"), Some(good as f64 / 4.0));
        let share = (judged > 0).then(|| good as f64 / judged as f64);
        prop_assert_eq!(single("good_request_fraction"), share);
    }
}

#[test]
fn speeds_have_limits_at_the_other_end() {
    // 50 ms to the first of three tokens, 25 ms for each other: 40 tokens/s, 30 over all.
    let made = (0, 0, vec![50, 25, 25], 0);
    for (metric, limit, is_good) in [
        (Quantity::OutputTokenThroughputPerUser, 40.0, 1),
        (Quantity::OutputTokenThroughputPerUser, 40.1, 0),
        (Quantity::E2eOutputTokenThroughput, 29.9, 1),
        (Quantity::E2eOutputTokenThroughput, 30.1, 0),
    ] {
        let limits = vec![Limit { metric, limit }];
        let mut log = RequestLog::default().judging(Goodput { limits });
        log.push(&record(0, &made));
        let mut bench = Bench::new();
        bench.records = Some(log);
        let found = bench.report().goodput.unwrap();
        assert_eq!(found.good, is_good, "{metric:?} {limit}");
        assert!(!found.limits[0].at_most);
    }
}

#[test]
fn without_limits_nothing_is_judged() {
    let mut log = RequestLog::default();
    log.push(&record(0, &(0, 0, vec![5], 0)));
    let mut bench = Bench::new();
    bench.records = Some(log);
    let report = bench.report();
    assert_eq!(report.goodput, None);
    assert!(!report.llm_metrics.contains_key("goodput"));
}

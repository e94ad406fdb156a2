use std::time::Duration;

use aiperf_plugin_sdk::report::{ClientMetric, Estimator, RequestTotals};

use super::*;
use crate::http::MonoNs;
use crate::load::{FailureClass, Outcome};
use crate::report::client::Requests;
use crate::report::cuts::Cuts;
use crate::report::totals::{self, totals};

const MS: i64 = 1_000_000;

/// The `at`-th of many requests, in one of two phases; some fail, some have no usage.
fn request(at: u32) -> RequestRecord {
    let noise = |salt: u32| i64::from((at ^ salt).wrapping_mul(0x9e37_79b1) >> 12) % 1_000;
    let mut record = RequestRecord::new(0);
    let start = i64::from(at + 1) * MS;
    let phase = u16::from(at.is_multiple_of(5));
    record.begin(u64::from(at), phase, MonoNs(start - noise(1)));
    record.start = Some(MonoNs(start));
    for chunk in 0..4 + noise(2) % 5 {
        record.token(MonoNs(start + (chunk + 1) * (MS + 900 * noise(3))), 4);
    }
    record.end = record.last_token.unwrap_or(MonoNs(start));
    record.outcome = match at % 50 {
        7 => Outcome::Cancelled,
        8 => Outcome::Failed(FailureClass::StreamError),
        _ => Outcome::Ok,
    };
    record.error = (at % 50 == 8).then(|| format!("broken {}", at % 3));
    if !at.is_multiple_of(40) {
        record.usage.completion_tokens = Some(4 + at % 7);
        record.usage.prompt_tokens = Some(100 + at % 900);
    }
    record
}

fn filled(limit: usize, requests: u32) -> RequestLog {
    let mut log = RequestLog::new(limit);
    (0..requests).for_each(|at| log.push(&request(at)));
    log
}

/// Room for one chunk of such requests, but not for two.
const LIMIT: usize = CHUNK * (ROW_BYTES + 12 * GAP_BYTES);

#[test]
fn folding_keeps_totals_and_moments_and_percentiles_within_the_stated_error() {
    let (exact, folded) = (filled(usize::MAX, 14_000), filled(LIMIT, 14_000));
    for phase in 0..2 {
        let past = folded.past(phase).expect("there was no room");
        assert!(past.count() > 1_000 && exact.past(phase).is_none());
        let (known, found) = (totals(&exact, phase), totals(&folded, phase));
        assert_eq!(found, known);
        let of = |log| Requests::of_phase(log, phase).metrics(&known, 14.0, true);
        let (exact, found) = (of(&exact), of(&folded));
        assert!(found.keys().eq(exact.keys()));
        for ((name, found), exact) in found.iter().zip(exact.values()) {
            assert_eq!(
                (found.n, found.estimated),
                (exact.n, exact.estimated),
                "{name}"
            );
            let pairs = found.statistics().into_iter().zip(exact.statistics());
            for ((found, exact), statistic) in pairs.zip(ClientMetric::NAMES) {
                let error = if statistic.starts_with('p') {
                    0.005
                } else {
                    1e-9
                };
                let near = found.zip(exact).map_or(found == exact, |(found, exact)| {
                    (found - exact).abs() <= error * exact.abs() + 1e-9
                });
                assert!(near, "{name} {statistic}: {found:?} instead of {exact:?}");
            }
        }
        assert_eq!(found["request_latency"].estimator, Estimator::Sketch);
    }
}

/// Whole blocks of folded requests against the same window cut out of all of them.
#[test]
fn blocks_of_time_are_what_is_cut_out_there() {
    let (exact, folded) = (filled(usize::MAX, 14_000), filled(LIMIT, 14_000));
    for (phase, from, to) in [(0, 0, 14_100), (0, 3_000, 11_111), (1, 900, 5_000)] {
        let past = folded.past(phase).expect("there was no room");
        let mut blocks = past.blocks().clone();
        folded.rows(phase).for_each(|row| blocks.take(&row));
        let found = blocks.between(from * MS, to * MS);
        let (begin, end, requests, slot) = found.expect("a block");
        assert!(from * MS <= begin && end <= to * MS);
        // Blocks are 800 ms long here, and the window has all that it has room for.
        assert!(end - begin > (to - from - 1_700) * MS, "{begin} {end}");
        let cuts = Cuts::around(begin, end - 1);
        let known = totals::sliced(&exact, phase, cuts).remove(1);
        let counts = |totals: &RequestTotals| RequestTotals {
            errors: Vec::new(),
            ..totals.clone()
        };
        let totals = slot.finish();
        assert_eq!(counts(&totals), counts(&known));
        let classes = |totals: &RequestTotals| {
            totals
                .errors
                .iter()
                .map(|e| (e.class.clone(), e.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(classes(&totals), classes(&known));
        let oracle = Requests::sliced(&exact, phase, cuts).remove(1);
        let oracle = oracle.metrics(&known, 2.0, true);
        let found = requests.metrics(&known, 2.0, true);
        assert!(found.keys().eq(oracle.keys()));
        for ((name, found), exact) in found.iter().zip(oracle.values()) {
            assert_eq!(found.n, exact.n, "{name}");
            let pairs = found.statistics().into_iter().zip(exact.statistics());
            for ((found, exact), statistic) in pairs.zip(ClientMetric::NAMES) {
                let error = if statistic.starts_with('p') {
                    0.005
                } else {
                    1e-6
                };
                let near = found.zip(exact).map_or(found == exact, |(found, exact)| {
                    (found - exact).abs() <= error * exact.abs() + 1e-6
                });
                assert!(near, "{name} {statistic}: {found:?} instead of {exact:?}");
            }
        }
    }
}

#[test]
fn memory_is_bounded() {
    let mut log = RequestLog::new(LIMIT);
    for at in 0..20_000 {
        log.push(&request(at));
        assert!(log.used <= LIMIT && log.chunks.len() <= 1);
    }
    assert_eq!(log.len(), 20_000);
}

/// A recorded run is read request by request.
#[test]
fn blocks_do_not_matter() {
    let one_by_one = filled(LIMIT, 13_000);
    let mut by_block = RequestLog::new(LIMIT);
    for from in (0..13_000).step_by(130) {
        let mut block = RequestRecords::default();
        (from..from + 130).for_each(|at| block.push(&request(at)));
        by_block.append(&block);
    }
    for phase in 0..2 {
        let of = |log| Requests::of_phase(log, phase).metrics(&totals(log, phase), 1.0, true);
        assert_eq!(of(&one_by_one), of(&by_block));
        assert_eq!(totals(&one_by_one, phase), totals(&by_block, phase));
    }
}

#[test]
fn what_is_folded_is_in_no_slice_and_later_slices_are_whole() {
    let log = filled(LIMIT, 14_000);
    let exact = filled(usize::MAX, 14_000);
    let cuts = Cuts::new(0, 14_100 * MS, Duration::from_secs(1), u64::MAX);
    let until = log.past(0).expect("there was no room").until_ns();
    let of = |log| {
        let all = Requests::sliced(log, 0, cuts).into_iter();
        all.map(|slice| slice.metrics(&RequestTotals::default(), 1.0, true))
            .collect::<Vec<_>>()
    };
    let (found, exact) = (of(&log), of(&exact));
    let whole = (0..cuts.len()).filter(|at| cuts.bounds(*at).0 > until);
    let whole: Vec<usize> = whole.collect();
    assert!(!whole.is_empty() && whole[0] > 4, "{whole:?}");
    for at in whole {
        assert_eq!(found[at], exact[at], "{at}");
    }
}

//! Metrics of requests against what a simple reading of their definitions gives.

use proptest::prelude::*;

use super::*;
use crate::http::MonoNs;
use crate::load::{Outcome, RequestRecord, Usage};

const MS: i64 = 1_000_000;

/// Chunks in milliseconds after the start, how many of them are reasoning, tokens asked for, usage.
type Made = (
    Vec<i64>,
    usize,
    Option<u32>,
    (Option<u32>, Option<u32>),
    (Option<u32>, Option<u32>),
);

fn made() -> impl Strategy<Value = Made> {
    let tokens = |most| prop::option::of(0..most);
    (
        prop::collection::vec(1..500_i64, 0..6),
        0..4_usize,
        prop::option::of(1..2_000_u32),
        (tokens(2_000_u32), tokens(2_000_u32)),
        (tokens(2_000_u32), tokens(2_000_u32)),
    )
}

fn record(id: u64, (gaps, thoughts, asked, counts, parts): &Made) -> RequestRecord {
    let start = at(10.0).mono_ns;
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(start));
    record.start = Some(MonoNs(start));
    record.estimated_isl = 11;
    record.requested_osl = *asked;
    record.usage = Usage {
        prompt_tokens: counts.0,
        completion_tokens: counts.1,
        cached_tokens: parts.0,
        reasoning_tokens: parts.1,
        ..Usage::default()
    };
    let mut now = start;
    for (nth, gap) in gaps.iter().enumerate() {
        now += gap * MS;
        record.token(MonoNs(now), 1);
        if nth == *thoughts {
            record.first_output = Some(MonoNs(now));
        }
    }
    record.end = MonoNs(now);
    record.outcome = Outcome::Ok;
    record
}

/// Number and mean, of what each request gives.
fn mean(all: &[Made], of: impl Fn(&Made) -> Option<f64>) -> (u64, f64) {
    let values: Vec<f64> = all.iter().filter_map(of).collect();
    let n = values.len();
    (n as u64, values.iter().sum::<f64>() / n.max(1) as f64)
}

fn output((.., (_, output), _): &Made) -> Option<f64> {
    output.map(f64::from)
}

fn input((.., (input, _), _): &Made) -> f64 {
    f64::from(input.unwrap_or(11))
}

/// How far from what was asked for.
fn missed(made: &Made) -> Option<(f64, f64)> {
    let asked = made.2.map(f64::from)?;
    Some((output(made)? - asked, asked))
}

proptest! {
    #[test]
    fn every_metric_is_what_its_definition_says(all in prop::collection::vec(made(), 1..20)) {
        let mut log = RequestLog::default();
        for (id, made) in (0..).zip(&all) {
            log.push(&record(id, made));
        }
        let mut bench = Bench::new();
        bench.records = Some(log);
        let report = bench.report();
        let check = |name: &str, (n, avg): (u64, f64)| {
            let found = report.llm_metrics.get(name);
            prop_assert_eq!(found.map_or(0, |metric| metric.n), n, "{}", name);
            if let Some(found) = found.and_then(|metric| metric.stats.avg) {
                let close = (found - avg).abs() <= 1e-9 * avg.abs().max(1.0);
                prop_assert!(close, "{}: {} for {}", name, found, avg);
            }
            Ok(())
        };
        check("time_to_second_token", mean(&all, |made| Some(*made.0.get(1)? as f64)))?;
        let thinks = |made: &Made| made.1 > 0 && made.0.len() > made.1;
        let first_output = |made: &Made| {
            let until = made.0.get(..=made.1)?;
            Some(until.iter().sum::<i64>() as f64)
        };
        if all.iter().any(thinks) {
            check("time_to_first_output_token", mean(&all, first_output))?;
        } else {
            check("time_to_first_output_token", (0, 0.0))?;
        }
        let prefill = |made: &Made| Some(1e3 * input(made) / *made.0.first()? as f64);
        check("prefill_throughput_per_user", mean(&all, prefill))?;
        let thought = |made: &Made| Some((f64::from(made.4.1?), output(made)?));
        check("reasoning_token_count", mean(&all, |made| Some(thought(made)?.0)))?;
        let visible = |made: &Made| thought(made).map(|(thought, all)| (all - thought).max(0.0));
        check("output_token_count", mean(&all, visible))?;
        let percent = |made: &Made| missed(made).map(|(by, asked)| 100.0 * by / asked);
        check("osl_mismatch_diff_pct", mean(&all, percent))?;
        let wrong = all.iter().filter_map(missed);
        let wrong = wrong.filter(|(by, asked)| by.abs() > 50.0_f64.min(asked * 0.05)).count();
        if all.iter().any(|made| missed(made).is_some()) {
            check("osl_mismatch_count", (1, wrong as f64))?;
        }
        let cached = |made: &Made| made.3.0.and(made.4.0).map(f64::from);
        check("usage_prompt_cache_read_tokens", mean(&all, cached))?;
        let seconds = report.metadata.duration_seconds;
        let inputs: f64 = all.iter().map(input).sum();
        check("input_token_throughput", (1, inputs / seconds))?;
        let outputs: f64 = all
            .iter()
            .map(|made| output(made).unwrap_or(made.0.len() as f64))
            .sum();
        check("total_token_throughput", (1, (inputs + outputs) / seconds))?;
        check("request_error_rate", (1, 0.0))?;
    }
}

//! Metrics of requests against what a simple reading of their definitions gives.

use proptest::prelude::*;

use super::*;
use crate::http::MonoNs;
use crate::load::{Drafts, Outcome, RequestRecord, Usage};

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

/// Written to the cache, accepted and rejected predictions; steps, proposed and accepted drafts.
type Said = ([Option<u32>; 3], Option<[u32; 3]>);

fn said() -> impl Strategy<Value = Said> {
    let count = || prop::option::of(0..2_000_u32);
    (
        [count(), count(), count()],
        prop::option::of([0..300_u32, 0..900_u32, 0..900_u32]),
    )
}

proptest! {
    #[test]
    fn what_servers_say_of_caches_predictions_and_drafts_is_what_the_definitions_say(
        all in prop::collection::vec(said(), 1..20),
    ) {
        let mut log = RequestLog::default();
        for (id, (counts, drafts)) in (0..).zip(&all) {
            let plain = (vec![1, 1], 0, None, (Some(900), Some(2)), (Some(400), None));
            let mut record = record(id, &plain);
            let usage = &mut record.usage;
            usage.cache_write_tokens = counts[0];
            usage.accepted_prediction_tokens = counts[1];
            usage.rejected_prediction_tokens = counts[2];
            // Answered after 2 ms.
            record.images = counts[0].map_or(0, |count| count % 3);
            record.drafts = drafts.map(|[steps, proposed, accepted]| Drafts {
                steps,
                proposed,
                accepted,
            });
            log.push(&record);
        }
        let mut bench = Bench::new();
        bench.records = Some(log);
        let report = bench.report();
        let check = |name: &str, of: &dyn Fn(&Said) -> Option<f64>| check_mean(&report, &all, name, of);
        check("usage_prompt_cache_miss_tokens", &|_| Some(500.0))?;
        let images = |of: &Said| of.0[0].map(|count| f64::from(count % 3)).filter(|n| *n > 0.0);
        check("num_images", &images)?;
        check("image_latency", &|of| Some(2.0 / images(of)?))?;
        check("image_throughput", &|of| Some(images(of)? / 0.002))?;
        for (at, name) in ["prompt_cache_write", "accepted_prediction", "rejected_prediction"]
            .into_iter()
            .enumerate()
        {
            check(&format!("usage_{name}_tokens"), &|of| of.0[at].map(f64::from))?;
        }
        let drafts = |of: &Said| of.1.map(|counts| counts.map(f64::from));
        let over = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        check("spec_decode_steps", &|of| Some(drafts(of)?[0]))?;
        check("spec_decode_draft_tokens", &|of| Some(drafts(of)?[1]))?;
        check("spec_decode_accepted_draft_tokens", &|of| Some(drafts(of)?[2]))?;
        check("spec_decode_acceptance_length", &|of| {
            let [steps, _, accepted] = drafts(of)?;
            Some(1.0 + over(accepted, steps)?)
        })?;
        check("spec_decode_draft_acceptance_rate", &|of| {
            let [_, proposed, accepted] = drafts(of)?;
            over(100.0 * accepted, proposed)
        })?;
        check("spec_decode_accepted_per_verified", &|of| {
            let [steps, proposed, accepted] = drafts(of)?;
            over(accepted + steps, proposed + steps)
        })?;
        let sum = |at: usize| all.iter().filter_map(drafts).map(|counts| counts[at]).sum::<f64>();
        let single = |name: &str| Some(report.llm_metrics.get(name)?.stats.avg);
        let told = all.iter().any(|of| of.1.is_some());
        let length = over(sum(2), sum(0)).map(|drafts| 1.0 + drafts);
        let found = single("spec_decode_token_weighted_acceptance_length");
        prop_assert_eq!(found, told.then_some(length));
        let found = single("spec_decode_overall_draft_acceptance_rate");
        prop_assert_eq!(found, told.then_some(over(100.0 * sum(2), sum(1))));
    }
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

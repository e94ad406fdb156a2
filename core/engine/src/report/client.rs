//! What the clients saw, from the request records. See `docs/metrics.md#client`.

use std::collections::HashMap;

use aiperf_plugin_sdk::report::{ClientMetric, ErrorClass, RequestTotals};
use indexmap::IndexMap;

use super::display::one_line;
use super::label::{self, Metrics};
use crate::load::{Outcome, RequestRecords, RequestRow};

/// Longest example of an error, in characters.
const EXAMPLE: usize = 300;
const NS_PER_MS: f64 = 1e6;

fn of_phase(records: &RequestRecords, phase: u32) -> impl Iterator<Item = RequestRow<'_>> {
    records
        .rows()
        .filter(move |row| u32::from(row.phase) == phase)
}

/// Counts the requests of a phase.
pub(super) fn totals(records: &RequestRecords, phase: u32) -> RequestTotals {
    let mut totals = RequestTotals::default();
    let mut errors: HashMap<&'static str, (u64, String)> = HashMap::new();
    for row in of_phase(records, phase) {
        totals.sent += 1;
        match row.outcome {
            Outcome::Ok => {
                totals.done += 1;
                add(&mut totals.prompt_tokens, row.usage.prompt_tokens);
                add(&mut totals.completion_tokens, row.usage.completion_tokens);
                add(&mut totals.cached_tokens, row.usage.cached_tokens);
            }
            Outcome::Cancelled => totals.cancelled += 1,
            Outcome::Failed(class) => {
                totals.failed += 1;
                let example = || one_line(row.error.unwrap_or_default(), EXAMPLE);
                errors
                    .entry(class.as_str())
                    .or_insert_with(|| (0, example()))
                    .0 += 1;
            }
        }
    }
    let class = |(class, (count, example)): (&str, (u64, String))| {
        let class = class.to_owned();
        ErrorClass {
            class,
            count,
            example,
        }
    };
    totals.errors = errors.into_iter().map(class).collect();
    totals
        .errors
        .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.class.cmp(&b.class)));
    totals
}

fn add(sum: &mut Option<u64>, tokens: Option<u32>) {
    if let Some(tokens) = tokens {
        *sum = Some(sum.unwrap_or_default() + u64::from(tokens));
    }
}

/// Complete requests of one phase, in columns of what metrics are made of.
#[derive(Debug, Default)]
pub(super) struct Requests {
    latency_ms: Vec<f64>,
    ttft_ms: Vec<f64>,
    itl_ms: Vec<f64>,
    gaps_ms: Vec<f64>,
    output: Vec<f64>,
    input: Vec<f64>,
    send_delay_ms: Vec<f64>,
    output_estimated: u64,
    input_estimated: u64,
}

impl Requests {
    pub(super) fn of_phase(records: &RequestRecords, phase: u32) -> Self {
        let mut requests = Self::default();
        for row in of_phase(records, phase).filter(|row| row.outcome == Outcome::Ok) {
            requests.done(&row);
        }
        requests
    }

    fn done(&mut self, row: &RequestRow<'_>) {
        let Some(start) = row.start else { return };
        let ms = |ns: i64| ns as f64 / NS_PER_MS;
        let usage = &row.usage;
        let output = f64::from(usage.completion_tokens.unwrap_or(row.chunks));
        let latency = ms(row.last_token.unwrap_or(row.end).since(start));
        self.output_estimated += u64::from(usage.completion_tokens.is_none());
        self.input_estimated += u64::from(usage.prompt_tokens.is_none());
        self.latency_ms.push(latency);
        self.output.push(output);
        self.input
            .push(f64::from(usage.prompt_tokens.unwrap_or(row.estimated_isl)));
        self.send_delay_ms.push(ms(start.since(row.intended)));
        self.gaps_ms
            .extend(row.gaps.clone().map(|gap| gap as f64 / NS_PER_MS));
        let Some(first) = row.first_token else { return };
        let ttft = ms(first.since(start));
        self.ttft_ms.push(ttft);
        if output > 1.0 {
            self.itl_ms.push((latency - ttft) / (output - 1.0));
        }
    }

    /// Answers whose output tokens are not known from `usage`.
    pub(super) fn output_estimated(&self) -> u64 {
        self.output_estimated
    }

    /// All client metrics over a phase of `seconds`, in the order of the tables.
    pub(super) fn metrics(
        self,
        totals: &RequestTotals,
        seconds: f64,
    ) -> IndexMap<String, ClientMetric> {
        let per_second = |count: f64| Some(count / seconds).filter(|_| seconds > 0.0);
        let tokens = per_second(self.output.iter().sum());
        let busy = per_second(self.latency_ms.iter().sum::<f64>() / 1e3);
        let done = totals.done as f64;
        let moving = self.itl_ms.iter().filter(|itl| **itl > 0.0);
        let per_user = moving.map(|itl| 1e3 / itl).collect();
        let mut metrics = Metrics::default();
        metrics.spread(label::TTFT, self.ttft_ms);
        metrics.spread(label::ITL, self.itl_ms);
        metrics.spread(label::GAPS, self.gaps_ms);
        metrics.spread(label::LATENCY, self.latency_ms);
        metrics.spread(label::OUTPUT, self.output);
        metrics.spread(label::INPUT, self.input);
        metrics.spread(label::PER_USER, per_user);
        metrics.spread(label::SEND_DELAY, self.send_delay_ms);
        metrics.single(label::TOKENS, tokens);
        metrics.single(label::REQUESTS, per_second(done));
        metrics.single(label::CONCURRENCY, busy);
        metrics.single(label::COUNT, Some(done));
        metrics.single(label::ERRORS, Some(totals.failed as f64));
        metrics.single(label::DURATION, Some(seconds));
        if self.output_estimated > 0 {
            metrics.mark_estimated(&[label::ITL, label::OUTPUT, label::PER_USER, label::TOKENS]);
        }
        if self.input_estimated > 0 {
            metrics.mark_estimated(&[label::INPUT]);
        }
        metrics.into_map()
    }
}

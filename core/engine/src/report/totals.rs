//! Requests by outcome. See `docs/metrics.md#client`.

use std::collections::HashMap;

use aiperf_plugin_sdk::report::{ErrorClass, RequestTotals};

use super::cuts::Cuts;
use super::display::one_line;
use super::requests::RequestLog;
use crate::load::{Outcome, RequestRow};

/// Longest example of an error, in characters.
const EXAMPLE: usize = 300;

/// Counts the requests of a phase, folded ones among them.
pub(super) fn totals(log: &RequestLog, phase: u32) -> RequestTotals {
    let past = log.past(phase).map(|past| past.totals().clone());
    let mut all = past.unwrap_or_default();
    for row in log.rows(phase) {
        all.add(&row);
    }
    all.finish()
}

/// Counts the requests of a phase that are kept one by one, by slice: `sent` in the one in which
/// their first byte was sent, all others in the one in which they ended.
pub(super) fn sliced(log: &RequestLog, phase: u32, cuts: Cuts) -> Vec<RequestTotals> {
    let mut slots: Vec<Slot> = (0..cuts.len()).map(|_| Slot::default()).collect();
    for row in log.rows(phase) {
        let sent = row.start.unwrap_or(row.end);
        slots[cuts.index_of(sent.0)].totals.sent += 1;
        slots[cuts.index_of(row.end.0)].ended(&row);
    }
    slots.into_iter().map(Slot::finish).collect()
}

/// Requests by outcome, as they are counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    /// Without the errors by class.
    totals: RequestTotals,
    errors: HashMap<&'static str, (u64, String)>,
}

impl Slot {
    /// Counts a request.
    pub(super) fn add(&mut self, row: &RequestRow<'_>) {
        self.totals.sent += 1;
        self.ended(row);
    }

    /// What was counted, without the errors by class.
    pub(super) fn totals(&self) -> &RequestTotals {
        &self.totals
    }

    /// Counts a request as sent.
    pub(super) fn sent(&mut self) {
        self.totals.sent += 1;
    }

    /// Adds what another one has counted.
    pub(super) fn merge(&mut self, other: &Self) {
        let (totals, more) = (&mut self.totals, &other.totals);
        totals.sent += more.sent;
        totals.done += more.done;
        totals.failed += more.failed;
        totals.cancelled += more.cancelled;
        for (sum, more) in [
            (&mut totals.prompt_tokens, more.prompt_tokens),
            (&mut totals.completion_tokens, more.completion_tokens),
            (&mut totals.cached_tokens, more.cached_tokens),
        ] {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or_default() + more);
            }
        }
        for (class, (count, example)) in &other.errors {
            let class = self.errors.entry(class);
            class.or_insert_with(|| (0, example.clone())).0 += count;
        }
    }

    /// Counts how a request ended.
    pub(super) fn ended(&mut self, row: &RequestRow<'_>) {
        let totals = &mut self.totals;
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
                let class = self.errors.entry(class.as_str());
                class.or_insert_with(|| (0, example())).0 += 1;
            }
        }
    }

    /// With the errors, most frequent first.
    pub(super) fn finish(self) -> RequestTotals {
        let class = |(class, (count, example)): (&str, (u64, String))| {
            let class = class.to_owned();
            ErrorClass {
                class,
                count,
                example,
            }
        };
        let mut errors: Vec<_> = self.errors.into_iter().map(class).collect();
        errors.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.class.cmp(&b.class)));
        RequestTotals {
            errors,
            ..self.totals
        }
    }
}

fn add(sum: &mut Option<u64>, tokens: Option<u32>) {
    if let Some(tokens) = tokens {
        *sum = Some(sum.unwrap_or_default() + u64::from(tokens));
    }
}

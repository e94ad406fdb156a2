//! Requests that keep the limits of `[goodput]`. See `docs/metrics.md#goodput`.

use aiperf_plugin_sdk::report::{GoodputLimit, GoodputReport};
use serde::{Deserialize, Serialize};

use super::request::{Measured, ms};
use crate::load::{Outcome, RequestRow};

/// A number of a single request that can have a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are the metrics of the same names")]
pub enum Quantity {
    TimeToFirstToken,
    TimeToSecondToken,
    TimeToFirstOutputToken,
    InterTokenLatency,
    RequestLatency,
    EffectiveTimeToFirstToken,
    EffectiveLatency,
    OutputTokenThroughputPerUser,
    PrefillThroughputPerUser,
    E2eOutputTokenThroughput,
}

impl Quantity {
    /// Name of its metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimeToFirstToken => "time_to_first_token",
            Self::TimeToSecondToken => "time_to_second_token",
            Self::TimeToFirstOutputToken => "time_to_first_output_token",
            Self::InterTokenLatency => "inter_token_latency",
            Self::RequestLatency => "request_latency",
            Self::EffectiveTimeToFirstToken => "effective_time_to_first_token",
            Self::EffectiveLatency => "effective_latency",
            Self::OutputTokenThroughputPerUser => "output_token_throughput_per_user",
            Self::PrefillThroughputPerUser => "prefill_throughput_per_user",
            Self::E2eOutputTokenThroughput => "e2e_output_token_throughput",
        }
    }

    /// Whether it is a speed, which must not be below its limit. Times must not be above theirs.
    pub const fn is_speed(self) -> bool {
        matches!(
            self,
            Self::OutputTokenThroughputPerUser
                | Self::PrefillThroughputPerUser
                | Self::E2eOutputTokenThroughput
        )
    }

    /// Whether only streams have it.
    pub const fn needs_stream(self) -> bool {
        !matches!(
            self,
            Self::RequestLatency | Self::EffectiveLatency | Self::E2eOutputTokenThroughput
        )
    }

    /// Whether an answer of one token has none, and so cannot miss its limit.
    const fn needs_two_tokens(self) -> bool {
        matches!(
            self,
            Self::TimeToSecondToken | Self::InterTokenLatency | Self::OutputTokenThroughputPerUser
        )
    }

    /// Its value of a complete request; `None` if the request has none.
    fn of(self, measured: &Measured) -> Option<f64> {
        match self {
            Self::TimeToFirstToken => measured.ttft_ms,
            Self::TimeToSecondToken => measured.second_ms,
            Self::TimeToFirstOutputToken => measured.first_output_ms,
            Self::InterTokenLatency => measured.itl_ms,
            Self::RequestLatency => Some(measured.latency_ms),
            Self::EffectiveTimeToFirstToken => measured.ttft_ms.map(|ms| ms + measured.delay_ms),
            Self::EffectiveLatency => Some(measured.latency_ms + measured.delay_ms),
            Self::OutputTokenThroughputPerUser => measured.per_user(),
            Self::PrefillThroughputPerUser => measured.prefill(),
            Self::E2eOutputTokenThroughput => measured.end_to_end(),
        }
    }

    /// What a request that was given up had waited for it at least.
    fn waited(self, row: &RequestRow<'_>) -> Option<f64> {
        let start = row.start?;
        let to_end = row.end.since(start);
        let to_first = row.first_token.map_or(to_end, |first| first.since(start));
        let to_output = row
            .first_output
            .map_or(to_end, |output| output.since(start));
        let delay = start.since(row.intended);
        match self {
            Self::TimeToFirstToken => Some(ms(to_first)),
            Self::TimeToFirstOutputToken => Some(ms(to_output)),
            Self::RequestLatency => Some(ms(to_end)),
            Self::EffectiveTimeToFirstToken => Some(ms(to_first + delay)),
            Self::EffectiveLatency => Some(ms(to_end + delay)),
            _ => None,
        }
    }
}

/// A limit for each request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// What is limited.
    pub metric: Quantity,
    /// In the metric's unit.
    pub limit: f64,
}

impl Limit {
    /// Whether a value keeps it.
    fn holds(self, value: f64) -> bool {
        if self.metric.is_speed() {
            value >= self.limit
        } else {
            value <= self.limit
        }
    }

    /// Whether a complete request misses it.
    fn is_missed(self, measured: &Measured) -> bool {
        let is_short = measured.output.is_some_and(|tokens| tokens <= 1.0);
        match self.metric.of(measured) {
            Some(value) => !self.holds(value),
            // A speed without a time that it took is infinite.
            None => !(self.metric.needs_two_tokens() && (is_short || measured.itl_ms == Some(0.0))),
        }
    }
}

/// What a good request keeps; without limits nothing is judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Goodput {
    /// All of them, each for another metric.
    pub limits: Vec<Limit>,
}

impl Goodput {
    /// True if nothing is judged.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Metrics and limits as a JSON object.
    pub(crate) fn settings(&self) -> serde_json::Value {
        let limits = self.limits.iter();
        limits
            .map(|limit| (limit.metric.as_str().to_owned(), limit.limit.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Requests by whether they keep the limits.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    limits: Vec<(Limit, u64)>,
    good: u64,
    judged: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub(super) fn new(goodput: &Goodput) -> Self {
        Self {
            limits: goodput.limits.iter().map(|limit| (*limit, 0)).collect(),
            ..Self::default()
        }
    }

    /// Judges a request that has ended.
    pub(super) fn add(&mut self, row: &RequestRow<'_>) {
        if self.limits.is_empty() {
            return;
        }
        match (row.outcome, row.start) {
            (Outcome::Ok, Some(start)) => self.complete(&Measured::of(row, start)),
            (Outcome::Cancelled, _) => self.given_up(row),
            _ => self.judged += 1,
        }
    }

    /// Adds all that another one, with the same limits, has counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for ((_, missed), (_, more)) in self.limits.iter_mut().zip(&other.limits) {
            *missed += more;
        }
        self.good += other.good;
        self.judged += other.judged;
    }

    fn complete(&mut self, measured: &Measured) {
        let mut is_good = true;
        for (limit, missed) in &mut self.limits {
            let misses = limit.is_missed(measured);
            *missed += u64::from(misses);
            is_good &= !misses;
        }
        self.judged += 1;
        self.good += u64::from(is_good);
    }

    /// Whether it would have been good nobody knows, unless it was late already.
    fn given_up(&mut self, row: &RequestRow<'_>) {
        let mut is_late = false;
        for (limit, missed) in &mut self.limits {
            let waited = limit.metric.waited(row);
            let misses = waited.is_some_and(|waited| !limit.holds(waited));
            *missed += u64::from(misses);
            is_late |= misses;
        }
        self.judged += u64::from(is_late);
    }

    /// What came of it; `None` without limits.
    pub(super) fn report(&self) -> Option<GoodputReport> {
        let limit = |(limit, missed): &(Limit, u64)| GoodputLimit {
            metric: limit.metric.as_str().to_owned(),
            at_most: !limit.metric.is_speed(),
            limit: limit.limit,
            missed: *missed,
        };
        (!self.limits.is_empty()).then(|| GoodputReport {
            good: self.good,
            judged: self.judged,
            limits: self.limits.iter().map(limit).collect(),
        })
    }
}

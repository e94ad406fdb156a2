//! What the clients saw, from the request records. See `docs/metrics.md#client`.

mod details;
mod drafted;
mod socket;
mod spread;

use aiperf_plugin_sdk::report::{ClientMetric, GoodputReport, RequestTotals};
use indexmap::IndexMap;

use super::cuts::Cuts;
use super::goodput::{Goodput, Tally};
use super::label::{self, Metrics};
use super::request::{Measured, ms};
use super::requests::{PhasePast, RequestLog};
use super::values::Values;
use crate::http::MonoNs;
use crate::load::{Outcome, RequestRow};
use details::Details;
use drafted::Drafted;
use socket::Socket;
use spread::{add_busy, add_chunks};

/// What complete requests say of one slice of a phase, in columns that metrics are made of.
///
/// A value belongs to the slice in which it became known: the time to the first token to that of
/// the first token, a gap to that of its later chunk, latency and lengths to that of the end.
/// Tokens and time in flight are spread over the slices in which they were.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests {
    latency_ms: Values,
    ttft_ms: Values,
    itl_ms: Values,
    /// Tokens per second of requests with an inter token latency above 0.
    per_user: Values,
    gaps_ms: Values,
    output: Values,
    input: Values,
    send_delay_ms: Values,
    /// From the intended send, of requests that were due at moments of their own.
    effective_ttft_ms: Values,
    effective_latency_ms: Values,
    /// Requests that waited because as many as may be were in flight, and the longest wait.
    held: u64,
    longest_held_ms: f64,
    /// Tokens that arrived.
    tokens: f64,
    /// Time in flight, over all requests.
    busy_ms: f64,
    /// Answers without a token count of the server's.
    output_unreported: u64,
    /// Of these, those whose chunks were counted instead.
    output_estimated: u64,
    input_estimated: u64,
    details: Details,
    drafted: Drafted,
    socket: Socket,
    goodput: Tally,
}

impl Requests {
    /// No requests yet, which are to be judged.
    pub(super) fn new(goodput: &Goodput) -> Self {
        Self {
            goodput: Tally::new(goodput),
            ..Self::default()
        }
    }

    /// Of a whole phase, folded requests among them.
    pub(super) fn of_phase(log: &RequestLog, phase: u32) -> Self {
        let past = log.past(phase);
        let mut all = past.map_or_else(|| Self::new(log.goodput()), PhasePast::requests);
        for (at, row) in log.rows(phase).enumerate() {
            all.add(&row);
            // What is a statistic in the end need not be kept until then.
            if past.is_some() && at % 4096 == 0 {
                all.settle();
            }
        }
        all
    }

    /// Of the requests of a phase that are kept one by one, by slice.
    pub(super) fn sliced(log: &RequestLog, phase: u32, cuts: Cuts) -> Vec<Self> {
        let mut slices: Vec<Self> = (0..cuts.len()).map(|_| Self::new(log.goodput())).collect();
        for row in log.rows(phase) {
            add(&row, &mut slices, cuts);
        }
        slices
    }

    /// Adds a request; beyond being judged it counts if it is complete.
    pub(super) fn add(&mut self, row: &RequestRow<'_>) {
        add(row, std::slice::from_mut(self), Cuts::NONE);
    }

    /// Makes statistics of all values up to now.
    pub(super) fn settle(&mut self) {
        self.values().into_iter().for_each(Values::settle);
        self.details.settle();
        self.drafted.settle();
        self.socket.settle();
    }

    /// Adds all that another one, which was judged by the same limits, holds.
    pub(super) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        for (values, more) in self.values().into_iter().zip(other.values()) {
            values.merge(more);
        }
        self.held += other.held;
        self.longest_held_ms = self.longest_held_ms.max(other.longest_held_ms);
        self.tokens += other.tokens;
        self.busy_ms += other.busy_ms;
        self.output_unreported += other.output_unreported;
        self.output_estimated += other.output_estimated;
        self.input_estimated += other.input_estimated;
        self.details.merge(&mut other.details);
        self.drafted.merge(&mut other.drafted);
        self.socket.merge(&mut other.socket);
        self.goodput.merge(&other.goodput);
    }

    fn values(&mut self) -> [&mut Values; 10] {
        [
            &mut self.latency_ms,
            &mut self.ttft_ms,
            &mut self.itl_ms,
            &mut self.per_user,
            &mut self.gaps_ms,
            &mut self.output,
            &mut self.input,
            &mut self.send_delay_ms,
            &mut self.effective_ttft_ms,
            &mut self.effective_latency_ms,
        ]
    }

    fn ended(&mut self, row: &RequestRow<'_>, measured: &Measured) {
        let usage = &row.usage;
        let (output, input) = (measured.output, measured.input);
        let is_unreported = usage.completion_tokens.is_none();
        self.output_unreported += u64::from(is_unreported);
        self.output_estimated += u64::from(is_unreported && output.is_some());
        self.input_estimated += u64::from(usage.prompt_tokens.is_none());
        self.latency_ms.push(measured.latency_ms);
        if let Some(output) = output {
            self.output.push(output);
        }
        self.input.push(input);
        self.details.ended(row, measured);
        if let Some(drafts) = row.drafts {
            self.drafted.ended(drafts);
        }
    }

    /// What the limits of `[goodput]` make of them; `None` without limits.
    pub(super) fn goodput(&self) -> Option<GoodputReport> {
        self.goodput.report()
    }

    /// Answers whose output tokens are not known from `usage`.
    pub(super) fn output_unreported(&self) -> u64 {
        self.output_unreported
    }

    /// Complete requests that were due when as many as may be were in flight, and the longest time
    /// that one waited, in milliseconds.
    pub(super) fn held(&self) -> (u64, f64) {
        (self.held, self.longest_held_ms)
    }

    /// All client metrics over `seconds`, in the order of the tables. `generates`: answers are made
    /// of tokens.
    pub(super) fn metrics(
        mut self,
        totals: &RequestTotals,
        seconds: f64,
        generates: bool,
    ) -> IndexMap<String, ClientMetric> {
        let per_second = |count: f64| Some(count / seconds).filter(|_| seconds > 0.0);
        let tokens = per_second(self.tokens);
        let input = per_second(self.details.input());
        let busy = per_second(self.busy_ms / 1e3);
        let done = totals.done as f64;
        let mut metrics = Metrics::default();
        metrics.spread(label::TTFT, self.ttft_ms);
        self.details.add_times(&mut metrics);
        metrics.spread(label::ITL, self.itl_ms);
        metrics.pooled(label::GAPS, self.gaps_ms);
        self.details.add_decode(&mut metrics);
        metrics.spread(label::LATENCY, self.latency_ms);
        metrics.spread(label::EFFECTIVE_TTFT, self.effective_ttft_ms);
        metrics.spread(label::EFFECTIVE_LATENCY, self.effective_latency_ms);
        metrics.spread(label::OUTPUT, self.output);
        metrics.spread(label::INPUT, self.input);
        metrics.spread(label::PER_USER, self.per_user);
        self.details.add_speed(&mut metrics);
        self.details.add_counts(&mut metrics);
        self.drafted.add(&mut metrics);
        metrics.spread(label::SEND_DELAY, self.send_delay_ms);
        self.socket.add(&mut metrics);
        if generates {
            metrics.single(label::TOKENS, tokens);
        }
        metrics.single(label::INPUT_TOKENS, input);
        if generates {
            let both = tokens.zip(input).map(|(output, input)| output + input);
            metrics.single(label::TOTAL_TOKENS, both);
        }
        metrics.single(label::REQUESTS, per_second(done));
        if let Some(goodput) = self.goodput.report() {
            let good = goodput.good as f64;
            let share = Some(good / goodput.judged as f64).filter(|_| goodput.judged > 0);
            metrics.single(label::GOODPUT, per_second(good));
            metrics.single(label::GOOD, Some(good));
            metrics.single(label::GOOD_FRACTION, share);
        }
        metrics.single(label::CONCURRENCY, busy);
        metrics.single(label::COUNT, Some(done));
        metrics.single(label::ERRORS, Some(totals.failed as f64));
        let ended = (totals.done + totals.failed) as f64;
        let failed = Some(100.0 * totals.failed as f64 / ended).filter(|_| ended > 0.0);
        metrics.single(label::ERROR_RATE, failed);
        metrics.single(label::DURATION, Some(seconds));
        if self.output_estimated > 0 {
            let labels = [
                label::ITL,
                label::OUTPUT,
                label::PER_USER,
                label::END_TO_END,
            ];
            metrics.mark_estimated(&labels);
            metrics.mark_estimated(&[label::TOKENS, label::TOTAL_TOKENS]);
        }
        if self.input_estimated > 0 {
            let labels = [label::INPUT, label::PREFILL, label::INPUT_TOKENS];
            metrics.mark_estimated(&labels);
            metrics.mark_estimated(&[label::TOTAL_TOKENS]);
        }
        metrics.into_map()
    }
}

/// Judges a request, and adds it if it is complete.
pub(super) fn add(row: &RequestRow<'_>, slices: &mut [Requests], cuts: Cuts) {
    slices[cuts.index_of(row.end.0)].goodput.add(row);
    if let Some(start) = row.start.filter(|_| row.outcome == Outcome::Ok) {
        done(row, start, slices, cuts);
    }
}

/// Puts what a complete request says where it belongs.
fn done(row: &RequestRow<'_>, start: MonoNs, slices: &mut [Requests], cuts: Cuts) {
    let measured = Measured::of(row, start);
    let last = row.last_token.unwrap_or(row.end);
    let end = cuts.index_of(row.end.0);
    slices[end].ended(row, &measured);
    slices[end].socket.ended(row, start);
    let delay = measured.delay_ms;
    let slice = &mut slices[cuts.index_of(start.0)];
    slice.send_delay_ms.push(delay);
    if let Some(times) = row.connect {
        slice.socket.connected(times);
    }
    if let Some(released) = row.released {
        let held = ms(released.since(row.intended));
        slice.held += u64::from(held > 0.0);
        slice.longest_held_ms = slice.longest_held_ms.max(held);
        slices[end]
            .effective_latency_ms
            .push(measured.latency_ms + delay);
    }
    add_busy(start, last, slices, cuts);
    let (Some(first), Some(ttft)) = (row.first_token, measured.ttft_ms) else {
        slices[end].tokens += measured.output.unwrap_or_default();
        return;
    };
    let slice = &mut slices[cuts.index_of(first.0)];
    slice.ttft_ms.push(ttft);
    slice.details.first_token(&measured);
    if row.released.is_some() {
        slice.effective_ttft_ms.push(ttft + delay);
    }
    if let Some((at, output_ms)) = row.first_output.zip(measured.first_output_ms) {
        let slice = &mut slices[cuts.index_of(at.0)];
        slice.details.first_output(output_ms, at != first);
    }
    if let Some(itl) = measured.itl_ms {
        slices[end].itl_ms.push(itl);
    }
    if let Some(per_user) = measured.per_user() {
        slices[end].per_user.push(per_user);
    }
    let output = measured.output.unwrap_or_default();
    add_chunks(row, first, output, slices, cuts);
}

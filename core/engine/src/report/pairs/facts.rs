//! What the clients know of the phase that explains differences.

use std::collections::BTreeSet;

use aiperf_plugin_sdk::report::{ClientMetric, PhaseReport, Report, RequestTotals, SettleBasis};
use aiperf_plugin_sdk::run::PhaseKind;

/// Facts of the profiling phase.
#[derive(Debug)]
pub(in crate::report) struct Facts<'a> {
    pub(super) totals: &'a RequestTotals,
    /// Requests that the phase took over from the one before.
    pub(super) in_flight_at_start: u64,
    /// True if prompt or output tokens of some answers are the client's guess.
    pub(super) prompts_guessed: bool,
    /// See `prompts_guessed`.
    pub(super) outputs_guessed: bool,
    /// Complete requests per second.
    pub(super) throughput: Option<f64>,
    /// Mean time to first token, in ms; `None` unless all complete requests have one.
    pub(super) client_ttft_ms: Option<f64>,
    /// Mean latency of complete requests, in ms.
    pub(super) client_latency_ms: Option<f64>,
    /// Mean over all gaps between tokens, in ms; `None` if tokens are guessed or nothing streamed.
    pub(super) mean_gap_ms: Option<f64>,
    /// Endpoints whose counters were not final at the end.
    unsettled: BTreeSet<&'a str>,
}

impl<'a> Facts<'a> {
    /// `None` without load.
    pub(in crate::report) fn of(report: &'a Report) -> Option<Self> {
        let totals = report.requests.as_ref()?;
        let profiling = |phase: &&PhaseReport| phase.kind == PhaseKind::Profiling;
        let phase = report.phases.iter().rfind(profiling);
        let metric = |name: &str| report.llm_metrics.get(name);
        let guessed = |name| metric(name).is_some_and(|metric| metric.estimated);
        let outputs_guessed = guessed("output_sequence_length");
        Some(Self {
            totals,
            in_flight_at_start: phase.map_or(0, |phase| phase.in_flight_at_start),
            prompts_guessed: guessed("input_sequence_length"),
            outputs_guessed,
            throughput: metric("request_throughput").and_then(|metric| metric.stats.avg),
            client_ttft_ms: metric("time_to_first_token")
                .filter(|metric| metric.n == totals.done)
                .and_then(|metric| metric.stats.avg),
            client_latency_ms: metric("request_latency").and_then(|metric| metric.stats.avg),
            mean_gap_ms: mean_gap_ms(report, totals).filter(|_| !outputs_guessed),
            unsettled: phase.map(unsettled).unwrap_or_default(),
        })
    }

    /// True if counters of one of the endpoints were not final.
    pub(super) fn is_unsettled(&self, endpoints: &BTreeSet<String>) -> bool {
        endpoints
            .iter()
            .any(|url| self.unsettled.contains(url.as_str()))
    }

    /// Tokens of all answers but the first one of each; `None` if they are guessed.
    pub(super) fn gaps(&self) -> Option<f64> {
        Some(self.tokens()? - self.totals.done as f64)
    }

    /// Tokens of all answers; `None` if they are guessed.
    pub(super) fn tokens(&self) -> Option<f64> {
        let tokens = self
            .totals
            .completion_tokens
            .filter(|_| !self.outputs_guessed);
        tokens.map(|tokens| tokens as f64)
    }
}

/// Time from first to last token of all requests by the number of gaps in it. It needs every complete
/// request to have a first token.
fn mean_gap_ms(report: &Report, totals: &RequestTotals) -> Option<f64> {
    let metric = |name: &str| report.llm_metrics.get(name);
    let (ttft, latency) = (metric("time_to_first_token")?, metric("request_latency")?);
    let sum = |metric: &ClientMetric| metric.stats.avg.map(|avg| avg * metric.n as f64);
    let gaps = totals.completion_tokens?.checked_sub(latency.n)? as f64;
    let all = ttft.n == latency.n && latency.n == totals.done && gaps > 0.0;
    let time = sum(latency)? - sum(ttft)?;
    all.then(|| time / gaps)
}

fn unsettled(phase: &PhaseReport) -> BTreeSet<&str> {
    let moving = |basis| matches!(basis, SettleBasis::Timeout | SettleBasis::Missed);
    let settle = phase.settle.iter().filter(|settle| moving(settle.basis));
    settle.map(|settle| settle.endpoint.as_str()).collect()
}

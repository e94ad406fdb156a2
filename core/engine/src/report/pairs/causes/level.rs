//! What goes up and down: requests in flight.

use aiperf_plugin_sdk::report::PairCause;

use super::{Case, WHOLE, cause};
use crate::knowledge::Quantity;

pub(super) fn causes(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    let mut causes = Vec::new();
    let served = served(case);
    let sent = case.facts.totals.done as f64;
    if served.is_some_and(|served| served > sent + WHOLE) {
        let doubts = case.doubts(true);
        if doubts.is_empty() {
            let message = "the server counted requests that this run did not send";
            return vec![cause("foreign_load", None, message)];
        }
        return doubts;
    }
    let mut rest = difference;
    if let Some(amount) = in_between(case) {
        let (code, message) = if case.is_leg {
            (
                "disaggregation",
                "requests that are prefilled or decoded elsewhere, or on their way",
            )
        } else {
            let message = "requests on their way: the client sees each for longer than the server";
            ("network_and_client", message)
        };
        causes.push(cause(code, Some(amount), message));
        rest -= amount;
    }
    causes.push(cause("sampling", Some(rest), sampling(case)));
    causes
}

/// Requests that the servers answered, by their counter, or else by what they timed.
fn served(case: &Case<'_>) -> Option<f64> {
    let counted = case.side(Quantity::RequestCount);
    let timed = || case.side(Quantity::RequestLatency)?.n;
    counted.and_then(|side| side.stats.avg).or_else(timed)
}

/// Requests that the client holds and the server does not, by Little's law: requests per second times
/// the seconds between both.
fn in_between(case: &Case<'_>) -> Option<f64> {
    let seen = case.facts.client_latency_ms?;
    let latency = case.side(Quantity::RequestLatency)?;
    let same = latency
        .n
        .is_some_and(|n| (n - case.facts.totals.done as f64).abs() < WHOLE);
    let between_ms = seen - latency.stats.avg.filter(|_| same)?;
    Some(case.facts.throughput? * between_ms / 1e3)
}

fn sampling(case: &Case<'_>) -> String {
    let n = case.server.n.unwrap_or_default();
    let error = case.server.sampling_error;
    let error = error.map_or_else(String::new, |error| {
        format!(" (95 % confidence: ± {error:.2})")
    });
    let readings = if n < 1.5 { "reading" } else { "readings" };
    format!(
        "the gauge is known at {n} {readings} only{error}: its mean misses what lies between, such \
         as the rise and fall of the load at both ends"
    )
}

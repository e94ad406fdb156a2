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
            let message = "requests on their way, which the client sees for longer than the server";
            ("network_and_client", message)
        };
        causes.push(cause(code, Some(amount), message));
        rest -= amount;
    }
    let message = "the gauge is read now and then only: its mean misses what lies between, such as \
                   the rise and fall of the load at both ends";
    causes.push(cause("sampling", Some(rest), message));
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

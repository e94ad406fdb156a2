//! Distributions: times, and tokens of a request.

use aiperf_plugin_sdk::report::PairCause;

use super::{Case, WHOLE, cause};
use crate::knowledge::{Disaggregated, Each, Quantity, QuantityKind};

/// Means that differ by a smaller part of the value are equal, but for rounding.
const ROUNDING: f64 = 1e-9;

pub(super) fn causes(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    let size = case.client.stats.avg.unwrap_or_default().abs();
    if difference.abs() <= ROUNDING * size {
        return Vec::new();
    }
    let mut causes = if is_matched(case) {
        let parts = match case.rule.quantity.kind() {
            QuantityKind::Time => of_times(case, difference),
            _ => of_lengths(case, difference),
        };
        parts
            .into_iter()
            .filter(|part| is_some(part, size))
            .collect()
    } else {
        mismatch(case)
    };
    if !case.rule.note.is_empty() {
        causes.push(cause("definition", None, case.rule.note.clone()));
    }
    causes
}

fn is_some(part: &PairCause, size: f64) -> bool {
    part.amount
        .is_none_or(|amount| amount.abs() > ROUNDING * size)
}

/// True if both sides are about the same number of values.
fn is_matched(case: &Case<'_>) -> bool {
    let expected = case.client.expected(case.facts, case.rule.each);
    expected
        .zip(case.server.n)
        .is_some_and(|(expected, n)| (expected - n).abs() < WHOLE)
}

fn of_times(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    if case.rule.quantity == Quantity::InterTokenLatency {
        return of_gaps(case, difference);
    }
    if case.is_leg {
        let message = "these servers do a part of each request, prefill or decode, and time that";
        return vec![cause("disaggregation", Some(difference), message)];
    }
    let mut causes = Vec::new();
    let mut rest = difference;
    let first = case.rule.quantity == Quantity::TimeToFirstToken;
    if let Some(held) = held_back_ms(case).filter(|_| first) {
        let message = "the first token came later than the way of a whole request explains: it had no \
                       visible text, or was held back (Nagle's algorithm with delayed \
                       acknowledgements, a proxy that buffers)";
        causes.push(cause("first_token_held_back", Some(held), message));
        rest -= held;
    }
    let message = "from the first byte sent until the server's clock starts, and from the server's \
                   token to its arrival";
    causes.push(cause("network_and_client", Some(rest), message));
    causes
}

/// By how much the client's time to first token exceeds the server's more than its request latency
/// does: the way to the server and back is in both. `None` if it does not, or if the server does not
/// see whole requests.
fn held_back_ms(case: &Case<'_>) -> Option<f64> {
    if case.is_leg {
        return None;
    }
    let facts = case.facts;
    let done = facts.totals.done as f64;
    let excess = |quantity, seen: Option<f64>| {
        let side = case.side(quantity)?;
        let same = side.n.is_some_and(|n| (n - done).abs() < WHOLE);
        Some(seen? - side.stats.avg.filter(|_| same)?)
    };
    let first = excess(Quantity::TimeToFirstToken, facts.client_ttft_ms)?;
    let whole = excess(Quantity::RequestLatency, facts.client_latency_ms)?;
    Some(first - whole.max(0.0)).filter(|held| *held > 0.0)
}

/// The client's mean is over requests. A server's is over gaps, or even over tokens.
fn of_gaps(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    let mut causes = Vec::new();
    let mut rest = difference;
    let both = case.client.stats.avg.zip(case.facts.mean_gap_ms);
    if let Some((by_request, by_gap)) = both.filter(|_| case.rule.each != Each::Request) {
        let amount = by_request - by_gap;
        let message = "the client's mean counts each request once, the server's each token";
        causes.push(cause("mean_per_request", Some(amount), message));
        rest -= amount;
    }
    let tokens = case.facts.tokens().zip(case.facts.gaps());
    let tokens = tokens.filter(|(_, gaps)| case.rule.each == Each::Token && *gaps > 0.0);
    if let Some(((tokens, gaps), mean)) = tokens.zip(case.server.stats.avg) {
        let amount = mean * tokens / gaps - mean;
        let message = "the server divides by all tokens, the first one of an answer too";
        causes.push(cause("mean_per_token", Some(amount), message));
        rest -= amount;
    }
    let per_request = case
        .facts
        .gaps()
        .map(|gaps| gaps / case.facts.totals.done as f64);
    let per_request = per_request.filter(|gaps| *gaps > 0.0);
    if let Some((held, gaps)) = held_back_ms(case).zip(per_request) {
        let message = "the first token was held back, and the ones after it came the faster";
        causes.push(cause("first_token_held_back", Some(-held / gaps), message));
        rest += held / gaps;
    }
    let message = "how network and client spread the arrivals of tokens";
    causes.push(cause("network_and_client", Some(rest), message));
    causes
}

fn of_lengths(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    if case.is_about_guesses() {
        return case.doubts(false);
    }
    let message = "the server counts other tokens than it reports in `usage`";
    vec![cause("other_tokens", Some(difference), message)]
}

/// Both sides are about different requests: no part of the difference is known.
fn mismatch(case: &Case<'_>) -> Vec<PairCause> {
    let expected = case.client.expected(case.facts, case.rule.each);
    let Some((expected, n)) = expected.zip(case.server.n) else {
        let mut doubts = case.doubts(true);
        if doubts.is_empty() {
            let message = "it is not known whether both sides are about the same requests";
            doubts.push(cause("not_comparable", None, message));
        }
        return doubts;
    };
    let twice = case.rule.if_disaggregated == Some(Disaggregated::Twice);
    if twice && (n - 2.0 * expected).abs() < WHOLE {
        let message = "prefill and decode are apart, and the server times requests for both";
        return vec![cause("disaggregation", None, message)];
    }
    let mut causes = case.doubts(n > expected);
    if causes.is_empty() {
        let (code, whose) = if n > expected {
            ("foreign_load", "others' requests are among them")
        } else {
            ("unseen_servers", "other replicas may have served the rest")
        };
        let message = format!("the server has {n} values where this run made {expected}: {whose}");
        causes.push(cause(code, None, message));
    }
    causes
}

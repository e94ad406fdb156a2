//! Totals: requests and tokens.

use aiperf_plugin_sdk::report::PairCause;

use super::{Case, WHOLE, cause};
use crate::knowledge::{Disaggregated, Quantity};

/// What is left to explain.
struct Rest {
    amount: f64,
    causes: Vec<PairCause>,
}

impl Rest {
    fn is_nothing(&self) -> bool {
        self.amount.abs() < WHOLE
    }

    fn take(&mut self, code: &str, amount: f64, message: impl Into<String>) {
        self.amount -= amount;
        self.causes.push(cause(code, Some(amount), message));
    }
}

pub(super) fn causes(case: &Case<'_>, difference: f64) -> Vec<PairCause> {
    let causes = Vec::new();
    let mut rest = Rest {
        amount: difference,
        causes,
    };
    if rest.is_nothing() {
        return rest.causes;
    }
    if !case.rule.note.is_empty() {
        rest.causes
            .push(cause("definition", None, case.rule.note.clone()));
    }
    take_cached(case, &mut rest);
    take_disaggregated(case, &mut rest);
    take_cancelled(case, &mut rest);
    if !rest.is_nothing() {
        let doubts = case.doubts(rest.amount < 0.0);
        if doubts.is_empty() {
            take_all(case, &mut rest);
        }
        rest.causes.extend(doubts);
    }
    rest.causes
}

/// Cached tokens that the server leaves out, by the clients' count or else the server's own.
fn take_cached(case: &Case<'_>, rest: &mut Rest) {
    if !case.rule.excludes_cached {
        return;
    }
    let reported = case.facts.totals.cached_tokens.map(|tokens| tokens as f64);
    let counted = || case.side(Quantity::CachedTokens)?.stats.avg;
    if let Some(cached) = reported.or_else(counted).filter(|cached| *cached > 0.0) {
        let message = "the server leaves out tokens that were in its cache";
        rest.take("cached_tokens", cached, message);
    }
}

/// Only a difference that is exactly what a second leg makes is one.
fn take_disaggregated(case: &Case<'_>, rest: &mut Rest) {
    let extra = match case.rule.if_disaggregated {
        Some(Disaggregated::Twice) => case.client.stats.avg,
        Some(Disaggregated::OneTokenMore) => Some(case.facts.totals.done as f64),
        None => None,
    };
    if let Some(extra) = extra.filter(|extra| (rest.amount + extra).abs() < WHOLE) {
        let message = "prefill and decode are apart, and the server counts requests for both";
        rest.take("disaggregation", -extra, message);
    }
}

/// Requests that the client gave up. How many of their tokens the server made is not known.
fn take_cancelled(case: &Case<'_>, rest: &mut Rest) {
    let cancelled = case.facts.totals.cancelled as f64;
    let whole = case.rule.quantity == Quantity::RequestCount && case.rule.counts_cancelled;
    let amount = cancelled.min(-rest.amount);
    if whole && amount >= WHOLE {
        let message = "the server counts requests that the client cancelled";
        rest.take("cancelled_requests", -amount, message);
    }
}

/// Nothing else is known: the rest are others' requests, or requests that others served.
fn take_all(case: &Case<'_>, rest: &mut Rest) {
    let unit = case.rule.quantity.unit();
    let amount = rest.amount;
    if amount < 0.0 {
        let message = format!(
            "the server counted {} {unit} that this run did not cause: other clients, or a proxy \
             that sends requests again",
            -amount
        );
        rest.take("foreign_load", amount, message);
    } else {
        let message = format!(
            "no server that is read counted {amount} {unit} of this run: other replicas may have \
             served them"
        );
        rest.take("unseen_servers", amount, message);
    }
}

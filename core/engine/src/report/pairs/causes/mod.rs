//! Why both sides of a pair differ.

mod level;
mod spread;
mod total;

use aiperf_plugin_sdk::report::PairCause;

use super::client::ClientSide;
use super::facts::Facts;
use super::server::ServerSide;
use crate::knowledge::{PairRule, Quantity, QuantityKind};

/// Counts that differ by less are equal: they are whole numbers, but for rounding.
const WHOLE: f64 = 0.5;

/// A pair whose difference is to be explained.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) rule: &'a PairRule,
    pub(super) facts: &'a Facts<'a>,
    /// What the same software says of all quantities.
    pub(super) sides: &'a [(&'a PairRule, ServerSide)],
    /// True if the servers do a part of each request only, such as prefill.
    pub(super) is_leg: bool,
    pub(super) client: &'a ClientSide,
    pub(super) server: &'a ServerSide,
}

impl Case<'_> {
    /// Causes of the difference (client's less server's), the largest first, then those whose part is
    /// not known.
    pub(super) fn causes(&self, difference: Option<f64>) -> Vec<PairCause> {
        let mut causes = match (difference, self.rule.quantity.kind()) {
            (None, _) => self.why_unknown(),
            (Some(difference), QuantityKind::Total) => total::causes(self, difference),
            (Some(difference), QuantityKind::Level) => level::causes(self, difference),
            (Some(difference), _) => spread::causes(self, difference),
        };
        let size = |cause: &PairCause| cause.amount.map_or(-1.0, f64::abs);
        causes.sort_by(|a, b| size(b).total_cmp(&size(a)));
        causes
    }

    fn why_unknown(&self) -> Vec<PairCause> {
        let client = self.client.stats.avg.is_none();
        let server = self.server.stats.avg.is_none();
        let cached = self.rule.quantity == Quantity::CachedTokens;
        let streams = matches!(
            self.rule.quantity,
            Quantity::TimeToFirstToken | Quantity::InterTokenLatency
        );
        let mut causes = Vec::new();
        if client && cached {
            let message = "the answers do not say in `usage` how many tokens were cached";
            causes.push(cause("not_reported", None, message));
        } else if client && streams && self.facts.totals.done > 0 {
            let message = "the answers were no streams of several tokens";
            causes.push(cause("not_streamed", None, message));
        }
        if server {
            let message = "the server's pages do not tell it for the time of the load";
            causes.push(cause("not_measured", None, message));
        }
        causes
    }

    /// What else the same software says of another quantity.
    fn side(&self, quantity: Quantity) -> Option<&ServerSide> {
        let mut sides = self.sides.iter();
        sides
            .find(|(rule, _)| rule.quantity == quantity)
            .map(|(_, side)| side)
    }

    /// What makes it uncertain which requests both sides are about. `more`: the server counted more
    /// than the client did.
    fn doubts(&self, more: bool) -> Vec<PairCause> {
        let totals = self.facts.totals;
        let mut doubts = Vec::new();
        let mut doubt = |code, is_so: bool, message: String| {
            if is_so {
                doubts.push(cause(code, None, message));
            }
        };
        let guessed = self.is_about_guesses();
        let message = "some answers carried no `usage`: the client guessed their tokens".to_owned();
        doubt("estimated_client_tokens", guessed, message);
        let message = "a server started again during the load and lost counts".to_owned();
        doubt("counter_reset", self.server.was_reset, message);
        let unsettled = self.facts.is_unsettled(&self.server.endpoints);
        let message = "the server's counters were not final when they were read".to_owned();
        doubt("not_settled", unsettled, message);
        let taken_over = self.facts.in_flight_at_start;
        let message = format!("{taken_over} requests in flight at the start belong to two phases");
        doubt("seamless_boundary", taken_over > 0, message);
        let counted = more && totals.failed > 0;
        let message = format!(
            "{} requests failed: the server may count them",
            totals.failed
        );
        doubt("failed_requests", counted, message);
        let counted = more && totals.cancelled > 0 && self.rule.counts_cancelled;
        let message = format!(
            "{} requests were cancelled: the server counts what it did of them",
            totals.cancelled
        );
        doubt("cancelled_requests", counted, message);
        doubts
    }

    fn is_about_guesses(&self) -> bool {
        let facts = self.facts;
        match self.rule.quantity {
            Quantity::PromptTokens | Quantity::InputSequenceLength => facts.prompts_guessed,
            Quantity::CompletionTokens
            | Quantity::OutputSequenceLength
            | Quantity::InterTokenLatency => facts.outputs_guessed,
            _ => self.client.guessed,
        }
    }
}

fn cause(code: &str, amount: Option<f64>, message: impl Into<String>) -> PairCause {
    PairCause {
        code: code.to_owned(),
        amount,
        message: message.into(),
    }
}

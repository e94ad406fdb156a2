//! The clients' side of a quantity.

use aiperf_plugin_sdk::report::{ClientMetric, Report, Stats};

use super::facts::Facts;
use crate::knowledge::{Each, Quantity};

/// What the clients saw of a quantity.
#[derive(Debug, Default)]
pub(in crate::report) struct ClientSide {
    pub(in crate::report) stats: Stats,
    /// Values behind the statistics; `None` for totals.
    pub(super) n: Option<f64>,
    /// True if tokens in it are the client's guess.
    pub(in crate::report) guessed: bool,
}

impl ClientSide {
    pub(in crate::report) fn of(report: &Report, facts: &Facts<'_>, quantity: Quantity) -> Self {
        let metric = |name: &str| report.llm_metrics.get(name);
        let totals = facts.totals;
        match quantity {
            Quantity::QueueTime => Self::default(),
            Quantity::Concurrency => Self {
                n: None,
                ..Self::metric(metric("effective_concurrency"))
            },
            Quantity::RequestCount => Self::total(Some(totals.done)),
            Quantity::CachedTokens => Self::total(totals.cached_tokens),
            Quantity::PromptTokens => match metric("input_sequence_length") {
                Some(guessed) if guessed.estimated => Self::guess(guessed),
                _ => Self::total(totals.prompt_tokens),
            },
            Quantity::CompletionTokens => match metric("output_sequence_length") {
                Some(guessed) if guessed.estimated => Self::guess(guessed),
                _ => Self::total(totals.completion_tokens),
            },
            _ => Self::metric(metric(quantity.as_str())),
        }
    }

    fn metric(metric: Option<&ClientMetric>) -> Self {
        metric.map_or_else(Self::default, |metric| Self {
            stats: metric.stats,
            n: Some(metric.n as f64),
            guessed: metric.estimated,
        })
    }

    fn total(total: Option<u64>) -> Self {
        Self {
            stats: Stats::single(total.map(|total| total as f64)),
            ..Self::default()
        }
    }

    /// The sum of the tokens of single requests. Each is a whole number.
    fn guess(metric: &ClientMetric) -> Self {
        let sum = metric.stats.avg.map(|avg| (avg * metric.n as f64).round());
        Self {
            stats: Stats::single(sum),
            n: None,
            guessed: true,
        }
    }

    /// Observations that a server must have made of the same requests; `None` if that is not known.
    pub(super) fn expected(&self, facts: &Facts<'_>, each: Each) -> Option<f64> {
        match each {
            Each::Request => self.n,
            Each::Token => facts.tokens(),
            Each::Gap => facts.gaps(),
        }
    }
}

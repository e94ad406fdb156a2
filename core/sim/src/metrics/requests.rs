//! What is counted of single requests, when they end.

use super::distribution::{Distribution, Scale};
use crate::endpoint::Endpoint;
use crate::plan::Plan;
use crate::truth::Outcome;

/// Routes as the HTTP metrics name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handler {
    Chat,
    Completions,
    Models,
    Other,
}

impl Handler {
    pub(crate) const ALL: [Self; 4] = [Self::Chat, Self::Completions, Self::Models, Self::Other];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Models => "/v1/models",
            Self::Other => "none",
        }
    }

    pub(super) fn method(self) -> &'static str {
        if matches!(self, Self::Chat | Self::Completions) {
            "POST"
        } else {
            "GET"
        }
    }
}

impl From<Endpoint> for Handler {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Chat => Self::Chat,
            Endpoint::Completions => Self::Completions,
            _ => Self::Other,
        }
    }
}

/// HTTP answers of one route: by status class (2xx, 4xx, 5xx) and duration.
#[derive(Debug, Clone)]
pub(crate) struct HttpStats {
    pub(super) by_class: [u64; 3],
    pub(super) duration: Distribution,
}

/// Requests that ended alike: complete, or not.
#[derive(Debug, Clone)]
pub(crate) struct EndedStats {
    pub(super) duration: Distribution,
    pub(super) prompt: Distribution,
    pub(super) completion: Distribution,
    pub(super) max_tokens: Distribution,
    pub(super) n: Distribution,
    pub(super) queue: Distribution,
    pub(super) prefill: Distribution,
    pub(super) decode: Distribution,
    pub(super) inference: Distribution,
    pub(super) per_token: Distribution,
}

/// How far a request has got, in monotonic nanoseconds (0 where not yet) and tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) arrival: i64,
    pub(crate) started: i64,
    pub(crate) first_token: i64,
    pub(crate) last_token: i64,
    pub(crate) tokens: u32,
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) now: i64,
    pub(crate) response_bytes: u64,
}

impl EndedStats {
    pub(super) fn new() -> Self {
        let seconds = || Distribution::new(Scale::Seconds);
        let counts = || Distribution::new(Scale::Count);
        Self {
            duration: seconds(),
            prompt: counts(),
            completion: counts(),
            max_tokens: counts(),
            n: counts(),
            queue: seconds(),
            prefill: seconds(),
            decode: seconds(),
            inference: seconds(),
            per_token: seconds(),
        }
    }

    pub(super) fn record(&mut self, plan: &Plan, progress: &Progress, end: i64) {
        self.duration.observe(end - progress.arrival);
        self.prompt.observe(i64::from(plan.prompt_tokens));
        self.completion.observe(i64::from(progress.tokens));
        self.max_tokens.observe(i64::from(plan.max_tokens));
        self.n.observe(1);
        if progress.tokens == 0 {
            return;
        }
        let decode = progress.last_token - progress.first_token;
        self.queue.observe(progress.started - progress.arrival);
        self.prefill
            .observe(progress.first_token - progress.started);
        self.decode.observe(decode);
        self.inference
            .observe(progress.last_token - progress.started);
        // A single token has no gap; the real server records a zero for it.
        self.per_token
            .observe(decode / i64::from(progress.tokens.max(2) - 1));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.duration.merge(&other.duration);
        self.prompt.merge(&other.prompt);
        self.completion.merge(&other.completion);
        self.max_tokens.merge(&other.max_tokens);
        self.n.merge(&other.n);
        self.queue.merge(&other.queue);
        self.prefill.merge(&other.prefill);
        self.decode.merge(&other.decode);
        self.inference.merge(&other.inference);
        self.per_token.merge(&other.per_token);
    }
}

//! What arrivals are asked for.

use std::sync::Arc;
use std::time::Duration;

use super::curve::Curve;

/// When requests are sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ArrivalPlan {
    /// Each response is followed by the next request; the concurrency is kept.
    ClosedLoop,
    /// Each slot is a user, who sends a request so long after the last one, or when that is answered if it
    /// takes longer.
    Users {
        /// From one request of a user to the next.
        gap: Duration,
    },
    /// At moments of their own, whatever the server does.
    Rate(RatePlan),
    /// At these moments after the start of the phase, which rise.
    Schedule(Arc<[Duration]>),
}

/// Requests at a rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RatePlan {
    /// Requests per second over time.
    pub curve: Curve,
    /// How the moments are spread.
    pub pattern: Pattern,
    /// What the moments are for. Where conversations have one turn, that is the same.
    pub of: RateOf,
}

/// What comes at a rate, where conversations have several turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateOf {
    /// Requests: a turn that is due waits for the next moment, and goes before conversations that would
    /// begin.
    #[default]
    Requests,
    /// Conversations begin; their further turns follow the answers.
    Conversations,
}

/// How requests at a rate are spread over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// Evenly.
    Constant,
    /// Independently of each other: gaps are exponential.
    Poisson,
    /// Gaps follow a gamma distribution.
    Gamma {
        /// Its shape: 1 is a Poisson process, below it requests come in bursts, above it more evenly.
        smoothness: f64,
    },
}

impl ArrivalPlan {
    /// True if requests have moments of their own, which a slow server does not move.
    pub fn is_open_loop(&self) -> bool {
        !matches!(self, Self::ClosedLoop | Self::Users { .. })
    }

    /// Whether turns wait for the moments of a rate.
    pub(in super::super) fn paces_turns(&self) -> bool {
        matches!(self, Self::Rate(rate) if rate.of == RateOf::Requests)
    }

    /// From one request of a user to the next.
    pub(in super::super) fn gap(&self) -> Option<Duration> {
        match self {
            Self::Users { gap } => Some(*gap),
            _ => None,
        }
    }
}

impl RateOf {
    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Conversations => "conversations",
        }
    }
}

impl Pattern {
    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
            Self::Gamma { .. } => "gamma",
        }
    }

    /// True if it has a usable shape.
    pub(in super::super) fn is_sound(self) -> bool {
        match self {
            Self::Gamma { smoothness } => smoothness.is_finite() && smoothness > 0.0,
            Self::Constant | Self::Poisson => true,
        }
    }
}

//! What a phase is asked to do.

use std::time::Duration;

use crate::load::arrival::ArrivalPlan;
use crate::load::plan::PlanError;

/// One phase of the load.
#[derive(Clone, Debug, PartialEq)]
pub struct PhasePlan {
    /// The phase's name in reports.
    pub name: String,
    /// Whether its requests count.
    pub kind: PhaseKind,
    /// Whether it takes over from the phase before while requests of that one are running.
    pub takes_over: bool,
    /// When requests are sent.
    pub arrival: ArrivalPlan,
    /// The most requests in flight. A closed loop keeps this many; with `None`, others have as many
    /// as there may be open files.
    pub concurrency: Option<usize>,
    /// Time over which that many begin, one after the other. 0: all at once.
    pub concurrency_ramp: Duration,
    /// A limit of requests that wait for their first token.
    pub prefill: Option<PrefillPlan>,
    /// Requests that are given up on purpose.
    pub cancellation: Option<CancellationPlan>,
    /// When no more are sent.
    pub stop: StopPlan,
    /// How long requests in flight may go on after sending was stopped by time or by the user.
    pub grace_period: Duration,
}

/// What a phase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    /// Brings the server into its working state; its requests are left out of the results.
    Warmup,
    /// Is measured.
    Profiling,
}

/// A limit of requests that wait for their first token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefillPlan {
    /// How many at most.
    pub concurrency: usize,
    /// Time over which it rises from 1. 0: at once.
    pub ramp: Duration,
}

/// Requests that are given up on purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CancellationPlan {
    /// Share of the requests, 0 to 1. Which ones is drawn at random.
    pub share: f64,
    /// From the sending of such a request to its end.
    pub delay: Duration,
}

/// When a phase stops sending: at whichever limit comes first. One of the counts or a duration must be given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StopPlan {
    /// After this many requests.
    pub request_count: Option<u64>,
    /// When this many conversations have begun, and those are over.
    pub conversations: Option<u64>,
    /// After this time.
    pub duration: Option<Duration>,
    /// When this many requests have failed.
    pub max_errors: Option<u64>,
    /// When more than this share of the requests that ended, 0 to 1, have failed.
    pub failed_share: Option<f64>,
}

/// Requests that must have ended before their share of failures says something.
const ENOUGH: u64 = 10;

impl StopPlan {
    /// Whether so many failures of so many requests that ended are too many.
    pub(in super::super) fn has_too_many(&self, failed: u64, ended: u64) -> bool {
        let share = failed as f64 / ended.max(1) as f64;
        self.max_errors.is_some_and(|most| failed >= most)
            || ended >= ENOUGH && self.failed_share.is_some_and(|most| share > most)
    }

    /// Whether failures can end the phase.
    pub(in super::super) fn minds_failures(&self) -> bool {
        self.max_errors.is_some() || self.failed_share.is_some()
    }
}

impl PhasePlan {
    fn check_arrival(&self) -> Result<(), PlanError> {
        match (&self.arrival, self.concurrency) {
            (_, Some(0)) => Err(PlanError::Zero("concurrency")),
            (ArrivalPlan::ClosedLoop | ArrivalPlan::Users { .. }, None) => {
                Err(PlanError::NoConcurrency)
            }
            (ArrivalPlan::Rate(rate), _) if !rate.pattern.is_sound() => Err(PlanError::Smoothness),
            _ => Ok(()),
        }
    }

    pub(in super::super) fn check(&self) -> Result<(), PlanError> {
        self.check_arrival()?;
        if self.prefill.is_some_and(|prefill| prefill.concurrency == 0) {
            return Err(PlanError::Zero("prefill concurrency"));
        }
        match self.stop {
            StopPlan {
                request_count: Some(0),
                ..
            } => Err(PlanError::Zero("request count")),
            StopPlan {
                conversations: Some(0),
                ..
            } => Err(PlanError::Zero("conversation_num")),
            StopPlan {
                request_count: None,
                conversations: None,
                duration: None,
                ..
            } => Err(PlanError::Endless(self.name.clone())),
            _ => Ok(()),
        }
    }
}

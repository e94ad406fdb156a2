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
    /// When requests are sent.
    pub arrival: ArrivalPlan,
    /// The most requests in flight. A closed loop keeps this many; with `None`, others have as many
    /// as there may be open files.
    pub concurrency: Option<usize>,
    /// Time over which that many begin, one after the other. 0: all at once.
    pub concurrency_ramp: Duration,
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

/// When a phase stops sending: at whichever limit comes first. At least one must be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StopPlan {
    /// After this many requests.
    pub request_count: Option<u64>,
    /// After this time.
    pub duration: Option<Duration>,
}

impl PhasePlan {
    fn check_arrival(&self) -> Result<(), PlanError> {
        match (&self.arrival, self.concurrency) {
            (_, Some(0)) => Err(PlanError::Zero("concurrency")),
            (ArrivalPlan::ClosedLoop, None) => Err(PlanError::NoConcurrency),
            (ArrivalPlan::Rate(rate), _) if !rate.pattern.is_sound() => Err(PlanError::Smoothness),
            _ => Ok(()),
        }
    }

    pub(in super::super) fn check(&self) -> Result<(), PlanError> {
        self.check_arrival()?;
        match self.stop {
            StopPlan {
                request_count: Some(0),
                ..
            } => Err(PlanError::Zero("request count")),
            StopPlan {
                request_count: None,
                duration: None,
            } => Err(PlanError::Endless(self.name.clone())),
            _ => Ok(()),
        }
    }
}

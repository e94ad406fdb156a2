//! What the load generator says of itself, as warnings of the report.

use aiperf_plugin_sdk::report::Warning;

use crate::load::{EndReason, LoadWarning, PhaseOutcome, PhasePlan};

/// A warning of the load generator.
pub(super) fn warning_of(warning: LoadWarning) -> Warning {
    Warning {
        code: warning.as_str().to_owned(),
        message: warning.to_string(),
        ..Warning::default()
    }
}

/// Why a phase did not go on to its end, if it did not.
pub(super) fn ended_early(phase: &PhasePlan, outcome: &PhaseOutcome) -> Option<Warning> {
    let (name, sent) = (&phase.name, outcome.sent);
    match outcome.reason {
        EndReason::Completed | EndReason::Duration => None,
        EndReason::Interrupted => Some(Warning {
            code: "interrupted".to_owned(),
            message: format!("phase `{name}` was interrupted: its numbers cover {sent} requests"),
            ..Warning::default()
        }),
        EndReason::TooManyErrors => Some(Warning {
            code: "too_many_errors".to_owned(),
            message: format!(
                "phase `{name}` was ended early: {} of {} requests failed",
                outcome.failed,
                outcome.ok + outcome.failed
            ),
            remedy: "see the errors by class; `max_errors` and `failed_request_threshold` say how \
                     many are allowed"
                .to_owned(),
            ..Warning::default()
        }),
    }
}

/// That a rate was not reached because all conversations that there may be waited for answers.
pub(super) fn unused_moments(phase: &PhasePlan, outcome: &PhaseOutcome) -> Option<Warning> {
    let (unused, most) = (outcome.unused_moments, phase.concurrency?);
    (unused > 0).then(|| Warning {
        code: "rate_not_reached".to_owned(),
        message: format!(
            "phase `{}` sent {} requests, and {unused} more were due: all {most} conversations that \
             `concurrency` allows were under way and had no turn to ask",
            phase.name, outcome.sent
        ),
        remedy: "raise `concurrency` or leave it out, or lower the rate".to_owned(),
        ..Warning::default()
    })
}

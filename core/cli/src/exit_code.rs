//! Exit codes are part of the interface: scripts and CI decide by them.

use aiperf_core::run::{Replayed, RunError, RunOutcome};
use aiperf_plugin_sdk::report::RunStatus;

/// How the program ends. The numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// As asked for.
    Success = 0,
    /// Something unexpected.
    Failure = 1,
    /// A flag, a variable or a configuration file is wrong; nothing was started.
    Usage = 2,
    /// The inference server (or, for `collect`, every endpoint that was asked for) does not answer.
    Unreachable = 3,
    /// Every request failed.
    AllFailed = 4,
    /// Some output is missing, or what `report` was given is not a whole recording.
    Partial = 5,
    /// `--strict`: the report carries warnings.
    Strict = 6,
    /// Ctrl-C or SIGTERM ended the run early.
    Interrupted = 130,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

impl ExitCode {
    /// The code of a run that could not be carried out.
    pub(crate) fn of_error(error: &RunError) -> Self {
        match error {
            RunError::Unreachable(_) => Self::Unreachable,
            RunError::NothingToCollect
            | RunError::NoModel { .. }
            | RunError::Recording { .. }
            | RunError::Tls(_) => Self::Usage,
            _ => Self::Failure,
        }
    }

    /// The code of a run that has ended; the gravest of what applies.
    pub(crate) fn of_outcome(outcome: &RunOutcome, strict: bool) -> Self {
        let report = &outcome.report;
        let all_failed = |requests: &aiperf_plugin_sdk::report::RequestTotals| {
            requests.sent > 0 && requests.done == 0 && requests.failed > 0
        };
        if report.metadata.status != RunStatus::Completed {
            Self::Interrupted
        } else if report.requests.as_ref().is_some_and(all_failed) {
            Self::AllFailed
        } else if report.metadata.command == "collect" && nothing_answered(outcome) {
            Self::Unreachable
        } else if !outcome.failures.is_empty() {
            Self::Partial
        } else if strict && !report.warnings.is_empty() {
            Self::Strict
        } else {
            Self::Success
        }
    }
}

impl ExitCode {
    /// The code of a recorded run that was reported again, however the run itself had ended.
    pub(crate) fn of_replayed(replayed: &Replayed, strict: bool) -> Self {
        if !replayed.failures.is_empty() || !replayed.gaps.is_empty() {
            Self::Partial
        } else if strict && !replayed.report.warnings.is_empty() {
            Self::Strict
        } else {
            Self::Success
        }
    }
}

fn nothing_answered(outcome: &RunOutcome) -> bool {
    !outcome
        .report
        .endpoints
        .iter()
        .any(|endpoint| endpoint.reachable)
}

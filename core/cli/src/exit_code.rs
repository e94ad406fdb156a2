//! Exit codes are part of the interface: scripts and CI decide by them.

use aiperf_core::load::LoadError;
use aiperf_core::run::{Replayed, RunError, RunOutcome};
use aiperf_plugin_sdk::report::{RunStatus, Warning};

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
    /// Every request failed, or more than were allowed.
    AllFailed = 4,
    /// Some output is missing, or what `report` was given is not a whole recording.
    Partial = 5,
    /// `--strict`: the report carries a [grave] warning, or `lint` has warnings.
    Strict = 6,
    /// `config check` or `lint` found errors in what they checked.
    Findings = 7,
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
            RunError::Interrupted => Self::Interrupted,
            RunError::NothingToCollect
            | RunError::Artifacts(_)
            | RunError::File(_)
            | RunError::Load(LoadError::TooFewFiles { .. })
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
        let warns = |code: &str| report.warnings.iter().any(|warning| warning.code == code);
        if warns("load_failed") {
            Self::Failure
        } else if report.metadata.status != RunStatus::Completed {
            Self::Interrupted
        } else if report.requests.as_ref().is_some_and(all_failed) || warns("too_many_errors") {
            Self::AllFailed
        } else if report.metadata.command == "collect" && nothing_answered(outcome) {
            Self::Unreachable
        } else if !outcome.failures.is_empty() {
            Self::Partial
        } else if strict && grave(&report.warnings).next().is_some() {
            Self::Strict
        } else {
            Self::Success
        }
    }
}

impl ExitCode {
    /// The one of two runs that says more of what went wrong.
    pub(crate) fn graver(self, other: Self) -> Self {
        let gravity = |code: &Self| match code {
            Self::Success => 0,
            Self::Strict => 1,
            Self::Partial => 2,
            Self::AllFailed => 3,
            Self::Unreachable => 4,
            Self::Findings => 5,
            Self::Failure => 6,
            Self::Usage => 7,
            Self::Interrupted => 8,
        };
        if gravity(&other) > gravity(&self) {
            other
        } else {
            self
        }
    }

    /// The code of a recorded run that was reported again, however the run itself had ended.
    pub(crate) fn of_replayed(replayed: &Replayed, strict: bool) -> Self {
        if !replayed.failures.is_empty() || !replayed.gaps.is_empty() {
            Self::Partial
        } else if strict && grave(&replayed.report.warnings).next().is_some() {
            Self::Strict
        } else {
            Self::Success
        }
    }
}

/// Warnings that `--strict` lets pass: the numbers are all there and mean what they say.
const NOTES: [&str; 8] = [
    "device_error",
    "duplicate_samples",
    "folder_removed",
    "non_finite_values",
    "own_page_broken",
    "slices_lengthened",
    "stream_options_refused",
    "tls_unverified",
];

/// Warnings that `--strict` does not let pass: the tool was late, counters were not final, or data
/// is missing. A code that is not known here is one of them.
pub(crate) fn grave(warnings: &[Warning]) -> impl Iterator<Item = &Warning> {
    let is_note = |warning: &Warning| NOTES.contains(&warning.code.as_str());
    warnings.iter().filter(move |warning| !is_note(warning))
}

fn nothing_answered(outcome: &RunOutcome) -> bool {
    !outcome
        .report
        .endpoints
        .iter()
        .any(|endpoint| endpoint.reachable)
}

#[cfg(test)]
mod tests {
    use aiperf_plugin_sdk::report::{Report, RequestTotals};

    use super::*;

    /// Codes of the table in `docs/metrics.md`, and whether `--strict` minds them.
    fn documented() -> Vec<(&'static str, bool)> {
        let text = include_str!("../../../docs/metrics.md");
        let table = text
            .lines()
            .skip_while(|line| !line.starts_with("| code |"));
        let rows = table.skip(2).take_while(|line| line.starts_with('|'));
        let mut found = Vec::new();
        for row in rows {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let grave = match cells[2] {
                "yes" => true,
                "no" => false,
                other => panic!("`{other}` is neither yes nor no in: {row}"),
            };
            let codes = cells[1]
                .split(',')
                .map(|code| code.trim().trim_matches('`'));
            found.extend(codes.map(|code| (code, grave)));
        }
        found
    }

    fn outcome(codes: &[&str]) -> RunOutcome {
        let warning = |code: &&str| Warning {
            code: (*code).to_owned(),
            ..Warning::default()
        };
        RunOutcome {
            report: Report {
                warnings: codes.iter().map(warning).collect(),
                ..Report::default()
            },
            failures: Vec::new(),
            artifact_dir: std::path::PathBuf::new(),
        }
    }

    #[test]
    fn strict_minds_what_the_documentation_says() {
        let documented = documented();
        assert!(documented.len() > 20, "{documented:?}");
        for (code, grave) in documented {
            let outcome = outcome(&[code]);
            let expected = match (code, grave) {
                ("load_failed", _) => ExitCode::Failure,
                ("too_many_errors", _) => ExitCode::AllFailed,
                (_, true) => ExitCode::Strict,
                (_, false) => ExitCode::Success,
            };
            assert_eq!(ExitCode::of_outcome(&outcome, true), expected, "{code}");
            if !matches!(expected, ExitCode::Failure | ExitCode::AllFailed) {
                let lax = ExitCode::of_outcome(&outcome, false);
                assert_eq!(lax, ExitCode::Success, "{code} without --strict");
            }
        }
    }

    #[test]
    fn every_note_is_documented() {
        let documented = documented();
        let notes = documented.iter().filter(|(_, grave)| !grave);
        assert_eq!(notes.count(), NOTES.len());
    }

    #[test]
    fn a_code_from_elsewhere_is_minded() {
        let outcome = outcome(&["duplicate_samples", "of_a_later_version"]);
        assert_eq!(ExitCode::of_outcome(&outcome, true), ExitCode::Strict);
    }

    #[test]
    fn the_gravest_code_wins() {
        let mut outcome = outcome(&["not_settled"]);
        outcome.report.requests = Some(RequestTotals {
            sent: 3,
            failed: 3,
            ..RequestTotals::default()
        });
        assert_eq!(ExitCode::of_outcome(&outcome, true), ExitCode::AllFailed);
        outcome.report.metadata.status = RunStatus::Interrupted;
        assert_eq!(ExitCode::of_outcome(&outcome, true), ExitCode::Interrupted);
    }
}

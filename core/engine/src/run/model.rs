//! Which model is asked for.

use super::RunError;
use crate::config::LoadSettings;
use crate::http::Clock;
use crate::load::{LoadError, LoadPlan, ProbeOk, StopSignal, probe};

/// Reaches the server, and asks it for its model if the user named none.
pub(super) fn resolve(
    settings: &LoadSettings,
    clock: &Clock,
    stop: &StopSignal,
) -> Result<LoadPlan, RunError> {
    let probe = probe(settings.without_model(), clock, stop).map_err(|error| match error {
        LoadError::Http(_) => RunError::Unreachable(error),
        LoadError::Stopped => RunError::Interrupted,
        other => RunError::Load(other),
    })?;
    let model = settings
        .model
        .clone()
        .or_else(|| probe.models.first().cloned());
    match model {
        Some(model) => Ok(settings.with_model(model)),
        None => Err(RunError::NoModel {
            url: settings.without_model().origin.url_of("/v1/models"),
            why: why_no_model(probe),
        }),
    }
}

fn why_no_model(probe: ProbeOk) -> String {
    match (probe.problem, probe.status) {
        (Some(problem), _) => problem,
        (None, Some(status @ (401 | 403))) => {
            format!("HTTP {status}: give a key that it takes, `--api-key-env`")
        }
        (None, Some(status)) if !(200..300).contains(&status) => format!("HTTP {status}"),
        (None, _) => "an empty list, or none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_missing_is_not_called_empty() {
        let why = |status, problem: Option<&str>| {
            why_no_model(ProbeOk {
                status,
                problem: problem.map(str::to_owned),
                ..ProbeOk::default()
            })
        };
        assert_eq!(why(Some(404), None), "HTTP 404");
        assert!(why(Some(401), None).contains("--api-key-env"));
        assert_eq!(why(Some(200), None), "an empty list, or none");
        assert_eq!(why(None, Some("no answer")), "no answer");
    }
}

//! Which model is asked for.

use std::time::Duration;

use super::RunError;
use crate::config::LoadSettings;
use crate::http::Clock;
use crate::load::{LoadError, LoadPlan, ProbeOk, Stop, StopSignal, probe};

/// How often a wish to stop is looked for while nothing else happens.
const GLANCE: Duration = Duration::from_millis(20);

/// Reaches the server, and asks it for its model if the user named none.
pub(super) fn resolve(
    settings: &LoadSettings,
    clock: &Clock,
    stop: &StopSignal,
) -> Result<LoadPlan, RunError> {
    let patience = Patience {
        wait: settings.wait,
        interval: settings.wait_interval,
        is_named: settings.model.is_some(),
    };
    let probe = patience.until_ready(clock, stop, || probe(settings.without_model(), clock, stop));
    let probe = probe.map_err(|error| match error {
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

/// How long a server that is not ready is waited for.
#[derive(Clone, Copy, Debug)]
struct Patience {
    wait: Duration,
    interval: Duration,
    /// Whether the user named the model, so that it need not be listed.
    is_named: bool,
}

impl Patience {
    /// Looks at the server again and again until it is ready or has been waited for long enough, and returns
    /// what was seen last.
    fn until_ready(
        self,
        clock: &Clock,
        stop: &StopSignal,
        mut look: impl FnMut() -> Result<ProbeOk, LoadError>,
    ) -> Result<ProbeOk, LoadError> {
        let until = clock.now().after(self.wait);
        loop {
            let found = look();
            let is_ready = match &found {
                Ok(probe) => self.is_ready(probe),
                Err(error) => !matches!(error, LoadError::Http(_)),
            };
            let left = until.until(clock.now());
            if is_ready || left.is_zero() {
                return found;
            }
            pause(left.min(self.interval), clock, stop);
        }
    }

    /// A server that answers badly may serve all the same, but not one that says that it cannot.
    fn is_ready(self, probe: &ProbeOk) -> bool {
        let serves = probe.status.is_some_and(|status| status < 500);
        serves && (self.is_named || !probe.models.is_empty())
    }
}

fn pause(time: Duration, clock: &Clock, stop: &StopSignal) {
    let until = clock.now().after(time);
    while stop.state() == Stop::Run && clock.now() < until {
        std::thread::sleep(GLANCE.min(time));
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
    use crate::http::{ErrorClass, HttpError};

    fn answer(status: u16, models: &[&str]) -> ProbeOk {
        ProbeOk {
            status: Some(status),
            models: models.iter().map(|&name| name.to_owned()).collect(),
            ..ProbeOk::default()
        }
    }

    fn refused() -> LoadError {
        let url = "http://h".to_owned();
        HttpError::new(ErrorClass::Connect, url, "refused".to_owned()).into()
    }

    /// What was seen last, and after how many looks.
    fn looked(patience: Patience, stop: &StopSignal) -> (Result<ProbeOk, LoadError>, usize) {
        let mut looks = 0;
        let found = patience.until_ready(&Clock::new(), stop, || {
            looks += 1;
            match looks {
                1 => Err(refused()),
                2 => Ok(answer(503, &[])),
                3 => Ok(answer(200, &[])),
                _ => Ok(answer(200, &["m"])),
            }
        });
        (found, looks)
    }

    #[test]
    fn a_server_is_waited_for_until_it_lists_its_model() {
        let patience = Patience {
            wait: Duration::from_hours(1),
            interval: Duration::from_nanos(1),
            is_named: false,
        };
        let (found, looks) = looked(patience, &StopSignal::new());
        assert_eq!((found.unwrap().models.len(), looks), (1, 4));
        let named = Patience {
            is_named: true,
            ..patience
        };
        assert_eq!(looked(named, &StopSignal::new()).1, 3, "its name is known");
    }

    #[test]
    fn nobody_waits_who_was_not_told_to() {
        let patience = Patience {
            wait: Duration::ZERO,
            interval: Duration::from_hours(1),
            is_named: true,
        };
        let (found, looks) = looked(patience, &StopSignal::new());
        assert!(found.is_err() && looks == 1);
    }

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

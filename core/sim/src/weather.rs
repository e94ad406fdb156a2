//! A simulated server in bad weather: what strikes its requests and scrapes, and what strikes it as
//! a whole.

mod staged;

pub use staged::StagedSim;

use crate::certificate::Certificate;
use crate::fault::{Fault, FaultError, When};
use crate::faults::Faults;

/// What becomes of the server as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Connections are refused after this many inference requests have ended.
    Refuse(u64),
    /// It is gone for half a second and has forgotten everything, after as many.
    Restart(u64),
}

/// What a rehearsal is to show. Nothing by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub(crate) faults: Faults,
    pub(crate) outage: Option<Outage>,
    pub(crate) certificate: Option<Certificate>,
}

/// Faults of the server as a whole, for messages.
const WHOLE: &str =
    "refuse, restart, certificate-unknown, certificate-expired, certificate-other-host";

/// A fault that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeatherError {
    /// See [`FaultError`]. The faults of the whole server follow.
    #[error("{source}{}{whole}", if whole.is_empty() { "" } else { "; or of the whole server: " })]
    Fault {
        /// Why not.
        source: FaultError,
        /// What else could have been meant.
        whole: &'static str,
    },
    /// There is one of its sort already.
    #[error("`{0}` and an earlier fault exclude each other; give one of them")]
    Second(String),
    /// It must be told when.
    #[error("`{0}` needs to know when: `{0}:after=N` is after N requests")]
    NeedsWhen(&'static str),
    /// It has another way of saying when.
    #[error("`{0}` strikes always, or after N requests with `:after=N`")]
    OtherWhen(String),
}

impl Weather {
    /// Adds what inference requests, or the server as a whole, are to meet: see [`Fault`], and
    /// `refuse`, `refuse:after=N`, `restart:after=N`, `certificate-unknown`, `certificate-expired`,
    /// `certificate-other-host`.
    ///
    /// # Errors
    /// If there is no such fault, or one of its sort already.
    pub fn add(&mut self, text: &str) -> Result<(), WeatherError> {
        let (kind, when) = text.split_once(':').unwrap_or((text, ""));
        let certificate = match kind {
            "refuse" | "restart" => return self.add_outage(text, kind, when),
            "certificate-unknown" => Certificate::Unknown,
            "certificate-expired" => Certificate::Expired,
            "certificate-other-host" => Certificate::OtherHost,
            _ => {
                let whole = WHOLE;
                let fault = Fault::of_requests(text)
                    .map_err(|source| WeatherError::Fault { source, whole })?;
                return set(&mut self.faults.requests, fault, text);
            }
        };
        if when.is_empty() {
            set(&mut self.certificate, certificate, text)
        } else {
            Err(WeatherError::OtherWhen(text.to_owned()))
        }
    }

    /// Adds what scrapes are to meet: see [`Fault`].
    ///
    /// # Errors
    /// If there is no such fault, or one already.
    pub fn add_to_pages(&mut self, text: &str) -> Result<(), WeatherError> {
        let whole = "";
        let fault =
            Fault::of_pages(text).map_err(|source| WeatherError::Fault { source, whole })?;
        set(&mut self.faults.pages, fault, text)
    }

    fn add_outage(&mut self, text: &str, kind: &str, when: &str) -> Result<(), WeatherError> {
        let outage = match (kind, when) {
            ("restart", "") => return Err(WeatherError::NeedsWhen("restart")),
            (_, "") => Outage::Refuse(0),
            _ => {
                let whole = "";
                let when = when
                    .parse()
                    .map_err(|source| WeatherError::Fault { source, whole })?;
                match (kind, when) {
                    ("refuse", When::After(n)) => Outage::Refuse(n),
                    (_, When::After(n)) => Outage::Restart(n),
                    _ => return Err(WeatherError::OtherWhen(text.to_owned())),
                }
            }
        };
        set(&mut self.outage, outage, text)
    }
}

fn set<T>(place: &mut Option<T>, value: T, text: &str) -> Result<(), WeatherError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(WeatherError::Second(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(texts: &[&str]) -> Result<Weather, WeatherError> {
        let mut weather = Weather::default();
        for text in texts {
            weather.add(text)?;
        }
        Ok(weather)
    }

    #[test]
    fn faults_of_several_sorts_go_together() {
        let texts = ["429:every=3", "restart:after=5", "certificate-expired"];
        let mut weather = added(&texts).unwrap();
        weather.add_to_pages("types:after=2").unwrap();
        assert_eq!(weather.outage, Some(Outage::Restart(5)));
        assert_eq!(weather.certificate, Some(Certificate::Expired));
        let shown = [weather.faults.requests, weather.faults.pages];
        let shown = shown.map(|fault| fault.unwrap().to_string());
        assert_eq!(shown, ["429:every=3", "types:after=2"]);
    }

    #[test]
    fn what_does_not_go_says_why() {
        let said = |texts: &[&str]| added(texts).unwrap_err().to_string();
        assert!(said(&["hang", "reset"]).contains("`reset` and an earlier fault"));
        assert!(said(&["refuse", "restart:after=3"]).contains("exclude"));
        assert!(said(&["restart"]).contains("`restart:after=N`"));
        assert!(said(&["refuse:every=3"]).contains("`:after=N`"));
        assert!(said(&["certificate-expired:after=3"]).contains("always"));
        let unknown = said(&["certificate-bad"]);
        assert!(unknown.contains("certificate-expired"), "{unknown}");
        assert!(unknown.contains("bad-events"), "{unknown}");
    }
}

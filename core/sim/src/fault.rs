//! One fault: what happens to a request or a scrape, and to which.

use std::fmt;
use std::str::FromStr;

/// What happens instead of the answer, or to it.
///
/// Where nothing else is said it happens to inference requests and to scrapes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The connection is reset.
    Reset,
    /// Nothing is answered, on a connection that stays open.
    Hang,
    /// The answer's head comes one byte a second.
    SlowHead,
    /// Everything comes one byte a second.
    Drip,
    /// Half of the answer, then the end of the connection.
    Cut,
    /// Half of the answer, then `GOAWAY` with an error; with HTTP/1.1 as [`Cut`](Self::Cut). Inference only.
    GoAway,
    /// The stream is refused (`REFUSED_STREAM`); with HTTP/1.1 as [`Reset`](Self::Reset). Inference only.
    RefusedStream,
    /// More bytes than `content-length` says; the connection goes on.
    WrongLength,
    /// A body without end.
    Endless,
    /// A small body with `content-encoding: gzip` that inflates to 4 GiB.
    GzipBomb,
    /// Random bytes under the usual content type.
    Binary,
    /// An HTML page with status 200.
    Html,
    /// Some other JSON document with status 200.
    OtherJson,
    /// This status with a JSON error; `retry-after: 1` with 429 and 503.
    Status(u16),
    /// Half of the answer, then JSON that is none. Inference only.
    BadJson,
    /// Half of the answer, then an event that is none. Inference only.
    BadEvents,
    /// Counters are called gauges, and gauges counters. Scrapes only.
    Types,
}

/// Kinds that have a name, which is all but the statuses.
const NAMES: [(&str, FaultKind); 16] = [
    ("reset", FaultKind::Reset),
    ("hang", FaultKind::Hang),
    ("slow-head", FaultKind::SlowHead),
    ("drip", FaultKind::Drip),
    ("cut", FaultKind::Cut),
    ("goaway", FaultKind::GoAway),
    ("refused-stream", FaultKind::RefusedStream),
    ("wrong-length", FaultKind::WrongLength),
    ("endless", FaultKind::Endless),
    ("gzip-bomb", FaultKind::GzipBomb),
    ("binary", FaultKind::Binary),
    ("html", FaultKind::Html),
    ("json", FaultKind::OtherJson),
    ("bad-json", FaultKind::BadJson),
    ("bad-events", FaultKind::BadEvents),
    ("types", FaultKind::Types),
];

/// Which requests or scrapes are hit, by their number in order of arrival, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The Nth, and each Nth after it.
    Every(u64),
    /// The first N.
    First(u64),
    /// All but the first N.
    After(u64),
}

/// A fault, and when it strikes.
///
/// Written `KIND`, `KIND:every=N`, `KIND:first=N` or `KIND:after=N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// To which requests or scrapes.
    pub when: When,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such kind, or not here.
    #[error("`{written}` is no fault here: {known}, or a status from 400 to 599")]
    Kind {
        /// What was written.
        written: String,
        /// What can be.
        known: String,
    },
    /// What follows the colon cannot be read.
    #[error("`{0}` says when in no known way: `every=N`, `first=N`, `after=N` with N at least 1")]
    When(String),
}

impl Fault {
    /// A fault that always strikes.
    pub fn always(kind: FaultKind) -> Self {
        let when = When::Every(1);
        Self { kind, when }
    }

    /// Reads what inference requests are to meet.
    ///
    /// # Errors
    /// If there is no such fault.
    pub fn of_requests(text: &str) -> Result<Self, FaultError> {
        Self::parse(text, FaultKind::hits_requests)
    }

    /// Reads what scrapes are to meet.
    ///
    /// # Errors
    /// If there is no such fault.
    pub fn of_pages(text: &str) -> Result<Self, FaultError> {
        Self::parse(text, FaultKind::hits_pages)
    }

    fn parse(text: &str, fits: fn(FaultKind) -> bool) -> Result<Self, FaultError> {
        let (kind, when) = match text.split_once(':') {
            Some((kind, when)) => (kind, when.parse()?),
            None => (text, When::Every(1)),
        };
        let named = NAMES.iter().find(|(name, _)| *name == kind);
        let status = || {
            kind.parse()
                .ok()
                .filter(|status| (400..600).contains(status))
        };
        let found = named
            .map(|(_, kind)| *kind)
            .or_else(|| status().map(FaultKind::Status));
        match found.filter(|kind| fits(*kind)) {
            Some(kind) => Ok(Self { kind, when }),
            None => Err(FaultError::Kind {
                written: kind.to_owned(),
                known: names(fits).join(", "),
            }),
        }
    }

    /// Whether it strikes number `seq`.
    pub(crate) fn strikes(self, seq: u64) -> bool {
        match self.when {
            When::Every(n) => n != 0 && seq.is_multiple_of(n),
            When::First(n) => seq <= n,
            When::After(n) => seq > n,
        }
    }
}

/// Names of the kinds that fit.
fn names(fits: fn(FaultKind) -> bool) -> Vec<&'static str> {
    let fitting = NAMES.iter().filter(|(_, kind)| fits(*kind));
    fitting.map(|(name, _)| *name).collect()
}

impl FaultKind {
    fn hits_requests(self) -> bool {
        self != Self::Types
    }

    fn hits_pages(self) -> bool {
        !matches!(
            self,
            Self::BadJson | Self::BadEvents | Self::GoAway | Self::RefusedStream
        )
    }
}

impl FromStr for When {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unknown = || FaultError::When(text.to_owned());
        let (rule, number) = text.split_once('=').ok_or_else(unknown)?;
        let number = number.parse().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(unknown)?;
        match rule {
            "every" => Ok(Self::Every(number)),
            "first" => Ok(Self::First(number)),
            "after" => Ok(Self::After(number)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FaultKind::Status(status) => write!(f, "{status}")?,
            kind => {
                let named = NAMES.iter().find(|(_, known)| *known == kind);
                f.write_str(named.map_or("", |(name, _)| name))?;
            }
        }
        match self.when {
            When::Every(1) => Ok(()),
            When::Every(n) => write!(f, ":every={n}"),
            When::First(n) => write!(f, ":first={n}"),
            When::After(n) => write!(f, ":after={n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_as_it_is_shown() {
        for text in ["reset", "429:every=3", "503:first=2", "bad-events:after=9"] {
            assert_eq!(Fault::of_requests(text).unwrap().to_string(), text);
        }
        for (name, kind) in NAMES {
            let read = [Fault::of_requests(name), Fault::of_pages(name)];
            assert!(read.contains(&Ok(Fault::always(kind))), "{name}");
        }
    }

    #[test]
    fn what_is_no_fault_says_what_is() {
        let said = |text: &str| Fault::of_pages(text).unwrap_err().to_string();
        assert!(said("restet").contains("`restet`"));
        assert!(said("bad-events").contains("types"), "not of pages");
        assert!(said("200").contains("400 to 599"));
        for when in ["hang:", "hang:every=0", "hang:every=x", "hang:at=3"] {
            assert!(said(when).contains("`every=N`"), "{when}");
        }
        assert!(Fault::of_requests("types").is_err());
    }

    #[test]
    fn when_counts_from_one() {
        let struck = |text: &str| -> Vec<u64> {
            let fault = Fault::of_requests(text).unwrap();
            (1..8).filter(|seq| fault.strikes(*seq)).collect()
        };
        assert_eq!(struck("hang:every=3"), [3, 6]);
        assert_eq!(struck("hang:first=2"), [1, 2]);
        assert_eq!(struck("hang:after=5"), [6, 7]);
    }
}

//! When an idle connection may carry another request.
//!
//! A `POST` that goes out on a connection which the server has just closed is a lost request: it may
//! not be sent again once a byte of it was written. So a client reuses connections only where the
//! server has shown that it keeps them, never longer than the server keeps them, and looks at the
//! socket before each reuse.

use std::time::Duration;

use http::HeaderMap;

/// A connection that has stayed open this long after a response is not closed *because of* the
/// response. llama.cpp (cpp-httplib) announces `Keep-Alive: timeout=5, max=100`, and shuts the
/// connection down within 0.2 ms of every streamed body all the same.
const PROOF: Duration = Duration::from_millis(100);

/// How long connections are kept where the server does not announce it: less than the shortest
/// common timeout, the 5 s of uvicorn (vLLM, SGLang) and Node.js.
const UNANNOUNCED_IDLE: Duration = Duration::from_secs(4);

/// What one connection may still be used for, as its server announced it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lease {
    /// `Keep-Alive: timeout=`, less a fifth for clocks and the way of the packets.
    idle: Option<Duration>,
    /// `Keep-Alive: max=` of the first response. Servers count it down or repeat it.
    exchanges: Option<u64>,
}

impl Lease {
    /// Reads the `Keep-Alive` header of a connection's first response.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let header = headers
            .get("keep-alive")
            .and_then(|text| text.to_str().ok());
        let mut lease = Self::default();
        for part in header.unwrap_or_default().split(',') {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"').parse::<u32>().ok();
            if name.trim().eq_ignore_ascii_case("timeout") {
                lease.idle = value.map(|seconds| Duration::from_secs(seconds.into()) * 4 / 5);
            } else if name.trim().eq_ignore_ascii_case("max") {
                lease.exchanges = value.map(u64::from);
            }
        }
        lease
    }

    /// Whether another exchange is allowed after `exchanges`.
    pub(super) fn allows(&self, exchanges: u64) -> bool {
        self.exchanges.is_none_or(|limit| exchanges < limit)
    }
}

/// What a client has learned about how its server treats idle connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    proof: Duration,
    /// A connection has outlived `proof`.
    keeps: bool,
    /// No connection is used again after it was idle for longer, whatever was announced.
    learned_limit: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Self {
        Self::with_proof(PROOF)
    }
}

impl Habits {
    /// Believes that connections are kept once one of them was seen open and idle for `proof`.
    pub(super) const fn with_proof(proof: Duration) -> Self {
        Self {
            proof,
            keeps: false,
            learned_limit: None,
        }
    }

    /// Whether connections are worth keeping for reuse: the server has not been caught closing
    /// them right after a response.
    pub(super) fn may_keep(&self) -> bool {
        self.learned_limit != Some(Duration::ZERO)
    }

    /// Whether the server has shown that it keeps connections.
    pub(super) fn keeps(&self) -> bool {
        self.keeps && self.may_keep()
    }

    /// A connection that has been idle for `age` is open.
    pub(super) fn seen_open(&mut self, age: Duration) {
        self.keeps |= age >= self.proof;
    }

    /// The server has closed a connection that was idle for `age` or less, within its lease.
    pub(super) fn seen_closed(&mut self, age: Duration) {
        let half = age / 2;
        let limit = if self.keeps && half >= self.proof {
            half
        } else {
            Duration::ZERO
        };
        self.learned_limit = Some(self.learned_limit.map_or(limit, |known| known.min(limit)));
    }

    /// The server has closed a connection under a request.
    pub(super) fn lost_a_request(&mut self) {
        self.learned_limit = Some(Duration::ZERO);
    }

    /// How long a connection with this lease may be idle by what the server announced. Whoever keeps one
    /// for himself looks at nothing else: he asked for it.
    pub(super) fn announced_limit(lease: &Lease) -> Option<Duration> {
        lease.idle
    }

    /// How long a connection with this lease may be idle.
    pub(super) fn idle_limit(&self, lease: &Lease) -> Duration {
        let announced = lease.idle.unwrap_or(UNANNOUNCED_IDLE);
        self.learned_limit
            .map_or(announced, |learned| learned.min(announced))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn lease(text: &str) -> Lease {
        let mut headers = HeaderMap::new();
        headers.insert("keep-alive", text.parse().unwrap());
        Lease::of(&headers)
    }

    #[test]
    fn a_lease_is_read_from_the_header() {
        let announced = lease("timeout=5, max=100");
        assert_eq!(announced.idle, Some(4000 * MS));
        assert!(announced.allows(99) && !announced.allows(100));
        assert_eq!(lease("Timeout = \"10\"").idle, Some(8000 * MS));
        for nonsense in [
            "",
            "timeout",
            "timeout=soon",
            "max=-1,,=",
            "timeout=99999999999",
        ] {
            assert_eq!(lease(nonsense), Lease::default(), "{nonsense}");
        }
    }

    #[test]
    fn a_server_must_first_show_that_it_keeps_connections() {
        let mut habits = Habits::default();
        habits.seen_open(PROOF / 2);
        assert!(habits.may_keep() && !habits.keeps());
        habits.seen_open(PROOF);
        assert!(habits.keeps());
        assert_eq!(habits.idle_limit(&Lease::default()), UNANNOUNCED_IDLE);
        assert_eq!(habits.idle_limit(&lease("timeout=60")), 48_000 * MS);
    }

    #[test]
    fn a_server_that_closes_after_the_response_is_never_trusted_again() {
        let mut habits = Habits::default();
        habits.seen_closed(MS);
        habits.seen_open(PROOF);
        assert!(!habits.may_keep() && !habits.keeps());
    }

    #[test]
    fn a_server_with_a_short_timeout_is_reused_well_within_it() {
        let mut habits = Habits::default();
        habits.seen_open(PROOF);
        habits.seen_closed(3000 * MS);
        assert!(habits.keeps());
        assert_eq!(habits.idle_limit(&lease("timeout=60")), 1500 * MS);
        habits.seen_closed(2000 * MS);
        habits.seen_closed(2500 * MS);
        assert_eq!(habits.idle_limit(&Lease::default()), 1000 * MS);
        habits.seen_closed(150 * MS);
        assert!(!habits.may_keep());
    }

    #[test]
    fn one_lost_request_ends_all_reuse() {
        let mut habits = Habits::default();
        habits.seen_open(PROOF);
        habits.lost_a_request();
        assert!(!habits.may_keep() && !habits.keeps());
    }
}

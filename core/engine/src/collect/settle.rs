//! When are the servers' counters true after the last response? A pure rule over what the pages
//! say; `docs/decisions/0004-settle-rule.md` has the measurements behind it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use aiperf_plugin_sdk::report::{FamilyCheck, SettleBasis};

use super::families::{Equals, Families};
use crate::store::EndpointId;

/// Counters that stand still this long at other numbers than the client's will not reach them.
const QUIET: Duration = Duration::from_millis(250);

/// What the clients know about the phase.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expected {
    /// Answered requests.
    pub requests: u64,
    /// Sum of `usage.completion_tokens`, if every answer had it.
    pub completion_tokens: Option<u64>,
    /// True if requests failed, were cancelled or are still open: then no family needs to equal
    /// the client's numbers.
    pub troubled: bool,
}

impl Expected {
    fn of(&self, equals: Equals) -> Option<f64> {
        match equals {
            Equals::Requests => Some(self.requests as f64),
            Equals::CompletionTokens => self.completion_tokens.map(|tokens| tokens as f64),
        }
    }
}

/// Limits of the waiting.
#[derive(Debug, Clone, Copy)]
pub struct SettleOptions {
    /// Longest wait after complete requests.
    pub timeout: Duration,
    /// Longest wait after cancelled or failed ones: a server goes on for a step before it notices.
    pub troubled_timeout: Duration,
}

impl Default for SettleOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(1),
            troubled_timeout: Duration::from_secs(5),
        }
    }
}

/// A series that the rule looks at, on one page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Watched {
    pub(super) endpoint: EndpointId,
    pub(super) series: u32,
    pub(super) name: String,
    pub(super) value: f64,
}

impl Watched {
    fn key(&self) -> (EndpointId, u32) {
        (self.endpoint, self.series)
    }
}

/// What is decided about one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) basis: SettleBasis,
    pub(super) families: Vec<FamilyCheck>,
}

/// The rule's memory over a run.
#[derive(Debug, Default)]
pub(super) struct Settle {
    /// Values at the start of the phase.
    base: HashMap<(EndpointId, u32), f64>,
    /// Values at the scrape before, with the time since when they have not changed.
    before: HashMap<EndpointId, Before>,
    /// Families that once stood still at other numbers: they are not waited for again.
    distrusted: HashSet<String>,
}

#[derive(Debug, Default, Clone)]
struct Before {
    values: HashMap<u32, f64>,
    still_since: Duration,
    was_equal: bool,
}

impl Settle {
    /// True if the rule looks at series of this name.
    pub(super) fn knows(series: &str) -> bool {
        let table = Families::embedded();
        table.counter(series).is_some() || table.is_in_flight(series)
    }

    /// Takes the values at the start of a phase.
    pub(super) fn begin(&mut self, watched: &[Watched]) {
        self.base = watched
            .iter()
            .map(|series| (series.key(), series.value))
            .collect();
        self.before.clear();
    }

    /// Looks at the pages of a scrape `waited` after the last response. Endpoints without a
    /// decision have to be scraped again.
    pub(super) fn look(
        &mut self,
        endpoints: &[EndpointId],
        watched: &[Watched],
        expected: &Expected,
        waited: Duration,
    ) -> BTreeMap<EndpointId, Verdict> {
        let sums = self.sums(watched, expected);
        let mut decided = BTreeMap::new();
        for endpoint in endpoints {
            let page: Vec<_> = watched.iter().filter(|s| s.endpoint == *endpoint).collect();
            let families = Self::families_of(&page, &sums);
            if let Some(basis) = self.decide(*endpoint, &page, &families, expected, waited) {
                if basis == SettleBasis::Unequal {
                    let wrong = families.iter().filter(|f| !equal(f));
                    self.distrusted.extend(wrong.map(|f| f.family.clone()));
                }
                decided.insert(*endpoint, Verdict { basis, families });
            }
        }
        decided
    }

    /// What is known when time runs out.
    pub(super) fn give_up(
        &self,
        endpoint: EndpointId,
        watched: &[Watched],
        expected: &Expected,
    ) -> Verdict {
        let sums = self.sums(watched, expected);
        let page: Vec<_> = watched.iter().filter(|s| s.endpoint == endpoint).collect();
        Verdict {
            basis: SettleBasis::Timeout,
            families: Self::families_of(&page, &sums),
        }
    }

    /// Increase of each recognised family since the start, over all endpoints.
    fn sums(&self, watched: &[Watched], expected: &Expected) -> BTreeMap<String, FamilyCheck> {
        let mut sums = BTreeMap::new();
        for series in watched {
            let counter = Families::embedded().counter(&series.name);
            let Some(expected) = counter.and_then(|counter| expected.of(counter.equals)) else {
                continue;
            };
            let base = self.base.get(&series.key()).copied().unwrap_or_default();
            let check = sums
                .entry(series.name.clone())
                .or_insert_with(|| FamilyCheck {
                    family: series.name.clone(),
                    expected,
                    seen: 0.0,
                });
            check.seen += series.value - base;
        }
        sums
    }

    fn families_of(page: &[&Watched], sums: &BTreeMap<String, FamilyCheck>) -> Vec<FamilyCheck> {
        let here: HashSet<_> = page.iter().map(|series| series.name.as_str()).collect();
        sums.values()
            .filter(|check| here.contains(check.family.as_str()))
            .cloned()
            .collect()
    }

    fn decide(
        &mut self,
        endpoint: EndpointId,
        page: &[&Watched],
        families: &[FamilyCheck],
        expected: &Expected,
        waited: Duration,
    ) -> Option<SettleBasis> {
        let in_flight = |s: &&&Watched| Families::embedded().is_in_flight(&s.name);
        let idle = page
            .iter()
            .filter(in_flight)
            .all(|series| series.value <= 0.0);
        let values: HashMap<_, _> = page
            .iter()
            .filter(|series| Families::embedded().counter(&series.name).is_some())
            .map(|series| (series.series, series.value))
            .collect();
        let trusted = families
            .iter()
            .filter(|check| !self.distrusted.contains(&check.family));
        let trusted: Vec<_> = trusted.collect();
        let all_equal = !trusted.is_empty() && trusted.iter().all(|check| equal(check));
        let all_equal = all_equal && !expected.troubled;
        let above = !expected.troubled && trusted.iter().any(|c| c.seen > c.expected + 0.5);

        let before = self.before.get(&endpoint).cloned();
        let still = before
            .as_ref()
            .is_some_and(|before| before.values == values);
        let was_equal = before.as_ref().is_some_and(|before| before.was_equal);
        let still_since = match before {
            Some(before) if still => before.still_since,
            _ => waited,
        };
        let now = Before {
            values,
            still_since,
            was_equal: all_equal,
        };
        self.before.insert(endpoint, now);

        if all_equal && (idle || was_equal) {
            return Some(SettleBasis::Equal);
        }
        if trusted.is_empty() && idle && (still || families.is_empty() && !expected.troubled) {
            return Some(SettleBasis::Stable);
        }
        if expected.troubled && still && idle {
            return Some(SettleBasis::Stable);
        }
        let quiet = still && idle && waited.saturating_sub(still_since) >= QUIET;
        (above || quiet).then_some(SettleBasis::Unequal)
    }
}

fn equal(check: &FamilyCheck) -> bool {
    (check.seen - check.expected).abs() < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: EndpointId = EndpointId(0);
    const B: EndpointId = EndpointId(1);

    fn series(endpoint: EndpointId, id: u32, name: &str, value: f64) -> Watched {
        Watched {
            endpoint,
            series: id,
            name: name.to_owned(),
            value,
        }
    }

    fn vllm(requests: f64, tokens: f64, running: f64) -> Vec<Watched> {
        vec![
            series(A, 0, "vllm:request_success_total", requests),
            series(A, 1, "vllm:generation_tokens_total", tokens),
            series(A, 2, "vllm:num_requests_running", running),
        ]
    }

    fn expected(troubled: bool) -> Expected {
        Expected {
            requests: 10,
            completion_tokens: Some(320),
            troubled,
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn begun() -> Settle {
        let mut settle = Settle::default();
        settle.begin(&vllm(5.0, 100.0, 0.0));
        settle
    }

    fn basis(
        settle: &mut Settle,
        page: &[Watched],
        troubled: bool,
        waited: u64,
    ) -> Option<SettleBasis> {
        let verdicts = settle.look(&[A], page, &expected(troubled), ms(waited));
        verdicts.get(&A).map(|verdict| verdict.basis)
    }

    #[test]
    fn equal_counters_settle_at_the_first_scrape() {
        let page = vllm(15.0, 420.0, 0.0);
        assert_eq!(
            basis(&mut begun(), &page, false, 2),
            Some(SettleBasis::Equal)
        );
    }

    #[test]
    fn a_gauge_that_lags_costs_one_more_scrape() {
        let mut settle = begun();
        let page = vllm(15.0, 420.0, 2.0);
        assert_eq!(basis(&mut settle, &page, false, 2), None);
        assert_eq!(
            basis(&mut settle, &page, false, 10),
            Some(SettleBasis::Equal)
        );
    }

    #[test]
    fn counters_that_lag_are_waited_for() {
        let mut settle = begun();
        assert_eq!(basis(&mut settle, &vllm(14.0, 400.0, 0.0), false, 2), None);
        let page = vllm(15.0, 420.0, 0.0);
        assert_eq!(
            basis(&mut settle, &page, false, 10),
            Some(SettleBasis::Equal)
        );
    }

    #[test]
    fn other_clients_are_noticed_at_once_and_the_family_is_not_trusted_again() {
        let mut settle = begun();
        let page = vllm(18.0, 500.0, 0.0);
        let verdicts = settle.look(&[A], &page, &expected(false), ms(2));
        assert_eq!(verdicts[&A].basis, SettleBasis::Unequal);
        assert!((verdicts[&A].families[0].seen - 400.0).abs() < 0.5);
        settle.begin(&page);
        assert_eq!(basis(&mut settle, &page, false, 2), None);
        assert_eq!(
            basis(&mut settle, &page, false, 10),
            Some(SettleBasis::Stable)
        );
    }

    #[test]
    fn standing_still_below_the_clients_numbers_ends_after_a_while() {
        let mut settle = begun();
        let page = vllm(14.0, 400.0, 0.0);
        assert_eq!(basis(&mut settle, &page, false, 2), None);
        assert_eq!(basis(&mut settle, &page, false, 100), None);
        assert_eq!(
            basis(&mut settle, &page, false, 260),
            Some(SettleBasis::Unequal)
        );
    }

    #[test]
    fn cancelled_requests_settle_when_nothing_moves_and_nothing_runs() {
        let mut settle = begun();
        assert_eq!(basis(&mut settle, &vllm(12.0, 400.0, 3.0), true, 2), None);
        assert_eq!(basis(&mut settle, &vllm(12.0, 410.0, 0.0), true, 8), None);
        let page = vllm(12.0, 410.0, 0.0);
        assert_eq!(
            basis(&mut settle, &page, true, 20),
            Some(SettleBasis::Stable)
        );
    }

    #[test]
    fn workers_are_added_up() {
        let mut settle = Settle::default();
        settle.begin(&[]);
        let name = "vllm:request_success_total";
        let page = [series(A, 0, name, 4.0), series(B, 1, name, 6.0)];
        let verdicts = settle.look(&[A, B], &page, &expected(false), ms(2));
        assert_eq!(verdicts[&A].basis, SettleBasis::Equal);
        assert!((verdicts[&B].families[0].seen - 10.0).abs() < 0.5);
    }

    #[test]
    fn a_page_without_known_families_is_stable_at_once() {
        let page = [series(A, 0, "node_load1", 0.5)];
        assert_eq!(
            basis(&mut begun(), &page, false, 2),
            Some(SettleBasis::Stable)
        );
    }
}

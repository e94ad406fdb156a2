//! When are the servers' counters true after the last response? A pure rule over what the pages
//! say; `docs/decisions/0004-settle-rule.md` has the measurements behind it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use aiperf_plugin_sdk::report::{FamilyCheck, SettleBasis};

use crate::knowledge::{Knowledge, Quantity};
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
    fn of(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::RequestCount => Some(self.requests as f64),
            Quantity::CompletionTokens => self.completion_tokens.map(|tokens| tokens as f64),
            _ => None,
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

impl Verdict {
    /// The endpoint did not answer at the barrier.
    pub(super) fn missed() -> Self {
        let (basis, families) = (SettleBasis::Missed, Vec::new());
        Self { basis, families }
    }
}

/// The rule's memory over a run.
#[derive(Debug, Default)]
pub(super) struct Settle {
    /// Endpoints whose values at the start of the phase are known.
    based: HashSet<EndpointId>,
    /// Values at the start of the phase; a series that was not there counts from 0.
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
        let known = Knowledge::embedded();
        known.settled_by(series).is_some() || known.is_in_flight(series)
    }

    /// Takes the values of the endpoints that answered at the start of a phase.
    pub(super) fn begin(&mut self, answered: &[EndpointId], watched: &[Watched]) {
        self.based = answered.iter().copied().collect();
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
                // What stands still at other numbers is final, and yet not what the clients saw.
                let differs = !expected.troubled && !families.iter().all(equal);
                let basis = if differs { SettleBasis::Unequal } else { basis };
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

    /// Increase of each recognised family since the start, over all endpoints. A family is left out
    /// if one of them did not say where it started.
    fn sums(&self, watched: &[Watched], expected: &Expected) -> BTreeMap<String, FamilyCheck> {
        let mut sums = BTreeMap::new();
        for series in watched {
            let quantity = Knowledge::embedded().settled_by(&series.name);
            let Some(expected) = quantity.and_then(|quantity| expected.of(quantity)) else {
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
        for series in watched.iter().filter(|s| !self.based.contains(&s.endpoint)) {
            sums.remove(&series.name);
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
        let in_flight = |s: &&&Watched| Knowledge::embedded().is_in_flight(&s.name);
        let idle = page
            .iter()
            .filter(in_flight)
            .all(|series| series.value <= 0.0);
        let values: HashMap<_, _> = page
            .iter()
            .filter(|series| Knowledge::embedded().settled_by(&series.name).is_some())
            .map(|series| (series.series, series.value))
            .collect();
        let nothing_to_watch = values.is_empty() || self.based.contains(&endpoint);
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
        let at_once = families.is_empty() && nothing_to_watch && !expected.troubled;
        if trusted.is_empty() && idle && (still || at_once) {
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
mod tests;

//! The barrier after a phase: readings until the counters are true by the settle rule.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::report::{SettleBasis, SettleReport};

use super::barrier::Asked;
use super::context::Context;
use super::driver::Answer;
use super::roster::SharedRoster;
use super::scrape::Outcome;
use super::settle::{Expected, Settle, Verdict, Watched};
use super::tag::Tag;
use crate::http::MonoNs;
use crate::store::EndpointId;

/// Gaps between readings while counters are not settled; the last one repeats.
const GAPS_MS: [u64; 7] = [2, 5, 10, 25, 50, 100, 250];

/// One barrier after a phase.
pub(super) struct Settling<'a> {
    pub(super) context: &'a Context,
    pub(super) roster: &'a SharedRoster,
    pub(super) rule: &'a mut Settle,
    pub(super) expected: &'a Expected,
    pub(super) last_response: MonoNs,
    /// Longest wait after the last response.
    pub(super) limit: Duration,
    /// Whether nobody wants to wait any more.
    pub(super) given_up: &'a dyn Fn() -> bool,
}

impl Settling<'_> {
    /// Reads every source until something is decided about it.
    pub(super) fn run(mut self, phase: u32) -> Vec<SettleReport> {
        let mut open = Asked::all(self.roster);
        let mut reports = BTreeMap::new();
        // Families are added up over all endpoints, also those that are decided already.
        let mut heard = BTreeSet::new();
        for scrapes in 1.. {
            let answers = open.read(self.roster, &self.context.clock, Tag::end(phase));
            let waited = self.context.clock.now().until(self.last_response);
            let again = self.may_recover(&answers, waited);
            let answered = answered(&answers);
            heard.extend(answered.iter().copied());
            let watched = watched(self.context, &heard);
            let mut asked = open.endpoints();
            asked.retain(|endpoint| !again.contains(endpoint));
            let verdicts = self.decide(&asked, &answered, &watched, waited);
            for (endpoint, verdict) in verdicts {
                let report = self.report(endpoint, verdict, waited, scrapes);
                reports.insert(endpoint, report);
            }
            open.retain(|endpoint| !reports.contains_key(&endpoint));
            if !open.has_sources() {
                break;
            }
            thread::sleep(gap_after(scrapes));
        }
        reports.into_values().flatten().collect()
    }

    fn is_over(&self, waited: Duration) -> bool {
        waited >= self.limit || (self.given_up)()
    }

    /// Endpoints whose page failed, and did not before: without it all that they counted in the phase
    /// is unknown. They are asked again while there is time.
    fn may_recover(&self, answers: &[Answer], waited: Duration) -> BTreeSet<EndpointId> {
        if self.is_over(waited) {
            return BTreeSet::new();
        }
        let store = self.context.sinks.lock();
        let failed = answers
            .iter()
            .filter(|answer| answer.outcome == Outcome::Failed)
            .map(|answer| answer.endpoint);
        failed
            .filter(|endpoint| store.endpoint(*endpoint).is_reached())
            .collect()
    }

    /// What can be said after one round of readings. Who did not answer has missed the barrier.
    fn decide(
        &mut self,
        asked: &[EndpointId],
        answered: &[EndpointId],
        watched: &[Watched],
        waited: Duration,
    ) -> BTreeMap<EndpointId, Verdict> {
        let mut verdicts = self.rule.look(answered, watched, self.expected, waited);
        if self.is_over(waited) {
            for endpoint in answered {
                verdicts
                    .entry(*endpoint)
                    .or_insert_with(|| self.rule.give_up(*endpoint, watched, self.expected));
            }
        }
        for endpoint in asked.iter().filter(|endpoint| !answered.contains(endpoint)) {
            verdicts.insert(*endpoint, Verdict::missed());
        }
        verdicts
    }

    /// The report of an endpoint; none for one that has never answered unasked.
    fn report(
        &self,
        endpoint: EndpointId,
        verdict: Verdict,
        waited: Duration,
        scrapes: u32,
    ) -> Option<SettleReport> {
        let store = self.context.sinks.lock();
        let view = store.endpoint(endpoint);
        let silent = view.info().automatic && view.scrapes().is_empty();
        (!silent).then(|| SettleReport {
            endpoint: view.info().url.clone(),
            settled: matches!(verdict.basis, SettleBasis::Equal | SettleBasis::Stable),
            basis: verdict.basis,
            wait_ms: waited.as_secs_f64() * 1e3,
            scrapes,
            families: verdict.families,
        })
    }
}

fn gap_after(scrapes: u32) -> Duration {
    let at = usize::try_from(scrapes).unwrap_or(usize::MAX) - 1;
    Duration::from_millis(*GAPS_MS.get(at).unwrap_or(&GAPS_MS[GAPS_MS.len() - 1]))
}

/// Endpoints that answered a barrier with metrics.
pub(super) fn answered(answers: &[Answer]) -> Vec<EndpointId> {
    let done = answers
        .iter()
        .filter(|answer| answer.outcome == Outcome::Done);
    done.map(|answer| answer.endpoint).collect()
}

/// Recognised series on the last pages of `endpoints`.
pub(super) fn watched<'a>(
    context: &Context,
    endpoints: impl IntoIterator<Item = &'a EndpointId>,
) -> Vec<Watched> {
    let store = context.sinks.lock();
    let mut watched = Vec::new();
    for endpoint in endpoints {
        let series = store.latest(*endpoint);
        let known = series.filter(|(series, ..)| Settle::knows(series.name()));
        watched.extend(known.map(|(series, value, _)| Watched {
            endpoint: *endpoint,
            series: series.row(),
            name: series.name().to_owned(),
            value,
        }));
    }
    watched
}

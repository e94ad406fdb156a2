//! All targets of an instance and where each of them has got to.

use aiperf_plugin_sdk::{Response, Target, Targets, Verdict};

use crate::classify::classify;
use crate::config::Prefer;
use crate::plan::Plan;
use crate::search::Search;

/// The targets.
#[derive(Debug)]
pub(crate) struct TargetSet {
    targets: Vec<Target>,
    /// One for each target, in the same order.
    searches: Vec<Search>,
}

impl TargetSet {
    pub(crate) fn new(plans: Vec<Plan>, prefer: Prefer) -> Self {
        let (targets, searches) = plans
            .into_iter()
            .filter_map(|plan| start(plan, prefer))
            .unzip();
        Self { targets, searches }
    }

    /// The list, which is fixed: one generation.
    pub(crate) fn targets(&self) -> Targets {
        Targets::new(1, self.targets.clone())
    }

    pub(crate) fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        let position = self
            .targets
            .iter()
            .position(|target| target.id == response.target_id);
        let Some(index) = position else {
            return Verdict::Keep;
        };
        let taken: Vec<_> = self
            .searches
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, search)| search.current().key())
            .collect();
        self.searches[index].on_answer(classify(response), |key| taken.contains(key))
    }
}

/// The URL is the id: it is unique, and free of credentials.
fn start(plan: Plan, prefer: Prefer) -> Option<(Target, Search)> {
    let search = Search::new(plan.candidates, plan.automatic)?;
    let url = search.current().as_str().to_owned();
    let mut target = Target::new(url.clone(), url).accept(prefer.accept());
    target.headers = plan.headers.to_vec();
    target.interval_ns = plan.interval_ns;
    target.automatic = plan.automatic;
    target.labels = plan.labels;
    target.tls = plan.tls;
    Some((target, search))
}

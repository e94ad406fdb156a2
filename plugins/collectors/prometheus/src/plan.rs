//! Turns options into the list of endpoints: which, in which order, with which headers.

use std::collections::{BTreeMap, HashSet};

use aiperf_plugin_sdk::PluginError;

use crate::address::Address;
use crate::config::{Config, TargetConfig};
use crate::headers::Headers;

/// One target before it has been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where to look, best first; never empty. Explicit ones have one place.
    pub(crate) candidates: Vec<Address>,
    /// False for what the user asked for.
    pub(crate) automatic: bool,
    pub(crate) headers: Headers,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) interval_ns: Option<u64>,
}

/// Makes the plan, or finds all that is wrong with the options.
pub(crate) fn plan(config: &Config) -> Result<Vec<Plan>, Vec<PluginError>> {
    let mut planner = Planner::new(config);
    for (index, target) in config.targets.iter().enumerate() {
        planner.add_target(&format!("targets[{index}]"), target);
    }
    for (index, url) in config.urls.iter().enumerate() {
        planner.add_explicit(&format!("urls[{index}]"), url);
    }
    planner.add_automatic(config);
    if planner.errors.is_empty() {
        Ok(planner.plans)
    } else {
        Err(planner.errors)
    }
}

#[derive(Default)]
struct Planner {
    /// Headers for all that the user named.
    shared: Headers,
    plans: Vec<Plan>,
    errors: Vec<PluginError>,
}

impl Planner {
    fn new(config: &Config) -> Self {
        let mut planner = Self::default();
        let mut shared = Headers::default();
        if let Some(token) = &config.bearer_token
            && let Err(message) = shared.set_bearer(token)
        {
            planner.wrong("bearer_token", message);
        }
        if let Err((name, message)) = shared.set_all(&config.headers) {
            planner.wrong(format!("headers.{name}"), message);
        }
        planner.shared = shared;
        planner
    }

    fn wrong(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(PluginError::config(path, message));
    }

    fn address(&mut self, path: &str, url: &str) -> Option<Address> {
        Address::parse(url)
            .map_err(|message| self.wrong(path, message))
            .ok()
    }

    fn add_target(&mut self, path: &str, target: &TargetConfig) {
        let address = self.address(&format!("{path}.url"), &target.url);
        let headers = self.target_headers(path, target, address.as_ref());
        let interval_ns = self.interval_ns(path, target.interval.as_deref());
        if let Some(address) = address {
            self.push_explicit(Plan {
                candidates: vec![address.endpoint()],
                automatic: false,
                headers,
                labels: target.labels.clone(),
                interval_ns,
            });
        }
    }

    /// What is nearest to the endpoint wins: its options, its URL, the collector's options.
    fn target_headers(
        &mut self,
        path: &str,
        target: &TargetConfig,
        address: Option<&Address>,
    ) -> Headers {
        let mut headers = self.shared.clone();
        add_userinfo(&mut headers, address);
        if let Some(basic) = &target.basic {
            headers.set_basic(basic.username.as_bytes(), basic.password.as_bytes());
        }
        if let Some(token) = &target.bearer_token {
            if target.basic.is_some() {
                self.wrong(
                    format!("{path}.basic"),
                    "cannot stand beside `bearer_token`",
                );
            }
            if let Err(message) = headers.set_bearer(token) {
                self.wrong(format!("{path}.bearer_token"), message);
            }
        }
        if let Err((name, message)) = headers.set_all(&target.headers) {
            self.wrong(format!("{path}.headers.{name}"), message);
        }
        headers
    }

    fn interval_ns(&mut self, path: &str, interval: Option<&str>) -> Option<u64> {
        let path = format!("{path}.interval");
        match humantime::parse_duration(interval?) {
            Ok(interval) if interval.is_zero() => {
                self.wrong(path, "must be longer than 0");
                None
            }
            Ok(interval) => u64::try_from(interval.as_nanos()).ok(),
            Err(error) => {
                self.wrong(path, format!("is no duration such as `500ms`: {error}"));
                None
            }
        }
    }

    fn add_explicit(&mut self, path: &str, url: &str) {
        let Some(address) = self.address(path, url) else {
            return;
        };
        let mut headers = self.shared.clone();
        add_userinfo(&mut headers, Some(&address));
        self.push_explicit(simple(vec![address.endpoint()], headers, false));
    }

    /// The first mention of an endpoint stands.
    fn push_explicit(&mut self, plan: Plan) {
        let key = plan.candidates[0].key();
        if self
            .plans
            .iter()
            .all(|known| known.candidates[0].key() != key)
        {
            self.plans.push(plan);
        }
    }

    fn add_automatic(&mut self, config: &Config) {
        let named: HashSet<_> = self
            .plans
            .iter()
            .map(|plan| plan.candidates[0].authority())
            .collect();
        // Faults are reported even where `auto` is off.
        let inference = config
            .inference_url
            .as_deref()
            .filter(|url| !url.trim().is_empty());
        let inference = inference.and_then(|url| self.address("inference_url", url));
        let mut found = Vec::new();
        if let Some(address) = inference {
            let mut headers = self.shared.clone();
            add_userinfo(&mut headers, Some(&address));
            found.push(simple(address.candidates(), headers, true));
        }
        for (index, url) in config.default_endpoints.iter().enumerate() {
            let path = format!("default_endpoints[{index}]");
            let Some(address) = self.address(&path, url) else {
                continue;
            };
            // Nobody meant the collector's credentials for whatever listens there.
            let mut headers = Headers::default();
            add_userinfo(&mut headers, Some(&address));
            found.push(simple(vec![address.endpoint()], headers, true));
        }
        found.retain(|plan| config.auto && !named.contains(&plan.candidates[0].authority()));
        let first = self.plans.len();
        for plan in found {
            self.push_automatic(first, plan);
        }
    }

    /// Automatic candidates of one authority are one target, of which the first that answers stays.
    fn push_automatic(&mut self, first: usize, plan: Plan) {
        let authority = plan.candidates[0].authority();
        let mut automatic = self.plans[first..].iter_mut();
        let Some(known) = automatic.find(|known| known.candidates[0].authority() == authority)
        else {
            self.plans.push(plan);
            return;
        };
        for candidate in plan.candidates {
            if known
                .candidates
                .iter()
                .all(|other| other.key() != candidate.key())
            {
                known.candidates.push(candidate);
            }
        }
    }
}

fn simple(candidates: Vec<Address>, headers: Headers, automatic: bool) -> Plan {
    Plan {
        candidates,
        automatic,
        headers,
        labels: BTreeMap::new(),
        interval_ns: None,
    }
}

fn add_userinfo(headers: &mut Headers, address: Option<&Address>) {
    if let Some((user, password)) = address.and_then(|address| address.userinfo.as_ref()) {
        headers.set_userinfo(user, password);
    }
}

#[cfg(test)]
mod tests;

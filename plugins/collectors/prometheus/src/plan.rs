//! Turns options into the list of endpoints: which, in which order, with which headers.

use std::collections::{BTreeMap, HashSet};

use aiperf_plugin_sdk::{PluginError, TlsSettings};

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
    pub(crate) tls: TlsSettings,
}

/// Makes the plan, or finds all that is wrong with the options.
pub(crate) fn plan(config: &Config) -> Result<Vec<Plan>, Vec<PluginError>> {
    let mut planner = Planner::new(config);
    for (index, target) in config.targets.iter().enumerate() {
        planner.add_target(&format!("targets[{index}]"), target);
    }
    for (index, url) in config.urls.iter().enumerate() {
        planner.add_url(&format!("urls[{index}]"), url);
    }
    let inference = planner.inference(config);
    let defaults = planner.defaults(config);
    if planner.errors.is_empty() {
        Ok(planner.in_order(config.auto, inference, defaults))
    } else {
        Err(planner.errors)
    }
}

#[derive(Default)]
struct Planner {
    /// Headers for all that the user named.
    shared: Headers,
    /// Endpoints with options of their own.
    targets: Vec<Plan>,
    /// Endpoints that the user named by URL, in that order.
    named: Vec<Plan>,
    errors: Vec<PluginError>,
}

impl Planner {
    fn new(config: &Config) -> Self {
        let mut planner = Self::default();
        let mut shared = Headers::default();
        if let Some(basic) = &config.basic {
            shared.set_basic(basic.username.as_bytes(), basic.password.as_bytes());
            if config.bearer_token.is_some() {
                planner.wrong("basic", "cannot stand beside `bearer_token`");
            }
        }
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
        if target.tls.key_file.is_some() && target.tls.cert_file.is_none() {
            self.wrong(
                format!("{path}.tls.key_file"),
                "needs `cert_file` beside it",
            );
        }
        let Some(address) = address else { return };
        let plan = Plan {
            candidates: vec![address.endpoint()],
            automatic: false,
            headers,
            labels: target.labels.clone(),
            interval_ns,
            tls: target.tls.clone(),
        };
        if position(&self.targets, &plan).is_none() {
            self.targets.push(plan);
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

    fn add_url(&mut self, path: &str, url: &str) {
        let Some(address) = self.address(path, url) else {
            return;
        };
        let mut headers = self.shared.clone();
        add_userinfo(&mut headers, Some(&address));
        let plan = simple(vec![address.endpoint()], headers, false);
        if position(&self.named, &plan).is_some() {
            return;
        }
        // A target has more to say about the same endpoint.
        let target = position(&self.targets, &plan).map(|at| self.targets.remove(at));
        self.named.push(target.unwrap_or(plan));
    }

    /// The inference servers, where their metrics may be.
    fn inference(&mut self, config: &Config) -> Vec<Plan> {
        let first = config.inference_url.iter();
        let first = first.map(|url| ("inference_url".to_owned(), url));
        let more = config.more_inference_urls.iter().enumerate();
        let more = more.map(|(index, url)| (format!("more_inference_urls[{index}]"), url));
        let mut plans: Vec<Plan> = Vec::new();
        for (path, url) in first.chain(more).filter(|(_, url)| !url.trim().is_empty()) {
            let Some(address) = self.address(&path, url) else {
                continue;
            };
            let mut headers = self.shared.clone();
            add_userinfo(&mut headers, Some(&address));
            let plan = simple(address.candidates(), headers, true);
            if position(&plans, &plan).is_none() {
                plans.push(plan);
            }
        }
        plans
    }

    fn defaults(&mut self, config: &Config) -> Vec<Plan> {
        let mut plans = Vec::new();
        for (index, url) in config.default_endpoints.iter().enumerate() {
            let path = format!("default_endpoints[{index}]");
            let Some(address) = self.address(&path, url) else {
                continue;
            };
            // Nobody meant the collector's credentials for whatever listens there.
            let mut headers = Headers::default();
            add_userinfo(&mut headers, Some(&address));
            plans.push(simple(vec![address.endpoint()], headers, true));
        }
        plans
    }

    /// The inference servers come first, whether they were found or named; then what was named by
    /// URL, then other targets, then the defaults. Whatever is automatic gives way to what was named
    /// at the same authority.
    fn in_order(self, auto: bool, inference: Vec<Plan>, defaults: Vec<Plan>) -> Vec<Plan> {
        let mut named = self.named;
        named.extend(self.targets);
        for plan in inference.iter().rev() {
            if let Some(at) = named_as(plan, &named) {
                named[..=at].rotate_right(1);
            }
        }
        let taken: HashSet<_> = named
            .iter()
            .map(|plan| plan.candidates[0].authority())
            .collect();
        let wanted = |plan: &Plan| auto && !taken.contains(&plan.candidates[0].authority());
        let mut plans: Vec<_> = inference.into_iter().filter(wanted).collect();
        plans.extend(named);
        for plan in defaults.into_iter().filter(wanted) {
            push_default(&mut plans, plan);
        }
        plans
    }
}

/// Where the endpoint of `plan` is among `plans`.
fn position(plans: &[Plan], plan: &Plan) -> Option<usize> {
    let key = plan.candidates[0].key();
    plans
        .iter()
        .position(|known| known.candidates[0].key() == key)
}

/// Which of `named` is the inference server: one of its candidates, else the first at its authority.
fn named_as(inference: &Plan, named: &[Plan]) -> Option<usize> {
    let keys: Vec<_> = inference.candidates.iter().map(Address::key).collect();
    let authority = inference.candidates[0].authority();
    let exact = named
        .iter()
        .position(|plan| keys.contains(&plan.candidates[0].key()));
    exact.or_else(|| {
        named
            .iter()
            .position(|plan| plan.candidates[0].authority() == authority)
    })
}

/// Automatic candidates of one authority are one target, of which the first that answers stays.
fn push_default(plans: &mut Vec<Plan>, plan: Plan) {
    let authority = plan.candidates[0].authority();
    let same = |known: &&mut Plan| known.automatic && known.candidates[0].authority() == authority;
    let Some(known) = plans.iter_mut().find(same) else {
        plans.push(plan);
        return;
    };
    for candidate in plan.candidates {
        let key = candidate.key();
        if known.candidates.iter().all(|other| other.key() != key) {
            known.candidates.push(candidate);
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
        tls: TlsSettings::default(),
    }
}

fn add_userinfo(headers: &mut Headers, address: Option<&Address>) {
    if let Some((user, password)) = address.and_then(|address| address.userinfo.as_ref()) {
        headers.set_userinfo(user, password);
    }
}

#[cfg(test)]
mod tests;

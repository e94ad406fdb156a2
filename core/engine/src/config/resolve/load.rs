//! `[endpoint]` and `[load]` become the load generator's plan.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Resolver;
use crate::config::Command;
use crate::config::error::Problem;
use crate::config::plan::LoadSettings;
use crate::config::schema::{ArrivalPattern as Named, LoadConfig};
use crate::http::{Origin as Server, Secret, Tls};
use crate::load::{
    ArrivalPattern, ArrivalPlan, LoadPlan, PhaseKind, PhasePlan, RatePlan, StopPlan, TokenCount,
};

/// Requests if the user limits neither their number nor the time.
const MIN_DEFAULT_REQUESTS: u64 = 10;

impl Resolver<'_> {
    /// `None` if an error stands in the way; it is recorded.
    pub(super) fn load(&mut self, random_seed: u64, tls: &Tls) -> Option<LoadSettings> {
        let (endpoint, load) = (&self.config.endpoint, &self.config.load);
        self.check_load();
        let headers = self.headers();
        let api_key = self.api_key();
        // An unusable URL has been recorded by the schema's check.
        let origin = Server::parse(&endpoint.url).ok()?;
        let template = self.payload_template();
        let response_field = self.response_field();
        let prompts = self.prompts();
        let phases = self.phases(random_seed);
        let most = phases.iter().map(|phase| phase.arrival.max_in_flight());
        let most = most.map(|most| most.unwrap_or(usize::MAX)).max();
        let plan = LoadPlan {
            endpoint: endpoint.kind,
            origin,
            more_origins: self.more_servers(),
            endpoint_path: endpoint.path.clone(),
            model: String::new(),
            streaming: endpoint.streaming && endpoint.kind.generates(),
            per_chunk_usage: endpoint.per_chunk_usage,
            template,
            response_field,
            headers,
            api_key,
            extra_inputs: endpoint.extra_inputs.clone(),
            input_tokens: TokenCount {
                mean: load.isl,
                stddev: load.isl_stddev,
            },
            output_tokens: load.osl.map(|mean| TokenCount {
                mean,
                stddev: load.osl_stddev,
            }),
            prompts,
            random_seed,
            request_timeout: endpoint.request_timeout.0,
            connect_timeout: endpoint.connect_timeout.0,
            kernel_stamps: self.config.run.kernel_timestamps,
            tls: tls.clone(),
            // They are known when everything is.
            secrets: Arc::default(),
            phases,
            threads: self
                .config
                .run
                .threads
                .map_or_else(cores, |n| n as usize)
                .min(most.unwrap_or(1)),
            both_ends: self.context.command == Command::Demo,
        };
        Some(LoadSettings {
            model: endpoint.model.clone(),
            plan,
        })
    }

    fn check_load(&mut self) {
        let load = &self.config.load;
        if load.osl.is_none() && load.osl_stddev > 0.0 {
            let help = "give `osl` too, the mean that it varies around".to_owned();
            self.wrong(&["load", "osl_stddev"], "needs a mean", Some(help));
        }
        let gamma = load.arrival_pattern == Named::Gamma;
        if gamma != load.arrival_smoothness.is_some() {
            let help =
                "give `arrival_pattern = \"gamma\"` and `arrival_smoothness` together".to_owned();
            let (key, what) = if gamma {
                ("arrival_pattern", "needs `arrival_smoothness`")
            } else {
                (
                    "arrival_smoothness",
                    "is only for `arrival_pattern = \"gamma\"`",
                )
            };
            self.wrong(&["load", key], what, Some(help));
        }
        if load.request_rate.is_none() && load.request_rate_ramp_duration.is_some() {
            let help = "give `request_rate` too, which it leads to".to_owned();
            self.wrong(
                &["load", "request_rate_ramp_duration"],
                "needs a rate",
                Some(help),
            );
        }
        if load.request_rate.is_some() && load.concurrency_ramp_duration.is_some() {
            let help = "use `request_rate_ramp_duration`".to_owned();
            let what = "is not for a request rate, which sets its own pace";
            self.wrong(&["load", "concurrency_ramp_duration"], what, Some(help));
        }
        if let Some(count) = load.request_count
            && load.request_rate.is_none()
            && count < u64::from(load.concurrency.unwrap_or(1))
        {
            let message = format!(
                "{count} requests cannot keep {} in flight: the concurrency is not reached",
                load.concurrency.unwrap_or(1)
            );
            let origin = self.origin(&["load", "request_count"]);
            let problem = Problem::warning(message, origin.as_ref());
            self.problems
                .push(problem.help("send more requests or lower the concurrency"));
        }
    }

    fn phases(&self, seed: u64) -> Vec<PhasePlan> {
        let load = &self.config.load;
        let duration = load.benchmark_duration.map(|duration| duration.0);
        let request_count = load
            .request_count
            .or(duration.is_none().then(|| default_count(load)));
        let grace = load.benchmark_grace_period;
        let profiling = PhasePlan {
            name: "profiling".to_owned(),
            kind: PhaseKind::Profiling,
            arrival: arrival(load, load.concurrency, load.request_rate, seed),
            stop: StopPlan {
                request_count,
                duration,
            },
            grace_period: grace.0,
        };
        let count = Some(load.warmup_request_count).filter(|count| *count > 0);
        let stop = StopPlan {
            request_count: count,
            duration: load.warmup_duration.map(|duration| duration.0),
        };
        let (concurrency, rate) = (load.warmup_concurrency, load.warmup_request_rate);
        let own = concurrency.is_some() || rate.is_some();
        let warmup = || PhasePlan {
            name: "warmup".to_owned(),
            kind: PhaseKind::Warmup,
            arrival: if own {
                arrival(load, concurrency, rate, seed ^ 1)
            } else {
                arrival(load, load.concurrency, load.request_rate, seed ^ 1)
            },
            stop,
            grace_period: load.warmup_grace_period.unwrap_or(grace).0,
        };
        let warms_up = stop.request_count.is_some() || stop.duration.is_some();
        let warmup = warms_up.then(warmup);
        warmup.into_iter().chain([profiling]).collect()
    }

    fn headers(&mut self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.config.endpoint.headers {
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                let what = "is no header name: use letters, digits and `-`";
                self.wrong(&["endpoint", "headers", name], what, None);
                continue;
            };
            let Ok(mut value) = HeaderValue::from_str(value) else {
                let what = "cannot be sent in a header: control characters are not allowed";
                self.wrong(&["endpoint", "headers", name], what, None);
                continue;
            };
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        headers
    }

    fn api_key(&mut self) -> Option<Secret> {
        let endpoint = &self.config.endpoint;
        let (path, key) = match (&endpoint.api_key, &endpoint.api_key_env) {
            (Some(_), Some(_)) => {
                let help = "remove one of them".to_owned();
                let what = "and `api_key_env` are both given";
                self.wrong(&["endpoint", "api_key"], what, Some(help));
                return None;
            }
            (Some(key), None) => ("api_key", key),
            (None, Some(name)) => {
                let environment = self.environment?;
                let Some(key) = environment.get(name) else {
                    let what = format!("names the variable `{name}`, which is not set");
                    self.wrong(&["endpoint", "api_key_env"], &what, None);
                    return None;
                };
                ("api_key_env", key)
            }
            (None, None) => return None,
        };
        if key.is_empty() || HeaderValue::from_str(key).is_err() {
            let what = "gives a key that is empty or cannot be sent in a header";
            self.wrong(&["endpoint", path], what, None);
            return None;
        }
        self.sources.secrets.add(key);
        Some(Secret::new(key))
    }
}

/// Requests if neither their number nor the time is limited.
fn default_count(load: &LoadConfig) -> u64 {
    let of_concurrency = 2 * u64::from(load.concurrency.unwrap_or(1));
    let count = load
        .request_rate
        .map_or(of_concurrency, |rate| rounded(10.0 * rate));
    count.max(MIN_DEFAULT_REQUESTS)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts saturate, and a rate is above 0"
)]
fn rounded(count: f64) -> u64 {
    count.round() as u64
}

fn arrival(load: &LoadConfig, most: Option<u32>, rate: Option<f64>, seed: u64) -> ArrivalPlan {
    let Some(rate) = rate else {
        return ArrivalPlan::ClosedLoop {
            concurrency: most.unwrap_or(1) as usize,
            ramp: load
                .concurrency_ramp_duration
                .map_or(Duration::ZERO, |ramp| ramp.0),
        };
    };
    let ramp = load
        .request_rate_ramp_duration
        .map_or(Duration::ZERO, |ramp| ramp.0);
    let begin = (!ramp.is_zero()).then_some((Duration::ZERO, 0.0));
    ArrivalPlan::Rate(RatePlan {
        curve: begin.into_iter().chain([(ramp, rate)]).collect(),
        pattern: match load.arrival_pattern {
            Named::Constant => ArrivalPattern::Constant,
            Named::Poisson => ArrivalPattern::Poisson,
            Named::Gamma => ArrivalPattern::Gamma(load.arrival_smoothness.unwrap_or(1.0)),
        },
        concurrency: most.map(|most| most as usize),
        seed,
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

//! `[endpoint]` and `[load]` become the load generator's plan.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Resolver;
use crate::config::Command;
use crate::config::plan::LoadSettings;
use crate::config::schema::{ConnectionReuse, SpokenVersion};
use crate::http::{FRAMING, HttpVersion, Origin as Server, Proxies, Reuse, Secret, Tls};
use crate::load::{LoadPlan, TokenCount};

impl Resolver<'_> {
    /// `None` if an error stands in the way; it is recorded.
    pub(super) fn load(
        &mut self,
        random_seed: u64,
        tls: &Tls,
        proxies: &Proxies,
    ) -> Option<LoadSettings> {
        let (endpoint, load) = (&self.config.endpoint, &self.config.load);
        self.check_load();
        self.check_streams();
        let headers = self.headers();
        let api_key = self.api_key();
        // An unusable URL has been recorded by the schema's check.
        let origin = Server::parse(&endpoint.url).ok()?;
        let template = self.payload_template();
        let response_field = self.response_field();
        let mut prompts = self.prompts();
        let schedule = self.schedule(&mut prompts);
        let phases = self.phases(&prompts, schedule.as_ref());
        let most = phases.iter().map(|phase| phase.concurrency);
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
            session_header: self.session_header(),
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
            reuse: match endpoint.connection_reuse_strategy {
                ConnectionReuse::Pooled => Reuse::Pooled,
                ConnectionReuse::Never => Reuse::Never,
                ConnectionReuse::StickyUserSessions => Reuse::Sessions,
            },
            http_version: match endpoint.http_version {
                SpokenVersion::Http1 => HttpVersion::Http1,
                SpokenVersion::Http2 => HttpVersion::Http2,
                SpokenVersion::Auto => HttpVersion::Auto,
            },
            http2_streams: endpoint.http2_streams as usize,
            kernel_stamps: self.config.run.kernel_timestamps,
            tls: tls.clone(),
            proxies: proxies.clone(),
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
            wait: endpoint.wait_for_model_timeout.0,
            wait_interval: endpoint.wait_for_model_interval.0,
            plan,
        })
    }

    fn check_load(&mut self) {
        let load = &self.config.load;
        if load.osl.is_none() && load.osl_stddev > 0.0 {
            let help = "give `osl` too, the mean that it varies around".to_owned();
            self.wrong(&["load", "osl_stddev"], "needs a mean", Some(help));
        }
    }

    fn check_streams(&mut self) {
        let endpoint = &self.config.endpoint;
        if endpoint.http2_streams <= 1 {
            return;
        }
        let (what, help) = if endpoint.http_version != SpokenVersion::Http2 {
            (
                "needs HTTP/2",
                "add `http_version = \"2\"` (`--http-version 2`)",
            )
        } else if endpoint.connection_reuse_strategy != ConnectionReuse::Pooled {
            (
                "needs pooled connections: others belong to one request, or one conversation",
                "remove it, or `connection_reuse_strategy`",
            )
        } else {
            return;
        };
        let path = ["endpoint", "http2_streams"];
        self.wrong(&path, what, Some(help.to_owned()));
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
            if FRAMING.contains(&header) {
                let what = "says how long a request is, which is not for settings to say";
                let help = "take it out: each request has it right".to_owned();
                self.wrong(&["endpoint", "headers", name], what, Some(help));
                continue;
            }
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        headers
    }

    fn session_header(&mut self) -> Option<HeaderName> {
        let written = self.config.endpoint.session_header.as_ref()?;
        let name = HeaderName::from_bytes(written.as_bytes());
        if name.is_err() {
            let what = "is no header name: use letters, digits and `-`";
            self.wrong(&["endpoint", "session_header"], what, None);
        }
        name.ok()
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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

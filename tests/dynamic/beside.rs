//! A run with a plugin that misbehaves, and what has to be right all the same.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use crate::context::{Context, Ran};
use crate::library::table;

/// A run beside a faulty plugin.
pub(crate) struct Beside {
    pub(crate) context: Context,
    pub(crate) ran: Ran,
    url: String,
}

impl Beside {
    /// Runs with further lines of configuration.
    pub(crate) fn run(more: &str) -> Self {
        let sim = Sim::start(SimConfig::default()).expect("a simulated server");
        let context = Context::new();
        context.write("faulty.toml", &table("faulty", more));
        let url = sim.url();
        let all = "--request-count 20 --concurrency 2 --osl 20 --artifact-dir out --ui none";
        let line = format!("profile --url {url} -f faulty.toml {all}");
        let ran = context.run(&line.split(' ').collect::<Vec<_>>());
        Self { context, ran, url }
    }

    /// Runs with a collector that has a fault.
    pub(crate) fn collector(plugin: &str, fault: &str) -> Self {
        Self::run(&format!(
            "[collectors.bad]\nuse = {plugin:?}\ninterval = \"50ms\"\noptions.fault = {fault:?}\n"
        ))
    }

    /// Runs with an exporter that has a fault.
    pub(crate) fn exporter(fault: &str) -> Self {
        Self::run(&format!(
            "[exporters.bad]\nuse = \"faulty\"\nfinish_timeout = \"300ms\"\noptions.fault = {fault:?}\n"
        ))
    }

    /// Runs with a parser of the server's metrics that has a fault. All but these are there.
    #[track_caller]
    pub(crate) fn parser(isolation: &str, fault: &str) -> Self {
        let run = Self::run(&format!(
            "{isolation}[collectors.server_metrics]\nparser = \"mangler\"\n\
             [parsers.mangler]\nuse = \"faulty\"\noptions.fault = {fault:?}\n"
        ));
        assert_eq!(run.ran.code, Some(0), "{fault}: {}", run.ran.stderr);
        assert_eq!(run.report()["requests"]["done"], 20);
        assert!(!run.ran.stderr.contains("thread '"), "{}", run.ran.stderr);
        assert!(run.ran.stderr.len() < 3000, "{}", run.ran.stderr);
        run
    }

    /// What the report says of the server's own endpoint.
    pub(crate) fn own_endpoint(&self) -> Value {
        self.endpoint(&format!("{}/metrics", self.url))
    }

    pub(crate) fn report(&self) -> Value {
        self.context.json("out/aiperf.json")
    }

    /// What the report says of an endpoint.
    pub(crate) fn endpoint(&self, name: &str) -> Value {
        let report = self.report();
        let endpoint = &report["server_metrics"]["endpoints"][name];
        assert!(endpoint.is_object(), "{name} is not in {report:#}");
        endpoint.clone()
    }

    /// Everything else is whole: the requests, the server's metrics, all files, and nothing of the
    /// plugin's own noise on the screen.
    #[track_caller]
    pub(crate) fn check_rest(&self, code: i32) {
        assert_eq!(self.ran.code, Some(code), "{}", self.ran.stderr);
        let requests = &self.report()["requests"];
        assert_eq!(requests["done"], 20, "{requests}");
        let metrics = self.own_endpoint();
        let servers = metrics["servers"].as_object().expect("servers");
        let server = servers.values().next().expect("a server");
        assert_eq!(server["metrics"]["vllm:generation_tokens"]["total"], 400.0);
        for file in [
            "metrics.csv",
            "profile_export.jsonl",
            "server_metrics_export.jsonl",
        ] {
            assert!(self.context.exists(&format!("out/{file}")), "{file}");
        }
        assert!(!self.ran.stderr.contains("thread '"), "{}", self.ran.stderr);
        assert!(self.ran.stderr.len() < 3000, "{}", self.ran.stderr);
        assert!(self.context.read("out/run.log").len() < 10_000);
    }

    /// The last error of the faulty collector, and how many readings failed.
    pub(crate) fn failures(&self) -> (String, u64) {
        let endpoint = self.endpoint("bad");
        let message = endpoint["last_error"]["message"]
            .as_str()
            .expect("an error");
        let failed = endpoint["scrapes"]["failed"].as_u64().expect("a count");
        (message.to_owned(), failed)
    }

    #[track_caller]
    pub(crate) fn check_said(&self, expected: &str) {
        assert!(self.ran.stderr.contains(expected), "{}", self.ran.stderr);
    }

    #[track_caller]
    pub(crate) fn check_logged(&self, expected: &str) {
        let log = self.context.read("out/run.log");
        assert!(log.contains(expected), "{log}");
    }
}

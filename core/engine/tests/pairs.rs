//! A whole run against the simulated server, which has vLLM's and Dynamo's names on one page: what the
//! report puts beside the clients' numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiperf_collector_prometheus as _;
use aiperf_core::config::{Command, ConfigFile, Context, Layers, RunPlan, Trust};
use aiperf_core::event::{Event, EventSink, Events};
use aiperf_core::load::StopSignal;
use aiperf_core::plugins::Registry;
use aiperf_core::run::{RunParts, run};
use aiperf_parser_prometheus as _;
use aiperf_plugin_sdk::report::{PairReport, Report};
use aiperf_plugin_sdk::run::Terminal;
use aiperf_sim::{Sim, SimConfig};

struct Nobody;

impl EventSink for Nobody {
    fn event(&self, _: &Event) {}
}

const REQUESTS: f64 = 12.0;
const TOKENS: f64 = 8.0;

fn plan(registry: &Registry, url: &str, artifacts: &str, more: &str) -> RunPlan {
    let text = format!(
        "[endpoint]\nurl = \"{url}\"\n\
         [load]\nconcurrency = 4\nrequest_count = 12\nwarmup_request_count = 3\nosl = 8\nisl = 20\n\
         [run]\nartifact_dir = \"{artifacts}\"\nui = \"none\"\n\
         [server_metrics]\ndefault_endpoints = []\ninterval = \"20ms\"\n\
         [collectors.server_metrics]\nuse = \"prometheus\"\n{more}"
    );
    let mut layers = Layers::new(BTreeMap::new());
    layers.add_file(ConfigFile {
        name: "test.toml",
        text: &text,
        trust: Trust::Named,
    });
    let context = Context {
        command: Command::Profile,
        catalog: registry,
        fresh_seed: 1,
    };
    layers.resolve(&context).expect("a valid configuration")
}

fn report(more: &str) -> Report {
    let sim = Sim::start(SimConfig {
        ttft: Duration::from_millis(30),
        itl: Duration::from_millis(5),
        ..SimConfig::default()
    });
    let sim = sim.expect("a simulated server");
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Arc::new(Registry::with_builtins().expect("built-ins describe themselves"));
    let artifacts = folder.path().join("out");
    let plan = plan(
        &registry,
        &sim.url(),
        &artifacts.display().to_string(),
        more,
    );
    let parts = RunParts {
        registry,
        events: Events::new(Arc::new(Nobody)),
        stop: StopSignal::new(),
        stdout: Arc::new(Mutex::new(Vec::new())),
        terminal: Terminal::default(),
        version: "0",
    };
    let outcome = run(&plan, &parts).expect("a run");
    sim.stop();
    outcome.report
}

fn row<'a>(report: &'a Report, software: &str, role: &str, name: &str) -> &'a PairReport {
    let mut pairs = report.pairs.iter();
    let found =
        pairs.find(|p| p.software == software && p.role.starts_with(role) && p.name == name);
    found.expect("a row of this name")
}

#[test]
fn both_sides_of_a_run_fit() {
    let report = report("");
    for (software, role) in [("vllm", "engine"), ("dynamo", "frontend")] {
        let equal = |name: &str, value: f64| {
            let row = row(&report, software, role, name);
            assert_eq!(
                (row.client.avg, row.server.avg),
                (Some(value), Some(value)),
                "{row:?}"
            );
            assert!(
                row.difference == Some(0.0) && row.causes.is_empty(),
                "{row:?}"
            );
        };
        equal("request_count", REQUESTS);
        equal("completion_tokens", REQUESTS * TOKENS);
        equal("output_sequence_length", TOKENS);
        let prompts = row(&report, software, role, "prompt_tokens");
        assert!(
            prompts.server.avg > Some(0.0) && prompts.difference == Some(0.0),
            "{prompts:?}"
        );
        for name in ["time_to_first_token", "request_latency"] {
            let row = row(&report, software, role, name);
            assert_eq!(
                (row.client_n, row.server_n),
                (Some(REQUESTS), Some(REQUESTS)),
                "{row:?}"
            );
            // The server answers after 30 ms at the earliest; both clocks are this machine's.
            assert!(
                row.client.avg >= Some(30.0) && row.server.avg >= Some(30.0),
                "{row:?}"
            );
            assert_explained(row);
        }
        let itl = row(&report, software, role, "inter_token_latency");
        assert_eq!(itl.server_n, Some(REQUESTS * (TOKENS - 1.0)), "{itl:?}");
        assert_explained(itl);
    }
}

/// The parts add up to the difference, and it is the way that makes it: none is blamed on others' load.
fn assert_explained(row: &PairReport) {
    let sum: f64 = row.causes.iter().filter_map(|cause| cause.amount).sum();
    let difference = row.difference.expect("both sides are known");
    assert!((sum - difference).abs() < 1e-6, "{row:?}");
    assert!(
        row.causes
            .iter()
            .any(|cause| ["network_and_client", "first_token_held_back"]
                .contains(&cause.code.as_str())),
        "{row:?}"
    );
    assert!(
        row.causes.iter().all(|cause| cause.amount.is_some()),
        "{row:?}"
    );
}

#[test]
fn users_add_pairs_of_their_own() {
    let report = report(
        "[pairs.web]\nquantity = \"request_count\"\nfamilies = [\"http_requests_total\"]\n\
         labels = { status = \"2xx\", handler = \"/v1/chat/completions\" }\n",
    );
    let row = row(&report, "web", "", "request_count");
    assert_eq!(
        (row.server.avg, row.difference),
        (Some(REQUESTS), Some(0.0))
    );
}

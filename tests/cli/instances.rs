//! Tables of instances in runs: labels, families and exporters, by file and by flag.

use aiperf_sim::{Sim, SimConfig};
use serde_json::{Value, json};

use super::context::Context;

/// A short run against the simulated server with a file of settings.
fn profile(text: &str, more: &[&str]) -> (Context, Value) {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let url = sim.url();
    context.write("team.toml", &text.replace("SIM", &url));
    let fixed = [
        "profile",
        "--url",
        &url,
        "-f",
        "team.toml",
        "--request-count",
        "4",
        "--osl",
        "5",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ];
    context.succeed(&[&fixed, more].concat());
    let report = if context.exists("out/aiperf.json") {
        context.json("out/aiperf.json")
    } else {
        Value::Null
    };
    (context, report)
}

/// The endpoint of a collector.
fn endpoint<'a>(report: &'a Value, collector: &str) -> &'a Value {
    let endpoints = report["server_metrics"]["endpoints"].as_object();
    let mut endpoints = endpoints.expect("endpoints").values();
    let found = endpoints.find(|endpoint| endpoint["collector"] == collector);
    found.unwrap_or_else(|| panic!("{collector} is not in {report:#}"))
}

/// Names of all metrics of an endpoint.
fn metrics(endpoint: &Value) -> Vec<&String> {
    let servers = endpoint["servers"].as_object().expect("servers").values();
    let metrics = servers.map(|server| server["metrics"].as_object().expect("metrics"));
    metrics.flat_map(serde_json::Map::keys).collect()
}

#[test]
fn labels_and_families_are_those_of_their_collector() {
    let text = r#"
[server_metrics]
auto = false
exclude = ["vllm:*_seconds"]
[collectors.few]
use = "prometheus"
labels = { rack = "r 1", role = "prefill", hostname = "node-7" }
include = ["vllm:num_requests_*"]
options.targets = [{ url = "SIM/metrics?few", labels = { role = "decode" } }]
[collectors.rest]
use = "prometheus"
exclude = ["vllm:num_requests_*"]
options.urls = ["SIM/metrics?rest"]
"#;
    let (context, report) = profile(text, &[]);
    let (few, rest) = (endpoint(&report, "few"), endpoint(&report, "rest"));
    // What is said of a target goes before what is said of its collector.
    let labels = json!({ "hostname": "node-7", "rack": "r 1", "role": "decode" });
    assert_eq!(few["labels"], labels);
    assert_eq!(rest["labels"], json!({}));
    let server = few["servers"].as_object().and_then(|s| s.values().next());
    assert_eq!(server.expect("a server")["metadata"]["hostname"], "node-7");
    let few = metrics(few);
    assert!(!few.is_empty(), "{report:#}");
    assert!(
        few.iter()
            .all(|name| name.starts_with("vllm:num_requests_")),
        "{few:?}"
    );
    let rest = metrics(rest);
    let has = |part: &str| rest.iter().any(|name| name.contains(part));
    assert!(has("_seconds") && has("vllm:prompt_tokens"), "{rest:?}");
    assert!(!has("vllm:num_requests_"), "{rest:?}");
    assert!(
        context
            .read("out/metrics.csv")
            .contains("role=\"\"decode\"\"")
    );
    let again = context.succeed(&["report", "out", "--format", "json"]);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}

#[test]
fn exporters_are_chosen_by_flags() {
    let text = "[exporters.sheet]\nuse = \"csv\"\nenabled = false\noptions.slices_path = \"\"\n";
    let line = [
        "--exporter",
        "sheet=sub/numbers.csv",
        "--no-exporter",
        "csv",
        "--no-exporter",
        "jsonl",
        "--no-exporter",
        "console",
        "--exporter",
        "json=-",
    ];
    let (context, report) = profile(text, &line);
    assert_eq!(report, Value::Null);
    let out = context.path().join("out");
    let mut names: Vec<_> = std::fs::read_dir(out)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    let expected = ["aiperf.toml", "inputs.json", "run.json", "run.log", "sub"];
    assert_eq!(names, expected);
    assert!(context.read("out/sub/numbers.csv").contains("vllm:"));
}

#[test]
fn a_mistyped_exporter_starts_nothing() {
    let context = Context::new();
    let line = ["profile", "--no-exporter", "csvv", "--artifact-dir", "out"];
    let ran = context.run(&line);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `csv`?"), "{}", ran.stderr);
    assert!(!context.exists("out"));
}

//! The main job, end to end, against the simulated server: every file is read back.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn profile(context: &Context, sim: &Sim, more: &[&str]) {
    let url = sim.url();
    let mut args = vec![
        "profile",
        "--url",
        &url,
        "--concurrency",
        "4",
        "--request-count",
        "12",
        "--warmup-request-count",
        "3",
        "--osl",
        "5",
        "--isl",
        "20",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ];
    args.extend(more);
    context.succeed(&args);
}

#[test]
fn a_profile_counts_what_the_server_counted() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    profile(&context, &sim, &[]);
    let truth = sim.stop();
    assert_eq!(truth.requests.len(), 15);

    let report = context.json("out/aiperf.json");
    let metric = |name: &str| number(&report["llm_metrics"][name]["avg"]);
    assert_eq!(metric("request_count"), 12.0);
    assert_eq!(metric("output_sequence_length"), 5.0);
    let endpoints = report["server_metrics"]["endpoints"]
        .as_object()
        .expect("endpoints");
    let (_, endpoint) = endpoints
        .iter()
        .find(|(url, _)| url.contains("127.0.0.1"))
        .expect("ours");
    let metrics = &endpoint["servers"]["server-0"]["metrics"];
    let total = |name: &str| number(&metrics[name]["total"]);
    assert_eq!(total("vllm:generation_tokens"), 60.0);
    assert_eq!(total("dynamo_frontend_output_tokens"), 60.0);
    assert_eq!(total("dynamo_frontend_requests"), 12.0);
    assert_eq!(
        number(&metrics["vllm:time_to_first_token_seconds"]["count"]),
        12.0
    );
    let phases = report["phases"].as_array().expect("phases");
    let settled = phases
        .iter()
        .flat_map(|phase| phase["settle"].as_array().expect("settle"));
    assert!(settled.clone().count() >= 2);
    assert!(
        settled
            .clone()
            .all(|settle| settle["settled"] == true && settle["basis"] == "equal")
    );
}

#[test]
fn every_file_has_the_documented_shape() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    profile(&context, &sim, &["--profile-export-prefix", "p"]);
    for file in [
        "p_aiperf.json",
        "p_metrics.csv",
        "p_inputs.json",
        "p_aiperf.toml",
        "p_run.log",
    ] {
        assert!(context.exists(&format!("out/{file}")), "{file}");
    }
    let scrapes = context.json_lines("out/p_server_metrics_export.jsonl");
    assert!(scrapes.len() >= 4, "{} scrapes", scrapes.len());
    for key in [
        "timestamp_ns",
        "server_url",
        "collector_id",
        "server_id",
        "instance",
        "server_type",
    ] {
        assert!(!scrapes[0][key].is_null(), "{key}");
    }
    assert!(scrapes[0]["metrics_data"]["http_requests_in_flight"].is_number());
    assert!(scrapes[0]["error"].is_null());
    assert_eq!(context.json_lines("out/p_profile_export.jsonl").len(), 15);
    let csv = context.read("out/p_metrics.csv");
    assert!(
        csv.starts_with("Metric,avg,min,max,p99,p90,p50,std"),
        "{csv}"
    );
    assert!(csv.contains("## Server: 127.0.0.1"));
    assert!(csv.contains("### HTTP Requests In Flight (count)"));
}

#[test]
fn collect_once_reads_one_page() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let url = format!("{}/metrics", sim.url());
    context.succeed(&[
        "collect",
        "--once",
        "--server-metrics",
        &url,
        "--artifact-dir",
        "out",
    ]);
    let report = context.json("out/aiperf.json");
    assert_eq!(report["llm_metrics"], serde_json::json!({}));
    let metrics = &report["server_metrics"]["endpoints"][&url]["servers"];
    let metrics = metrics
        .as_object()
        .expect("servers")
        .values()
        .next()
        .expect("one server");
    let requests = &metrics["metrics"]["http_requests"];
    assert_eq!(requests["n"], 1);
    assert!(requests["total"].is_null());
}

#[test]
fn the_plugins_are_listed() {
    let listed = Context::new().succeed(&["plugins", "list"]).stdout;
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("exporter   jsonl")),
        "{listed}"
    );
}

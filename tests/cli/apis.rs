//! APIs beside chat, end to end, against the simulated server.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

fn sim() -> Sim {
    Sim::start(SimConfig::default()).expect("a simulated server")
}

/// Runs 12 requests and reads the report.
fn profile(context: &Context, urls: &[String], more: &[&str]) -> Value {
    let mut args = vec!["profile", "-n", "12", "--concurrency", "3", "--isl", "20"];
    args.extend(["--osl", "5", "--ui", "none", "--artifact-dir", "out"]);
    for url in urls {
        args.extend(["--url", url]);
    }
    args.extend(more);
    context.succeed(&args);
    context.json("out/aiperf.json")
}

fn avg(report: &Value, name: &str) -> Option<f64> {
    report["llm_metrics"][name]["avg"].as_f64()
}

fn codes(report: &Value) -> Vec<&str> {
    let warnings = report["warnings"].as_array().expect("warnings");
    let codes = warnings.iter().map(|warning| warning["code"].as_str());
    codes.map(Option::unwrap_or_default).collect()
}

#[test]
fn embeddings_have_neither_tokens_nor_a_first_one() {
    let (sim, context) = (sim(), Context::new());
    let more = ["--endpoint-type", "embeddings", "--prompt-batch-size", "4"];
    let report = profile(&context, &[sim.url()], &more);
    assert_eq!(avg(&report, "request_count"), Some(12.0));
    assert_eq!(avg(&report, "input_sequence_length"), Some(80.0));
    for name in [
        "time_to_first_token",
        "inter_token_latency",
        "inter_chunk_latency",
        "output_sequence_length",
        "output_token_throughput",
    ] {
        assert_eq!(report["llm_metrics"][name], Value::Null, "{name}");
    }
    assert!(
        !codes(&report).contains(&"no_usage"),
        "{:?}",
        codes(&report)
    );
    for line in context.json_lines("out/profile_export.jsonl") {
        for name in [
            "time_to_first_token_ms",
            "inter_token_latency_ms",
            "output_sequence_length",
        ] {
            assert_eq!(line[name], Value::Null, "{name}");
        }
        assert!(line["request_latency_ms"].is_f64());
    }
    let again = context.succeed(&["report", "out", "--format", "json"]);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}

#[test]
fn rankings_count_the_passages_that_were_asked_for() {
    let (sim, context) = (sim(), Context::new());
    let more = [
        "--endpoint-type",
        "rankings",
        "--rankings-passages-mean",
        "3",
        "--rankings-passages-prompt-token-mean",
        "10",
        "--rankings-query-prompt-token-mean",
        "5",
    ];
    let report = profile(&context, &[sim.url()], &more);
    assert_eq!(avg(&report, "input_sequence_length"), Some(35.0));
    assert_eq!(report["requests"]["completion_tokens"], Value::Null);
}

#[test]
fn several_servers_take_turns_and_all_are_measured() {
    let (sims, context) = ([sim(), sim()], Context::new());
    let urls = [sims[0].url(), sims[1].url()];
    let report = profile(&context, &urls, &["--endpoint-type", "messages"]);
    assert_eq!(
        report["metadata"]["url"],
        format!("{}/, {}/", urls[0], urls[1])
    );
    let endpoints = report["server_metrics"]["endpoints"]
        .as_object()
        .expect("endpoints");
    for url in &urls {
        assert!(endpoints.contains_key(&format!("{url}/metrics")), "{url}");
    }
    assert_eq!(avg(&report, "output_sequence_length"), Some(5.0));
    let done = sims.map(|sim| sim.stop().totals.completed);
    assert_eq!(done, [6, 6]);
}

#[test]
fn a_template_is_filled_and_its_field_is_read() {
    let (sim, context) = (sim(), Context::new());
    let template = r#"{"messages": {{messages}}, "max_tokens": {{max_tokens}}, "stream": false}"#;
    context.write("body.json", template);
    let url = format!("{}/v1/chat/completions", sim.url());
    let more = [
        "--endpoint-type",
        "template",
        "--payload-template",
        "@body.json",
        "--response-field",
        "choices[0].message.content",
        "--no-streaming",
        "--model",
        "sim-model",
    ];
    let report = profile(&context, &[url], &more);
    assert_eq!(avg(&report, "output_sequence_length"), Some(5.0));
    let wrong = [
        "profile",
        "--endpoint-type",
        "template",
        "--payload-template",
        "{{txt}}",
    ];
    let ran = context.run(&wrong);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("is no template: `txt` means nothing"),
        "{}",
        ran.stderr
    );
}

#[test]
fn thinking_is_measured_and_comes_back_from_a_recording() {
    let sim = Sim::start(SimConfig {
        reasoning_tokens: 2,
        ..SimConfig::default()
    });
    let (sim, context) = (sim.expect("a simulated server"), Context::new());
    let report = profile(&context, &[sim.url()], &[]);
    let metric = |name: &str| avg(&report, name);
    assert_eq!(metric("reasoning_token_count"), Some(2.0));
    assert_eq!(metric("output_token_count"), Some(3.0));
    assert_eq!(metric("osl_mismatch_count"), Some(0.0));
    assert!(metric("time_to_first_output_token") > metric("time_to_first_token"));
    let again = context.succeed(&["report", "out", "--format", "json"]);
    let again: Value = serde_json::from_str(&again.stdout).expect("a report");
    assert_eq!(again["llm_metrics"], report["llm_metrics"]);
}

//! What of the requests is written, and the times of tokens against the server's own.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

fn run(context: &Context, sim: &Sim, level: &str) {
    run_over(context, sim, level, "1.1");
}

fn run_over(context: &Context, sim: &Sim, level: &str, version: &str) {
    let url = sim.url();
    let line = format!(
        "profile --url {url} --request-count 12 --concurrency 3 --osl 6 --ui none \
         --no-server-metrics --http-version {version} --export-level {level} --artifact-dir {level}"
    );
    context.succeed(&line.split(' ').collect::<Vec<_>>());
}

#[test]
fn times_of_tokens_are_those_of_the_server_or_later() {
    for version in ["1.1", "2"] {
        compare_with_the_truth(version);
    }
}

fn compare_with_the_truth(version: &str) {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    run_over(&context, &sim, "tokens", version);
    let truth = sim.stop();
    let started = &context.json("tokens/run.json")["run"]["started"];
    let ns = |value: &Value| value.as_i64().expect("nanoseconds");
    let offset = ns(&started["wall_ns"]) - ns(&started["mono_ns"]);
    let lines = context.json_lines("tokens/profile_export.jsonl");
    assert_eq!(lines.len(), 12);
    for line in &lines {
        let id = line["id"].to_string();
        let mut requests = truth.requests.iter();
        let request = requests.find(|request| request.x_request_id.as_ref() == Some(&id));
        let request = request.expect("a request of the server");
        assert!(ns(&line["request_start_ns"]) - offset <= request.arrival_ns);
        let times = line["token_times_ns"].as_array().expect("times of tokens");
        let times: Vec<i64> = times.iter().map(|time| ns(time) - offset).collect();
        assert_eq!(times.len(), request.token_ns.len());
        // No token arrives before it was sent, nor after the end of its request.
        for (here, there) in times.iter().zip(&request.token_ns) {
            assert!(here >= there, "{here} {there}");
        }
        let first = line["time_to_first_token_ms"]
            .as_f64()
            .expect("a first token");
        let since = times[0] + offset - ns(&line["request_start_ns"]);
        assert_eq!(since as f64 / 1e6, first);
        let gaps = line["token_gaps_ms"].as_array().expect("gaps");
        for (pair, gap) in times.windows(2).zip(gaps) {
            assert_eq!(
                (pair[1] - pair[0]) as f64 / 1e6,
                gap.as_f64().expect("a gap")
            );
        }
    }
    // Times beside the gaps change no number of a recorded run.
    let again = context
        .succeed(&["report", "tokens", "--format", "json"])
        .stdout;
    assert_eq!(again, context.read("tokens/aiperf.json"));
}

#[test]
fn a_summary_leaves_no_requests_and_records_no_times() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    run(&context, &sim, "records");
    let line = &context.json_lines("records/profile_export.jsonl")[0];
    assert!(line.get("token_times_ns").is_none() && line["token_gaps_ms"].is_array());
    run(&context, &sim, "summary");
    assert!(!context.exists("summary/profile_export.jsonl"));
    assert_eq!(context.json("summary/aiperf.json")["requests"]["done"], 12);
    let ran = context.run(&["report", "summary"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("requests were not recorded"),
        "{}",
        ran.stderr
    );
}

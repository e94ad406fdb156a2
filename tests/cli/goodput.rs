//! Requests that keep their limits, against the lines of the requests.

use aiperf_sim::{Faults, Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

const LOAD: &str = "--request-count 40 --concurrency 4 --osl 4 --ui none --no-server-metrics";

/// A server whose first tokens come after 14 to 26 ms, and that fails now and then.
fn sim() -> Sim {
    let faults = Faults {
        error_every: 7,
        ..Faults::default()
    };
    let config = SimConfig {
        jitter: 0.3,
        faults,
        ..SimConfig::default()
    };
    Sim::start(config).expect("a simulated server")
}

fn profile<'a>(line: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = ["profile"].into_iter().chain(line.split(' '));
    all.chain(more.iter().copied()).collect()
}

/// Good requests, and those that missed each of the two limits.
fn judged(lines: &[Value], ttft: f64, itl: f64) -> [u64; 3] {
    let mut found = [0; 3];
    for line in lines.iter().filter(|line| line["outcome"] == "done") {
        let above = |name: &str, limit: f64| line[name].as_f64().expect(name) > limit;
        let late = [
            above("time_to_first_token_ms", ttft),
            above("inter_token_latency_ms", itl),
        ];
        found[0] += u64::from(late == [false; 2]);
        found[1] += u64::from(late[0]);
        found[2] += u64::from(late[1]);
    }
    found
}

fn check(report: &Value, lines: &[Value], ttft: f64, itl: f64) {
    let [good, late, slow] = judged(lines, ttft, itl);
    let found = &report["goodput"];
    assert_eq!(found["good"], good);
    assert_eq!(found["judged"], 40);
    assert_eq!(found["limits"][0]["missed"], late);
    assert_eq!(found["limits"][1]["missed"], slow);
    let metric = |name: &str| report["llm_metrics"][name]["avg"].as_f64();
    let seconds = metric("benchmark_duration").expect("a duration");
    assert_eq!(metric("good_request_count"), Some(good as f64));
    assert_eq!(metric("goodput"), Some(good as f64 / seconds));
    assert_eq!(metric("good_request_fraction"), Some(good as f64 / 40.0));
}

#[test]
fn good_requests_are_those_whose_lines_keep_the_limits() {
    let (context, sim) = (Context::new(), sim());
    let url = sim.url();
    let line = format!("--url {url} {LOAD} --artifact-dir out");
    let ran = context.run(&profile(&line, &["--goodput", "ttft:20 itl:5"]));
    let lines = context.json_lines("out/profile_export.jsonl");
    assert_eq!(lines.len(), 40, "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    check(&report, &lines, 20.0, 5.0);
    let limits = &report["metadata"]["settings"]["goodput"];
    assert_eq!(limits["time_to_first_token"], 20.0);
    // It is no secret, whatever its name ends with.
    let again = context.read("out/aiperf.toml");
    assert!(again.contains("time_to_first_token = 20"), "{again}");
    let [good, ..] = judged(&lines, 20.0, 5.0);
    let said = format!("{good} of 40 requests kept all limits");
    assert!(ran.stdout.contains(&said), "{}", ran.stdout);
    let csv = context.read("out/metrics.csv");
    assert!(csv.contains("# Goodput"), "{csv}");

    // A recorded run is judged again, by its own limits or by others.
    let report = |more: &[&str]| -> Value {
        let args = [&["report", "out", "--format", "json"], more].concat();
        serde_json::from_str(&context.run(&args).stdout).expect("JSON")
    };
    check(&report(&[]), &lines, 20.0, 5.0);
    let more = [
        "--goodput",
        "time_to_first_token:17.5",
        "--goodput",
        "inter_token_latency:4.9",
    ];
    check(&report(&more), &lines, 17.5, 4.9);
}

#[test]
fn limits_that_nothing_can_keep_are_errors() {
    let context = Context::new();
    for (more, message) in [
        (
            ["--no-streaming", "--goodput", "ttft:1"],
            "`--goodput` needs streams",
        ),
        (
            ["--streaming", "--goodput", "speed:1"],
            "unknown key `speed` in `[goodput]`",
        ),
        (
            ["--streaming", "--goodput", "ttft=1"],
            "must be `METRIC:LIMIT METRIC:LIMIT ...`",
        ),
        (
            ["--streaming", "--goodput", "ttft:-1"],
            "`--goodput` must be more than 0\n |\n | --goodput ttft:-1",
        ),
        (
            ["--streaming", "--good-fraction", "0.5"],
            "needs limits for single requests",
        ),
    ] {
        let ran = context.run(&profile("--url http://127.0.0.1:1 --ui none", &more));
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{more:?}: {}", ran.stderr);
    }
}

#[test]
fn a_search_ends_at_the_largest_load_that_keeps_goodput() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    // A limit that no load keeps, and one that every load does.
    let url = sim.url();
    let line = format!(
        "--url {url} --request-count 8 --osl 3 --ui none --no-server-metrics --search concurrency=1..4"
    );
    for (limit, dir, kept) in [
        ("ttft:0.001", "none", None),
        ("ttft:60000", "all", Some(4.0)),
    ] {
        let more = ["--goodput", limit, "--artifact-dir", dir];
        let ran = context.succeed(&profile(&line, &more));
        let summary = context.json(&format!("{dir}/sweep.json"));
        assert_eq!(
            summary["search"]["largest_kept"].as_f64(),
            kept,
            "{}",
            ran.stdout
        );
        let heading = ran.stdout.lines().find(|line| line.contains("req/s"));
        assert!(
            heading.is_some_and(|line| line.contains("good")),
            "{}",
            ran.stdout
        );
        let slo = &summary["cells"][0]["slo"];
        assert_eq!(slo[0]["slo"], "good_request_fraction:avg >= 0.9");
        assert_eq!(
            slo[0]["value"].as_f64(),
            Some(if kept.is_some() { 1.0 } else { 0.0 })
        );
        assert_eq!(slo.as_array().map(Vec::len), Some(1));
    }
}

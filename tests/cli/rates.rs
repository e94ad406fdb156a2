//! When requests are sent and when no more: from flags to files.

use std::time::Duration;

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;
use super::recording::report;

#[test]
fn a_rate_is_in_every_file_and_latencies_count_from_both_moments() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (context, url) = (Context::new(), sim.url());
    let args = "--request-rate 400 --arrival-pattern constant --request-count 60 --osl 4 --isl 8 \
                --artifact-dir out --ui none --no-server-metrics";
    let mut all = vec!["profile", "--url", &url];
    all.extend(args.split_whitespace());
    context.succeed(&all);
    let written = context.json("out/aiperf.json");
    let settings = &written["metadata"]["settings"];
    assert_eq!(settings["request_rate"], 400.0);
    assert_eq!(settings["arrival_pattern"], "constant");
    let metrics = &written["llm_metrics"];
    let (plain, effective) = (&metrics["request_latency"], &metrics["effective_latency"]);
    assert_eq!((&plain["n"], &effective["n"]), (&60.into(), &60.into()));
    let avg = |name: &str| metrics[name]["avg"].as_f64().expect("an average");
    let sum = avg("request_latency") + avg("send_delay");
    assert!((avg("effective_latency") - sum).abs() < 1e-6);
    assert!(avg("effective_time_to_first_token") >= avg("time_to_first_token"));

    let mut lines = context.json_lines("out/profile_export.jsonl");
    lines.sort_by_key(|line| line["id"].as_u64());
    let intended: Vec<f64> = lines
        .iter()
        .map(|line| {
            let start = line["request_start_ns"].as_i64().expect("a time") as f64;
            start - line["send_delay_ms"].as_f64().expect("a delay") * 1e6
        })
        .collect();
    for (n, at) in (0_u32..).zip(&intended) {
        // Wall nanoseconds have 61 bits, and a float 53.
        let gap = at - intended[0] - f64::from(n) * 2.5e6;
        assert!(gap.abs() < 1e3, "request {n} is off by {gap} ns");
    }

    let ran = report(&context, &["--format", "json"]);
    let again: Value = serde_json::from_str(&ran.stdout).expect("valid JSON");
    assert_eq!(again["llm_metrics"], written["llm_metrics"]);
}

#[test]
fn a_pattern_without_a_rate_is_an_error_that_says_what_to_do() {
    let ran = Context::new().run(&["profile", "--arrival-pattern", "constant"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("`--arrival-pattern` needs a rate"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("give `request_rate` too"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_series_of_rates_is_read_from_its_file_and_kept_with_the_run() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (context, url) = (Context::new(), sim.url());
    let points = r#"{"points": [{"time_s": 0, "qps": 200}, {"time_s": 0.1, "qps": 200}]}"#;
    context.write("rates.json", points);
    let args = "--request-rate-series rates.json --arrival-pattern constant --osl 2 --isl 4 \
                --artifact-dir out --ui none --no-server-metrics";
    let mut all = vec!["profile", "--url", &url];
    all.extend(args.split_whitespace());
    context.succeed(&all);
    // 200 a second for as long as the series lasts.
    assert_eq!(context.json("out/aiperf.json")["requests"]["done"], 20);
    std::fs::remove_file(context.path().join("rates.json")).expect("the file");
    let again = [
        "profile",
        "--config",
        "out/aiperf.toml",
        "--artifact-dir",
        "again",
    ];
    context.succeed(&again);
    assert_eq!(context.json("again/aiperf.json")["requests"]["done"], 20);
}

#[test]
fn a_series_that_is_none_is_an_error_that_names_its_file() {
    let context = Context::new();
    for (text, expected) in [
        ("[]", "`--request-rate-series` must not be empty"),
        ("{}", "`rates.json` has no list of `points`"),
        (r#"[{"time_s": 1, "qps": 0}]"#, "never has a rate above 0"),
    ] {
        context.write("rates.json", text);
        let ran = context.run(&["profile", "--request-rate-series", "rates.json"]);
        assert_eq!(ran.code, Some(2), "{text}");
        assert!(ran.stderr.contains(expected), "{text}: {}", ran.stderr);
    }
    let ran = context.run(&["profile", "--request-rate-series", "none.json"]);
    assert!(
        ran.stderr.contains("`none.json` cannot be read"),
        "{}",
        ran.stderr
    );
}

#[test]
fn too_many_failures_end_the_run_before_its_measured_phase() {
    let context = Context::new();
    let args = "demo --fault 500 --max-errors 3 --warmup-request-count 1000000 --isl 4 \
                --artifact-dir out --ui none --no-server-metrics";
    let args: Vec<&str> = args.split_whitespace().collect();
    let ran = context.run(&args);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    let phases = context.json("out/aiperf.json")["phases"].clone();
    assert_eq!(phases.as_array().map(Vec::len), Some(1), "{phases}");
    let warnings = context.json("out/aiperf.json")["warnings"].to_string();
    assert!(warnings.contains("too_many_errors"), "{warnings}");
}

#[test]
fn a_seamless_warmup_loses_no_request_and_counts_none_twice() {
    let config = SimConfig {
        ttft: Duration::from_millis(10),
        ..SimConfig::default()
    };
    let sim = Sim::start(config).expect("a simulated server");
    let (context, url) = (Context::new(), sim.url());
    let args = "--warmup-request-count 30 --seamless-warmup --concurrency 4 --request-count 40 \
                --osl 5 --isl 8 --artifact-dir out --ui none";
    let mut all = vec!["profile", "--url", &url];
    all.extend(args.split_whitespace());
    context.succeed(&all);

    let lines = context.json_lines("out/profile_export.jsonl");
    let report = context.json("out/aiperf.json");
    let [warmup, profiling] = report["phases"].as_array().expect("phases").as_slice() else {
        panic!("two phases: {report}")
    };
    for (phase, count) in [(warmup, 30), (profiling, 40)] {
        let of_phase = |line: &&Value| line["phase"] == phase["name"];
        assert_eq!(lines.iter().filter(of_phase).count(), count);
        assert_eq!(phase["requests"]["done"], count, "{phase}");
        assert_eq!(phase["requests"]["completion_tokens"], 5 * count, "{phase}");
    }
    let truth = sim.stop();
    assert_eq!(truth.totals.completed, 70);
    // Whatever the server counted of the one phase, it did not count of the other.
    let checks = &profiling["settle"][0]["families"];
    let checks = checks.as_array().expect("families that are recognised");
    assert!(!checks.is_empty());
    for check in checks {
        assert_eq!(check["seen"], check["expected"], "{check}");
    }
    assert_eq!(warmup["boundary_at_end"], "seamless");
    assert_eq!(profiling["boundary"], "seamless");
    assert_eq!(warmup["end_ns"], profiling["start_ns"]);
    assert_eq!(warmup["in_flight_at_end"], profiling["in_flight_at_start"]);
    assert!(warmup["in_flight_at_end"].as_u64() <= Some(4));
}

#[test]
fn a_seamless_warmup_needs_one() {
    let ran = Context::new().run(&["profile", "--seamless-warmup"]);
    assert_eq!(ran.code, Some(2));
    let expected = "`--seamless-warmup` needs a warm-up";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}

#[test]
fn a_trace_is_replayed_at_its_times() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (context, url) = (Context::new(), sim.url());
    let line = |at: u32| {
        format!(
            "{{\"timestamp\": {at}, \"input_length\": {}, \"output_length\": 3}}\n",
            at / 10
        )
    };
    let trace: String = [300, 100, 900, 200].map(line).concat();
    context.write("trace.jsonl", &trace);
    let args = "--input-file trace.jsonl --fixed-schedule --fixed-schedule-start-offset 100 \
                --fixed-schedule-end-offset 300 --replay-speedup 4 --artifact-dir out --ui none \
                --no-server-metrics";
    let mut all = vec!["profile", "--url", &url];
    all.extend(args.split_whitespace());
    context.succeed(&all);
    let mut lines = context.json_lines("out/profile_export.jsonl");
    lines.sort_by_key(|line| line["id"].as_u64());
    let intended: Vec<f64> = lines
        .iter()
        .map(|line| {
            let start = line["request_start_ns"].as_i64().expect("a time") as f64;
            start / 1e6 - line["send_delay_ms"].as_f64().expect("a delay")
        })
        .collect();
    assert_eq!(intended.len(), 3, "what lies outside is left out");
    for (at, expected) in intended.iter().zip([0.0, 25.0, 50.0]) {
        let gap = at - intended[0] - expected;
        assert!(gap.abs() < 1e-2, "{intended:?}");
    }
    // What the server got, in the order of time.
    let truth = sim.stop();
    assert_eq!(truth.totals.completion_tokens, 9);
    let mut came: Vec<_> = truth.requests.iter().collect();
    came.sort_by_key(|request| request.arrival_ns);
    let lengths = came.iter().map(|request| request.prompt_tokens);
    assert_eq!(lengths.collect::<Vec<_>>(), [10, 20, 30]);
}

#[test]
fn a_schedule_that_is_none_is_an_error_that_says_what_to_do() {
    let context = Context::new();
    context.write("prompts.txt", "one\ntwo\n");
    let good = "{\"timestamp\": 0, \"input_length\": 8}\n";
    for (name, bad) in [
        ("soon.jsonl", "{\"timestamp\": -1, \"input_length\": 8}"),
        ("empty.jsonl", "{\"timestamp\": 1, \"input_length\": 0}"),
        ("half.jsonl", "{\"timestamp\": 1, \"input_le"),
    ] {
        context.write(name, &format!("{good}{bad}\n"));
    }
    for (args, expected) in [
        ("--fixed-schedule", "give `--input-file`"),
        (
            "--fixed-schedule --input-file soon.jsonl",
            "soon.jsonl` line 2: `timestamp` must be a number of milliseconds",
        ),
        (
            "--fixed-schedule --input-file empty.jsonl",
            "empty.jsonl` line 2: there is no `input_length` of at least 1",
        ),
        (
            "--fixed-schedule --input-file half.jsonl",
            "half.jsonl` line 2: ",
        ),
        (
            "--fixed-schedule --input-file soon.jsonl --request-rate 3",
            "`--fixed-schedule` is no rate",
        ),
        (
            "--fixed-schedule --input-file prompts.txt",
            "has requests without a `timestamp`",
        ),
        (
            "--fixed-schedule-end-offset 5",
            "`--fixed-schedule-end-offset` needs a fixed schedule",
        ),
    ] {
        let mut all = vec!["profile"];
        all.extend(args.split_whitespace());
        let ran = context.run(&all);
        assert_eq!(ran.code, Some(2), "{args}");
        assert!(ran.stderr.contains(expected), "{args}: {}", ran.stderr);
    }
}

//! `aiperf report`: a recorded run gives the same numbers again, and says what it lacks.

use std::process::{Child, Stdio};
use std::time::Duration;

use aiperf_core::run::Recording;
use aiperf_plugin_sdk::testing::schema_problems;
use aiperf_sim::{Sim, SimConfig};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;

use super::context::{Context, Ran};
use super::recording::{recorded, report};

const RUN: &str = "out/run.json";
const SCRAPES: &str = "out/server_metrics_export.jsonl";
const REQUESTS: &str = "out/profile_export.jsonl";

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn codes(document: &Value) -> Vec<&str> {
    let warnings = document["warnings"].as_array().expect("warnings");
    let codes = warnings.iter().map(|warning| warning["code"].as_str());
    codes.map(|code| code.expect("a code")).collect()
}

/// The report of a recording that lacks something.
fn lacking(context: &Context, code: &str) -> Value {
    let ran = report(context, &["--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{}", ran.stderr);
    let document = json(&ran);
    assert!(
        codes(&document).contains(&code),
        "{code}: {:?}",
        codes(&document)
    );
    document
}

/// The beginning of a file.
fn head(text: &str, bytes: usize) -> &str {
    text.get(..bytes).expect("ASCII there")
}

/// Everything but the warnings.
fn numbers(mut document: Value) -> Value {
    document
        .as_object_mut()
        .expect("a document")
        .remove("warnings");
    document
}

#[test]
fn a_recorded_run_gives_the_same_bytes_in_every_format() {
    let run = recorded();
    let original = |name: &str| run.context.read(&format!("out/{name}"));
    let again = |more: &[&str]| {
        let ran = report(&run.context, more);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{more:?}");
        ran.stdout
    };
    assert_eq!(again(&[]), run.shown.stdout);
    assert_eq!(again(&["--format", "console"]), run.shown.stdout);
    assert_eq!(again(&["--format", "json"]), original("aiperf.json"));
    assert_eq!(again(&["--format", "csv"]), original("metrics.csv"));
}

#[test]
fn the_recorded_run_has_everything_that_could_differ() {
    let document = recorded().context.json("out/aiperf.json");
    let text = document.to_string();
    for kind in [
        "gauge",
        "counter",
        "histogram",
        "summary",
        "unknown",
        "info",
    ] {
        assert!(
            text.contains(&format!("\"type\":\"{kind}\"")) || text.contains(kind),
            "{kind}"
        );
    }
    let phases = document["phases"].as_array().expect("phases");
    assert_eq!(phases.len(), 2);
    assert!(
        document["requests"]["failed"].as_u64() > Some(0),
        "{}",
        document["requests"]
    );
    for code in [
        "counter_reset",
        "non_finite_values",
        "parse_errors",
        "scrapes_failed",
    ] {
        assert!(codes(&document).contains(&code), "{code}");
    }
}

#[test]
fn every_recorded_line_is_as_its_schema_says() {
    let context = &recorded().context;
    for (file, schema) in [(SCRAPES, "schema.json"), (REQUESTS, "requests.schema.json")] {
        let path = format!(
            "{}/../../plugins/exporters/jsonl/{schema}",
            env!("CARGO_MANIFEST_DIR")
        );
        let schema = std::fs::read_to_string(path).expect("the schema");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let fields = schema["properties"].as_object().expect("properties");
        let lines = context.json_lines(file);
        assert!(lines.len() > 20, "{} lines of {file}", lines.len());
        for (line, number) in lines.iter().zip(1..) {
            assert_eq!(
                schema_problems(&schema, line),
                [""; 0],
                "line {number} of {file}"
            );
            let mut own = line.as_object().expect("an object").keys();
            let unknown = own.find(|field| !fields.contains_key(*field));
            assert_eq!(unknown, None, "line {number} of {file}");
        }
    }
}

#[test]
fn files_go_elsewhere_and_the_recording_stays() {
    let copy = recorded().copy();
    let before = copy.read("out/aiperf.json");
    let ran = report(&copy, &["--artifact-dir", "again"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(copy.read("again/aiperf.json"), before);
    assert_eq!(copy.read("again/metrics.csv"), copy.read("out/metrics.csv"));
    assert!(!copy.exists("again/profile_export.jsonl"));
    let ran = report(&copy, &["--artifact-dir", "out", "--format", "csv"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("out-2"), "{}", ran.stderr);
    assert_eq!(copy.read("out-2/metrics.csv"), copy.read("out/metrics.csv"));
    assert!(!copy.exists("out-2/aiperf.json"));
    assert_eq!(copy.read("out/aiperf.json"), before);
}

#[test]
fn slices_of_another_length_change_nothing_else() {
    let out = recorded().context.path().join("out");
    let recording = Recording {
        run: out.join("run.json"),
        scrapes: Some(out.join("server_metrics_export.jsonl")),
        requests: Some(out.join("profile_export.jsonl")),
    };
    let report = |slices: Option<Duration>| {
        let recomputed = recording.recompute(slices).expect("a recording");
        assert_eq!(recomputed.gaps, []);
        recomputed.report
    };
    let (same, finer) = (report(None), report(Some(Duration::from_millis(100))));
    assert!(!same.slices.is_empty() && finer.slices.len() > same.slices.len());
    let [same, finer] = [same, finer].map(|report| {
        let mut value = serde_json::to_value(report).expect("a report is JSON");
        strip(&mut value);
        value
    });
    assert_eq!(same, finer);
}

/// Removes slices wherever they are.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("slices");
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[test]
fn a_file_cut_in_mid_line_is_reported_up_to_there() {
    let whole = recorded().copy();
    let lines = whole.json_lines(REQUESTS).len();
    let text = whole.read(REQUESTS);
    whole.write(REQUESTS, head(&text, text.len() - 40));
    let ran = report(&whole, &["--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let cut = json(&ran);
    let codes = codes(&cut);
    assert!(
        codes.starts_with(&["recording_cut", "recording_incomplete"]),
        "{codes:?}"
    );
    let sent = |document: &Value| {
        let phases = document["phases"].as_array().expect("phases").iter();
        phases
            .filter_map(|phase| phase["requests"]["sent"].as_u64())
            .sum::<u64>()
    };
    assert_eq!(sent(&cut), lines as u64 - 1);
    let servers = |document: &Value| document["server_metrics"].clone();
    assert_eq!(
        servers(&cut),
        servers(&recorded().context.json("out/aiperf.json"))
    );
}

#[test]
fn a_cut_line_counts_as_if_it_had_never_been_written() {
    let (cut, shorter) = (recorded().copy(), recorded().copy());
    let text = cut.read(SCRAPES);
    let end = text.trim_end().rfind('\n').expect("several lines") + 1;
    cut.write(SCRAPES, head(&text, end + 100));
    shorter.write(SCRAPES, head(&text, end));
    let reports = [&cut, &shorter].map(|context| report(context, &["--format", "json"]));
    let [cut, shorter] = reports.map(|ran| {
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        json(&ran)
    });
    assert_eq!(codes(&cut)[0], "recording_cut");
    assert_eq!(codes(&cut)[1..], codes(&shorter)[..]);
    assert_eq!(numbers(cut), numbers(shorter));
}

#[test]
fn lines_that_were_edited_are_named_and_left_out() {
    let copy = recorded().copy();
    let text = copy.read(SCRAPES);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A line that no other relies on.
    let plain = |line: &String| line.contains("\"values\":[") && !line.contains("\"series\":[");
    let at = lines.iter().position(plain).expect("such a line");
    lines[at] = lines[at].replacen("\"values\":[", "\"values\":[\"oops\",", 1);
    copy.write(SCRAPES, &(lines.join("\n") + "\n"));
    let ran = report(&copy, &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let said = format!("1 lines cannot be used, the first is line {}: ", at + 1);
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    assert!(ran.stderr.contains("oops"), "{}", ran.stderr);
}

#[test]
fn what_was_not_recorded_is_missing_and_the_rest_is_there() {
    let copy = recorded().copy();
    std::fs::remove_file(copy.path().join(REQUESTS)).expect("a file");
    let ran = report(&copy, &["--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let document = json(&ran);
    assert_eq!(codes(&document)[0], "recording_missing");
    let original = recorded().context.json("out/aiperf.json");
    assert_eq!(document["server_metrics"], original["server_metrics"]);

    let copy = recorded().copy();
    std::fs::remove_file(copy.path().join(SCRAPES)).expect("a file");
    let document = json(&report(&copy, &["--format", "json"]));
    assert_eq!(codes(&document)[0], "recording_missing");
    assert_eq!(document["requests"], original["requests"]);
    let value = |document: &Value, name: &str| document["llm_metrics"][name]["avg"].clone();
    for name in ["time_to_first_token", "request_throughput"] {
        assert_eq!(value(&document, name), value(&original, name), "{name}");
    }
}

#[test]
fn what_is_no_recording_is_refused_on_one_line() {
    let refused = |context: &Context, said: &str| {
        let ran = report(context, &[]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    };
    let copy = recorded().copy();
    let mut run = copy.json(RUN);
    run["schema_version"] = "0.9".into();
    copy.write(RUN, &run.to_string());
    refused(&copy, "version 0.9, and this aiperf reads 1.x");
    copy.write(RUN, "{}");
    refused(&copy, "it is no `run.json`");
    copy.write(RUN, "{ \"schema_version\": ");
    refused(&copy, "edited or cut");
    std::fs::remove_file(copy.path().join(RUN)).expect("a file");
    refused(&copy, "has no `run.json`");
    refused(&Context::new(), "no such file");
}

#[test]
fn one_of_several_runs_in_a_folder_is_named_by_its_file() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = sim.url();
    for prefix in ["p", "q"] {
        context.succeed(&[
            "profile",
            "--url",
            &url,
            "--request-count",
            "4",
            "--artifact-dir",
            "out",
            "--profile-export-prefix",
            prefix,
            "--ui",
            "none",
            "--osl",
            "3",
        ]);
    }
    let ran = report(&context, &[]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .contains("2 runs; name one, such as `out/q_run.json`"),
        "{}",
        ran.stderr
    );
    let ran = context.succeed(&["report", "out/p_run.json", "--format", "json"]);
    assert_eq!(ran.stdout, context.read("out/p_aiperf.json"));
}

#[test]
fn a_run_without_recorder_says_so_and_one_without_load_comes_back() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = format!("{}/metrics", sim.url());
    let collect = |dir: &str, config: &str| {
        let config = context.write("settings.toml", config).display().to_string();
        context.succeed(&[
            "collect",
            "--server-metrics",
            &url,
            "--duration",
            "0.3",
            "--artifact-dir",
            dir,
            "--server-metrics-interval",
            "0.05",
            "--config",
            &config,
        ])
    };
    let shown = collect("out", "").stdout;
    let ran = context.succeed(&["report", "out"]);
    assert_eq!(ran.stdout, shown);
    let ran = context.succeed(&["report", "out", "--format", "json"]);
    assert_eq!(ran.stdout, context.read("out/aiperf.json"));

    collect("off", "[exporters.jsonl]\nenabled = false\n");
    let ran = context.run(&["report", "off"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the servers' pages were not recorded"),
        "{}",
        ran.stderr
    );
}

/// A run that goes on until it is ended from outside.
fn endless(context: &Context, sim: &Sim) -> Child {
    let url = sim.url();
    let mut command = context.command(&[
        "profile",
        "--url",
        &url,
        "--request-count",
        "100000",
        "--warmup-request-count",
        "4",
        "--artifact-dir",
        "out",
        "--osl",
        "4",
        "--ui",
        "none",
        "--concurrency",
        "4",
        "--server-metrics-interval",
        "0.05",
    ]);
    command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

fn wait_for(sim: &Sim, completed: u64) {
    let limit = Duration::from_secs(30);
    let reached = sim.wait_until(limit, |totals| totals.completed >= completed);
    assert!(reached, "the load stands still");
}

#[test]
fn an_interrupted_run_comes_back_as_it_was() {
    for signals in [1, 2] {
        let sim = Sim::start(SimConfig::default()).expect("a simulated server");
        let context = Context::new();
        let run = endless(&context, &sim);
        wait_for(&sim, 30);
        let pid = Pid::from_raw(i32::try_from(run.id()).expect("a process id"));
        for _ in 0..signals {
            // Gone already: it has drained between the two.
            signal::kill(pid, Signal::SIGINT).ok();
        }
        let shown = super::context::ran(run.wait_with_output().expect("it ends"));
        assert_eq!(shown.code, Some(130), "{}", shown.stderr);
        let ran = context.succeed(&["report", "out"]);
        assert_eq!(ran.stdout, shown.stdout);
        let ran = context.succeed(&["report", "out", "--format", "json"]);
        assert_eq!(ran.stdout, context.read("out/aiperf.json"));
    }
}

#[test]
fn a_killed_run_is_reported_from_what_it_had_written() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let mut run = endless(&context, &sim);
    let written = || context.exists(REQUESTS) && context.read(REQUESTS).lines().count() > 20;
    (20..).step_by(4).find(|completed| {
        wait_for(&sim, *completed);
        written()
    });
    run.kill().expect("it still runs");
    run.wait().expect("it has ended");

    let document = lacking(&context, "run_incomplete");
    assert_eq!(document["metadata"]["status"], "aborted");
    let text = context.read(REQUESTS);
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok());
    let whole: Vec<Value> = whole
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let measured = whole
        .iter()
        .filter(|line| line["phase"] == "profiling")
        .count();
    assert_eq!(document["requests"]["sent"], measured);
    let endpoints = document["server_metrics"]["endpoints"]
        .as_object()
        .expect("endpoints");
    let gauge = endpoints
        .values()
        .map(|endpoint| &endpoint["servers"]["server-0"]["metrics"]["http_requests_in_flight"]);
    let n = gauge.filter_map(|gauge| gauge["n"].as_u64()).max();
    assert!(n > Some(0), "gauges of the killed run are known");
}

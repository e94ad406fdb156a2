//! `aiperf report`: a recorded run gives the same numbers again, and says what it lacks.

mod damaged;
mod ended_early;

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
        let recomputed = recording.recompute(slices, None).expect("a recording");
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

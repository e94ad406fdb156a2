//! GPUs: found, told apart, and what they cost.

use std::time::{Duration, Instant};

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;
use super::peer;

/// What the simulated GPUs draw, and the slots that full load fills.
const IDLE_WATTS: f64 = 60.0;
const BUSY_WATTS: f64 = 340.0;
const GPUS: f64 = 2.0;

/// A real page of a GPU with one MIG instance, without types.
const MIG_PAGE: &str = include_str!(
    "../../plugins/parsers/prometheus/tests/pages/dcgm-exporter-a100-mig-nvidia-docs.prom"
);

fn profile(context: &Context, sim: &Sim, config: &str) -> Value {
    let file = context.write("gpus.toml", config);
    let (file, url) = (file.display().to_string(), sim.url());
    let args = "profile --concurrency 4 --request-count 12 --osl 40 --isl 20 --artifact-dir out \
                --ui none --server-metrics-interval 20ms --server-metrics-timeout 5s";
    let mut args: Vec<&str> = args.split(' ').filter(|arg| !arg.is_empty()).collect();
    args.extend(["--url", &url, "--config", &file]);
    context.succeed(&args);
    context.json("out/aiperf.json")
}

fn collect_once(context: &Context, config: &str, more: &[&str]) -> Value {
    let file = context.write("gpus.toml", config);
    let file = file.display().to_string();
    let mut args = vec![
        "collect",
        "--once",
        "--artifact-dir",
        "out",
        "--config",
        &file,
    ];
    args.extend(more);
    context.succeed(&args);
    context.json("out/aiperf.json")
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn derived<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut all = report["derived"].as_array().expect("a list").iter();
    all.find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// Host, index and part of each device.
fn devices(report: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let devices = report["devices"].as_array().expect("a list").iter();
    devices
        .map(|one| {
            let text = |name: &str| one["labels"][name].as_str().expect("a text");
            (text("host"), text("index"), one["part"].as_str())
        })
        .collect()
}

fn warnings(report: &Value) -> Vec<&str> {
    let warnings = report["warnings"].as_array().expect("a list").iter();
    warnings.filter_map(|one| one["code"].as_str()).collect()
}

#[test]
fn energy_is_what_the_gpus_used_for_the_requests() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let slots = f64::from(SimConfig::default().max_running);
    let context = Context::new();
    let options = format!(
        "[collectors.dcgm.options]\nurls = [\"{}/dcgm/metrics\"]\n",
        sim.url()
    );
    let began = Instant::now();
    let report = profile(&context, &sim, &options);
    let elapsed = began.elapsed().as_secs_f64();
    let truth = sim.stop();

    let host = "aiperf-sim";
    let all = [(host, "0", None), (host, "1", None), (host, "1", Some("1"))];
    assert_eq!(devices(&report), all);
    let energy = derived(&report, "energy_per_request");
    assert_eq!(
        (number(&energy["denominator"]), number(&energy["devices"])),
        (12.0, GPUS)
    );
    let joules = number(&energy["numerator"]);
    let busy: i64 = truth
        .requests
        .iter()
        .map(|one| one.end_ns - one.start_ns)
        .sum();
    let used = BUSY_WATTS * (busy as f64 / 1e9) / slots;
    // What is left is idle power over the time between the two readings.
    let window = (joules / GPUS - used) / IDLE_WATTS;
    let duration = number(&report["metadata"]["duration_seconds"]);
    assert!(
        window > duration - 0.001 && window < elapsed,
        "{duration} {window} {elapsed}"
    );
    let per_token = derived(&report, "energy_per_output_token");
    assert_eq!(number(&per_token["denominator"]), 480.0);
    assert!((number(&per_token["value"]) - joules / 480.0).abs() < 1e-9);
    assert!(!warnings(&report).contains(&"slow_source"));

    // Where nothing listens nothing is said.
    assert!(!warnings(&report).contains(&"endpoint_unreachable"));
    let lines = context.json_lines("out/server_metrics_export.jsonl");
    let url = |line: &Value| line["server_url"].as_str().map(str::to_owned);
    let searched = lines
        .iter()
        .filter_map(url)
        .filter(|url| url.contains("localhost:940"));
    assert_eq!(searched.count(), 0);

    let csv = context.read("out/metrics.csv");
    assert!(csv.contains("# Devices") && csv.contains("energy_per_output_token,J/token,"));
    let again = context
        .succeed(&["report", "out", "--format", "json"])
        .stdout;
    let again: Value = serde_json::from_str(&again).expect("valid JSON");
    for part in ["devices", "derived", "warnings"] {
        assert_eq!(again[part], report[part], "{part}");
    }
    let page = context.succeed(&["report", "out"]).stdout;
    assert!(page.contains("aiperf-sim GPU 1 MIG 1 (3g.20gb)"), "{page}");
    assert!(page.contains("Energy per Output Token (J/token)"), "{page}");
}

#[test]
fn an_exporter_that_hardly_looks_is_found_out() {
    let sim = Sim::start(SimConfig {
        dcgm_interval: Duration::from_hours(1),
        ..SimConfig::default()
    });
    let sim = sim.expect("a simulated server");
    let context = Context::new();
    let options = format!(
        "[collectors.dcgm.options]\nurls = [\"{}/dcgm/metrics\"]\n",
        sim.url()
    );
    let report = profile(&context, &sim, &options);
    assert!(
        warnings(&report).contains(&"slow_source"),
        "{}",
        report["warnings"]
    );
    assert_eq!(
        number(&derived(&report, "energy_per_request")["numerator"]),
        0.0
    );
}

#[test]
fn hosts_and_instances_on_one_page_stay_apart() {
    // The page of one host, and the same GPU index on another host.
    let other = MIG_PAGE
        .replace("34319582", "99999999")
        .replace("ub20-a100-k8s", "other-host")
        .replace("} 0.995687", "} 0.25");
    let page = format!("{MIG_PAGE}\n{other}");
    let url = peer::serve(move |_, stream| {
        let answer = peer::response("text/plain; version=0.0.4", "", page.as_bytes());
        peer::send(stream, &answer)
    });
    let context = Context::new();
    let options = format!("[collectors.dcgm.options]\nurls = [\"{url}\"]\n");
    let report = collect_once(&context, &options, &[]);
    let all = [
        ("other-host", "0", None),
        ("other-host", "0", Some("13")),
        ("ub20-a100-k8s", "0", None),
        ("ub20-a100-k8s", "0", Some("13")),
    ];
    assert_eq!(devices(&report), all);
    let value = |at: usize, name: &str| number(&report["devices"][at]["values"][name]["avg"]);
    let used: Vec<f64> = (0..4).map(|at| value(at, "utilization")).collect();
    let expected = [99.563, 25.0, 99.563, 99.5687];
    let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
    assert!(used.iter().zip(&expected).all(close), "{used:?}");
    assert_eq!(
        (value(2, "memory_used"), value(2, "memory_total")),
        (4845.0, 40_535.0)
    );
    assert_eq!(report["devices"][2]["values"]["energy"]["unit"], "J");
    assert_eq!(report["devices"][3]["labels"]["profile"], "1g.5gb");
}

#[test]
fn a_page_that_two_collectors_know_is_read_once() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let page = format!("{}/dcgm/metrics", sim.url());
    let found = format!("[collectors.dcgm.options]\ndefault_endpoints = [\"{page}\"]\n");
    let reader = |report: &Value| {
        assert_eq!(report["devices"].as_array().expect("a list").len(), 3);
        report["devices"][0]["server_id"]
            .as_str()
            .map(str::to_owned)
    };
    let endpoints = |report: &Value, collector: &str| {
        let all = report["server_metrics"]["endpoints"]
            .as_object()
            .expect("endpoints");
        let all = all.iter().filter(|(_, one)| one["collector"] == collector);
        all.map(|(_, one)| one["reachable"] == true)
            .collect::<Vec<_>>()
    };
    let report = collect_once(&context, &found, &["--server-metrics", &page]);
    assert!(reader(&report).is_some());
    assert_eq!(endpoints(&report, "dcgm"), [] as [bool; 0]);
    assert!(endpoints(&report, "server_metrics").contains(&true));

    // Named by a collector that opens later.
    let named = format!(
        "{found}[collectors.mine]\nuse = \"prometheus\"\n[collectors.mine.options]\n\
         urls = [\"{}/dcgm/metrics\"]\n",
        sim.url()
    );
    let report = collect_once(&Context::new(), &named, &[]);
    assert!(reader(&report).is_some());
}

#[test]
fn no_server_metrics_means_no_search_for_gpus() {
    let ran = Context::new().run(&["collect", "--once", "--no-server-metrics"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing to collect"), "{}", ran.stderr);
}

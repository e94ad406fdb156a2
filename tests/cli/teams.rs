//! The files of `examples/configs/`, each run as its team runs it; `vendor.toml` is in
//! `tests/dynamic/teams.rs`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::{Context, Ran, ran};
use super::https::{terminate, testdata};

/// Where the files are.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/configs")
}

/// A team's world: the files in a folder of its own, and a simulated server.
struct Team {
    context: Context,
    sim: Sim,
}

impl Team {
    fn new() -> Self {
        let context = Context::new();
        for entry in std::fs::read_dir(folder()).expect("the examples").flatten() {
            let copy = context.path().join(entry.file_name());
            std::fs::copy(entry.path(), copy).expect("a copy");
        }
        let sim = Sim::start(SimConfig::default()).expect("a simulated server");
        Self { context, sim }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.context.command(&line.split(' ').collect::<Vec<_>>());
        command
            .env("SERVER_URL", self.sim.url())
            .env("DCGM_URL", format!("{}/dcgm/metrics", self.sim.url()))
            // Whether this machine is busy is not what is tested.
            .env("AIPERF_STRICT", "false")
            .env("AIPERF_UI", "none");
        command
    }

    fn succeed(&self, line: &str) -> Ran {
        let ran = ran(self.command(line).output().expect("the binary starts"));
        assert_eq!(ran.code, Some(0), "{line}\n{}\n{}", ran.stderr, ran.stdout);
        ran
    }

    /// Runs with files over `base.toml`.
    fn run(&self, command: &str, file: &str, more: &str) -> Value {
        let line = format!("{command} -f base.toml -f {file} --artifact-dir out {more}");
        self.succeed(&line);
        self.context.json("out/aiperf.json")
    }

    /// The names of all files of the run, with those in folders.
    fn files(&self) -> BTreeSet<String> {
        let out = self.context.path().join("out");
        let mut names = BTreeSet::new();
        let mut folders = vec![out.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&out).expect("below it").display();
                    names.insert(name.to_string());
                }
            }
        }
        names
    }
}

/// All metrics of all servers of all endpoints, by name.
fn metrics(report: &Value) -> BTreeSet<&str> {
    let endpoints = report["server_metrics"]["endpoints"].as_object();
    let endpoints = endpoints.expect("endpoints").values();
    let servers = endpoints.flat_map(|e| e["servers"].as_object().expect("servers").values());
    let metrics = servers.flat_map(|s| s["metrics"].as_object().expect("metrics").keys());
    metrics.map(String::as_str).collect()
}

#[test]
fn every_file_is_valid_where_there_is_nothing_else() {
    let team = Team::new();
    let names = [
        "base", "ci-gate", "capacity", "on-call", "gpus", "vendor", "analysts", "fleet",
    ];
    let mut files: Vec<_> = std::fs::read_dir(folder())
        .expect("the examples")
        .filter_map(|entry| entry.expect("a file").file_name().into_string().ok())
        .filter(|name| name != "README.md")
        .collect();
    files.sort();
    let mut known = names.map(|name| format!("{name}.toml"));
    known.sort();
    assert_eq!(files, known, "each has its test");
    let line = format!(
        "config check --no-environment --no-plugins {}",
        files.join(" ")
    );
    let checked = team.succeed(&line);
    let clean = checked
        .stdout
        .lines()
        .filter(|line| line.ends_with(": no errors"));
    // What only the vendor's libraries know is a warning without them.
    assert_eq!(clean.count(), files.len() - 1, "{}", checked.stdout);
}

#[test]
fn the_gate_repeats_its_load() {
    let team = Team::new();
    let shown = team.succeed("config show -f base.toml -f ci-gate.toml");
    assert!(shown.stdout.contains("random_seed = 1"), "{}", shown.stdout);
    // What is true of the file the environment of this test overrides.
    let mut command = team.command("config show -f base.toml -f ci-gate.toml");
    let shown = ran(command
        .env_remove("AIPERF_STRICT")
        .output()
        .expect("the binary"));
    assert!(shown.stdout.contains("strict = true"), "{}", shown.stdout);
    let report = team.run(
        "profile",
        "ci-gate.toml",
        "--request-count 40 --isl 20 --osl 8",
    );
    assert_eq!(report["requests"]["done"], 40);
    assert_eq!(report["metadata"]["settings"]["random_seed"], 1);
    let first = team.context.read("out/inputs.json");
    team.succeed(
        "profile -f base.toml -f ci-gate.toml --artifact-dir again --request-count 40 --isl 20 --osl 8",
    );
    assert_eq!(team.context.read("again/inputs.json"), first);
    let written = team.context.read("again/aiperf.toml");
    assert!(written.contains("ignore_eos = true"), "{written}");
}

#[test]
fn the_planner_sees_slices_of_a_rising_rate() {
    let team = Team::new();
    let more = "--request-rate 60 --request-rate-ramp-duration 1s --benchmark-duration 2s \
                --slice-duration 500ms --isl 20 --isl-stddev 0 --osl 4 --osl-stddev 0";
    let report = team.run("profile", "capacity.toml", more);
    assert_eq!(report["metadata"]["settings"]["request_rate"], 60.0);
    let slices = report["slices"].as_array().expect("slices");
    assert!(slices.len() >= 4, "{slices:#?}");
    assert!(team.context.exists("out/metrics_slices.csv"));
}

#[test]
fn who_is_on_call_sends_nothing_and_keeps_what_matters() {
    let team = Team::new();
    let report = team.run(
        "collect",
        "on-call.toml",
        "--duration 500ms --server-metrics-interval 100ms",
    );
    assert_eq!(report["metadata"]["command"], "collect");
    let kept = metrics(&report);
    assert!(kept.contains("vllm:num_requests_running"), "{kept:?}");
    let wanted = ["vllm:", "dynamo_", "sglang:"];
    let is_wanted = |name: &&&str| wanted.iter().any(|start| name.starts_with(start));
    let others = kept.iter().filter(|name| !is_wanted(name));
    assert_eq!(others.count(), 0, "{kept:?}");
    assert!(!kept.contains("vllm:prompt_tokens"), "{kept:?}");
    assert!(!team.context.exists("out/metrics.csv"));
    assert_eq!(team.sim.truth().requests.len(), 0);
}

#[test]
fn the_gpu_team_has_its_labels_sums_and_numbers() {
    let team = Team::new();
    let more = "--concurrency 2 --benchmark-duration 10s --request-count 10 --isl 20 --osl 20";
    let report = team.run("profile", "gpus.toml", more);
    let url = format!("{}/dcgm/metrics", team.sim.url());
    let endpoint = &report["server_metrics"]["endpoints"][&url];
    assert_eq!(endpoint["labels"]["cluster"], "west", "{endpoint:#}");
    let named = |list: &str, name: &str| {
        let all = report[list].as_array().expect("a list");
        all.iter().any(|one| one["name"] == name)
    };
    assert!(named("derived", "watt_hours"), "{:#}", report["derived"]);
    assert!(
        named("derived", "energy_per_request"),
        "{:#}",
        report["derived"]
    );
    let kept = metrics(&report);
    assert!(
        kept.iter()
            .any(|name| name.starts_with("DCGM_FI_DEV_POWER_USAGE")),
        "{kept:?}"
    );
}

#[test]
fn one_option_of_one_exporter_changes_just_that() {
    let team = Team::new();
    let show = |files: &str| team.succeed(&format!("config show {files}")).stdout;
    let base = show("-f base.toml");
    let over = show("-f base.toml -f analysts.toml");
    let changed: Vec<_> = base
        .lines()
        .zip(over.lines())
        .filter(|(before, after)| before != after)
        .collect();
    let before = "path = \"metrics.csv\"";
    assert_eq!(changed, [(before, "path = \"tables/metrics.csv\"")]);
    assert_eq!(base.lines().count(), over.lines().count());
    // The same holds of what a run leaves behind.
    let run = |files: &str| {
        let fixed = "--random-seed 7 --request-count 4 --isl 10 --osl 3 --artifact-dir out";
        team.succeed(&format!("profile {files} {fixed}"));
        let found = (team.files(), team.context.read("out/inputs.json"));
        std::fs::remove_dir_all(team.context.path().join("out")).expect("the folder");
        found
    };
    let (mut files, inputs) = run("-f base.toml");
    let (changed, same_inputs) = run("-f base.toml -f analysts.toml");
    assert_eq!(inputs, same_inputs);
    assert!(files.remove("metrics.csv") && files.insert("tables/metrics.csv".to_owned()));
    assert_eq!(files, changed);
}

#[test]
fn the_platform_team_sees_each_server_behind_its_gateway() {
    let team = Team::new();
    let [one, two] = [(); 2].map(|()| Sim::start(SimConfig::default()).expect("a server"));
    let page = |sim: &Sim| format!("{}/metrics", sim.url());
    let run = |files: &str| {
        let line = format!(
            "profile {files} --artifact-dir out --request-count 6 --concurrency 2 \
             --warmup-request-count 0 --osl 4"
        );
        let mut command = team.command(&line);
        command
            .env("GATEWAY", terminate(&team.sim, "server.pem"))
            .env("GATEWAY_TOKEN", "key-of-the-gateway-1")
            .env("CA_FILE", testdata("authority.pem"))
            .env("PREFILL", page(&team.sim))
            .env("DECODE_1", page(&one))
            .env("DECODE_2", page(&two));
        let ran = ran(command.output().expect("the binary starts"));
        assert_eq!((ran.code, &*ran.stdout), (Some(0), ""), "{}", ran.stderr);
        let files = team.files();
        let texts = files
            .iter()
            .map(|name| team.context.read(&format!("out/{name}")));
        let is_told = texts
            .chain([ran.stderr])
            .any(|text| text.contains("key-of-the"));
        assert!(!is_told, "a secret");
        let report = team.context.json("out/fleet.json");
        std::fs::remove_dir_all(team.context.path().join("out")).expect("the folder");
        (files, report)
    };
    let (mut files, report) = run("-f base.toml -f fleet.toml");
    let endpoints = &report["server_metrics"]["endpoints"];
    let role = |url: &str| endpoints[url]["labels"]["role"].clone();
    let roles = [&team.sim, &one, &two].map(|sim| role(&page(sim)));
    assert_eq!(roles, ["prefill", "decode", "decode"]);
    assert_eq!(endpoints.as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(report["goodput"]["judged"], 6, "{:#}", report["goodput"]);
    // One option of one exporter, over both files.
    let (changed, _) = run("-f base.toml -f fleet.toml -f analysts.toml");
    assert!(files.remove("fleet.csv") && files.insert("tables/metrics.csv".to_owned()));
    assert_eq!(files, changed);
}

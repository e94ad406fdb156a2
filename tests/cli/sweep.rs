//! Several runs: folders, summary, table, and what goes wrong.

use aiperf_sim::{Sim, SimConfig};
use serde_json::{Value, json};

use super::context::{Context, Ran};

/// A folder and a simulated server.
struct World {
    context: Context,
    sim: Sim,
}

impl World {
    fn new() -> Self {
        Self {
            context: Context::new(),
            sim: Sim::start(SimConfig::default()).expect("a simulated server"),
        }
    }

    fn run(&self, line: &str) -> Ran {
        let load = "--request-count 6 --osl 3 --ui none --no-server-metrics --artifact-dir out";
        let line = format!("profile --url {} {load} {line}", self.sim.url());
        self.context.run(&line.split(' ').collect::<Vec<_>>())
    }

    fn succeed(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stderr, ran.stdout);
        ran
    }

    fn number(&self, folder: &str, metric: &str, stat: &str) -> f64 {
        let report = self.context.json(&format!("out/{folder}/aiperf.json"));
        report["llm_metrics"][metric][stat].as_f64().expect(metric)
    }
}

#[test]
fn the_summary_has_the_numbers_of_the_runs() {
    let world = World::new();
    let ran = world.succeed("--sweep concurrency=1,3 --num-profile-runs 2");
    let summary = world.context.json("out/sweep.json");
    assert_eq!(summary["complete"], true);
    for (at, concurrency) in [1, 3].into_iter().enumerate() {
        let cell = &summary["cells"][at];
        assert_eq!(cell["values"]["load.concurrency"], concurrency);
        let folders = [1, 2].map(|run| format!("concurrency_{concurrency}/run_{run}"));
        let metric = "request_latency";
        for stat in ["avg", "p50", "p99"] {
            let values = folders.clone().map(|f| world.number(&f, metric, stat));
            let found = &cell["metrics"][metric][stat];
            let mean = f64::midpoint(values[0], values[1]);
            let close = |found: &Value, expected: f64| {
                let found = found.as_f64().unwrap();
                assert!(
                    (found - expected).abs() <= 1e-9 * expected.abs(),
                    "{stat}: {found}"
                );
            };
            close(&found["mean"], mean);
            close(&found["min"], values[0].min(values[1]));
            close(&found["max"], values[0].max(values[1]));
            let std = (values[0] - values[1]).abs() / 2_f64.sqrt();
            close(&found["std"], std);
            // t(0.95, 1) / √2
            let margin = found["ci_high"].as_f64().unwrap() - mean;
            assert!((margin / std - 8.984_64).abs() < 1e-3, "{margin}");
        }
        for (run, folder) in cell["runs"].as_array().unwrap().iter().zip(&folders) {
            assert_eq!(run["folder"], json!(folder));
            assert_eq!(run["requests"]["done"], 6);
        }
    }
    // One table, of the sweep.
    assert_eq!(ran.stdout.matches("req/s").count(), 1, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("Means of up to 2 runs"),
        "{}",
        ran.stdout
    );
    let csv = world.context.read("out/sweep.csv");
    assert!(
        csv.starts_with("load.concurrency,metric,unit,stat,runs,mean,"),
        "{csv}"
    );
}

#[test]
fn no_two_runs_send_the_same_prompts_and_all_can_be_repeated() {
    let world = World::new();
    world.succeed("--sweep concurrency=1,2 --random-seed 7");
    let seed = |folder: &str| {
        let text = world.context.read(&format!("{folder}/aiperf.toml"));
        let config: Value = toml::from_str(&text).unwrap();
        let vary = config["sweep"]["vary"].as_object();
        let is_alone = vary.is_none_or(serde_json::Map::is_empty);
        assert_eq!(is_alone, folder.contains('/'), "{folder}: {vary:?}");
        config["load"]["random_seed"].as_u64()
    };
    let seeds = ["out/concurrency_1", "out/concurrency_2"].map(seed);
    assert_eq!(seeds, [Some(7), Some(8)]);
    assert_eq!(seed("out"), Some(7));
    let config = world
        .context
        .path()
        .join("out/aiperf.toml")
        .display()
        .to_string();
    world
        .context
        .succeed(&["profile", "--config", &config, "--artifact-dir", "again"]);
    assert_eq!(
        ["again/concurrency_1", "again/concurrency_2"].map(seed),
        seeds
    );
}

#[test]
fn a_search_ends_at_the_largest_load_that_keeps_its_limits() {
    let world = World::new();
    // The server counts the tokens of a prompt: a limit that no noise moves.
    let ran = world
        .succeed("--search isl=10..90 --slo input_sequence_length:max<=37 --search-precision 0.01");
    let summary = world.context.json("out/sweep.json");
    let search = &summary["search"];
    assert_eq!(search["largest_kept"], 37.0, "{}", ran.stdout);
    assert_eq!(search["smallest_broken"], 38.0, "{}", ran.stdout);
    let line = "Largest isl that keeps all limits: 37 (38 does not)";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
}

/// A pattern of arrivals needs a rate, and here only the runs have one.
#[test]
fn settings_may_need_what_varies() {
    let world = World::new();
    world.succeed("--arrival-pattern constant --sweep request-rate=200,400");
    let summary = world.context.json("out/sweep.json");
    assert_eq!(summary["cells"][1]["values"]["load.request_rate"], 400);
    world.succeed(
        "--concurrency-ramp-duration 10ms --search concurrency=1..2 --slo request_latency<=60000",
    );
}

#[test]
fn what_is_wrong_with_any_run_is_said_before_the_first() {
    let world = World::new();
    for (line, message) in [
        ("--sweep concurency=1,2", "unknown"),
        ("--sweep concurrency=4,0", "at least 1"),
        (
            "--sweep concurrency",
            "`--sweep` must be `SETTING=VALUE,VALUE,...`",
        ),
        ("--search concurrency=1..8", "has no limits"),
        ("--search concurrency=9..8 --slo x<=1", "leaves no value"),
        (
            "--num-profile-runs 2 --slo ttft",
            "has neither `<=` nor `>=`",
        ),
        (
            "--sweep endpoint.api_key=a,b",
            "is a secret and cannot vary",
        ),
        (
            "--sweep endpoint.url=http://u:pw@127.0.0.1:1,http://b",
            "is a secret and cannot vary",
        ),
        ("--sweep random-seed=1,2", "is chosen for each run"),
        ("--sweep isl=1 --sweep isl=2", "names `load.isl` twice"),
    ] {
        let ran = world.run(line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{line}: {}", ran.stderr);
        assert!(!world.context.exists("out"), "{line}");
    }
}

#[test]
fn a_limit_for_a_number_that_there_is_not_ends_the_search() {
    let world = World::new();
    let ran = world.run("--search concurrency=1..8 --slo ttft:p99<=1000");
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let said = "no number for ttft:p99 <= 1000";
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    let summary = world.context.json("out/sweep.json");
    assert_eq!(summary["complete"], false);
    assert_eq!(summary["cells"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_server_that_is_not_there_is_tried_once() {
    let world = World::new();
    let line =
        "profile --url http://127.0.0.1:1 --sweep concurrency=1,2 --ui none --artifact-dir out";
    let ran = world.context.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let summary = world.context.json("out/sweep.json");
    assert_eq!(summary["complete"], false);
    assert!(summary["cells"][0]["runs"][0]["error"].is_string());
    assert_eq!(summary["cells"][1]["runs"], json!([]));
}

//! Runs that did not end as planned.

use super::*;

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
        let shown = super::super::context::ran(run.wait_with_output().expect("it ends"));
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

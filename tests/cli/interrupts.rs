//! Ctrl-C once, twice, SIGTERM, SIGKILL: the files are valid each time.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aiperf_sim::{Sim, SimConfig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::context::{Context, complaints};

/// A run in the background that would last for hours.
struct Running {
    context: Context,
    child: Child,
    stderr: BufReader<ChildStderr>,
    _sim: Sim,
}

impl Running {
    /// `ttft` is that of the server.
    fn start(ttft: Duration) -> Self {
        let sim = Sim::start(SimConfig {
            ttft,
            ..SimConfig::default()
        })
        .expect("a simulated server");
        let context = Context::new();
        let url = sim.url();
        let more = "--request-count 1000000 --concurrency 2 --osl 4 --artifact-dir out --ui none";
        let args: Vec<_> = [
            "profile",
            "--url",
            &url,
            "--server-metrics-interval",
            "50ms",
        ]
        .into_iter()
        .chain(more.split(' '))
        .collect();
        let mut child = context
            .command(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Self {
            context,
            child,
            stderr,
            _sim: sim,
        }
    }

    /// Waits until `file` has `lines`: nothing but the file tells how far another process is.
    fn wait_for(&self, file: &str, lines: usize) {
        let path = self.context.path().join("out").join(file);
        let give_up = Instant::now() + Duration::from_mins(1);
        while std::fs::read_to_string(&path).map_or(0, |text| text.lines().count()) < lines {
            assert!(Instant::now() < give_up, "{file} has no {lines} lines");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("the process is there");
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("a line");
        line
    }

    /// Waits for the end; returns the exit code and the rest of what was said.
    fn end(mut self) -> (Context, Option<i32>, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        let code = self.child.wait().expect("an end").code();
        (self.context, code, said)
    }
}

/// Every file is there and valid, and they agree; returns the report.
fn checked(context: &Context) -> Value {
    let report = context.json("out/aiperf.json");
    let lines = context.json_lines("out/profile_export.jsonl");
    assert_eq!(report["requests"]["sent"], lines.len());
    assert!(
        !context
            .json_lines("out/server_metrics_export.jsonl")
            .is_empty()
    );
    assert!(context.read("out/metrics.csv").starts_with("Metric,"));
    let warnings = report["warnings"].as_array().expect("warnings");
    assert!(
        warnings
            .iter()
            .any(|warning| warning["code"] == "interrupted")
    );
    report
}

#[test]
fn one_ctrl_c_or_sigterm_finishes_what_is_in_flight() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let run = Running::start(Duration::from_millis(5));
        run.wait_for("profile_export.jsonl", 10);
        run.signal(signal);
        let (context, code, said) = run.end();
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(complaints(&said), 1, "{said}");
        let report = checked(&context);
        assert_eq!(report["metadata"]["status"], "interrupted");
        assert_eq!(report["requests"]["sent"], report["requests"]["done"]);
        // The servers were read once more, until their counters stood still.
        let settled = report["phases"][0]["settle"].as_array().expect("settle");
        assert!(!settled.is_empty() && settled.iter().all(|one| one["settled"] == true));
    }
}

#[test]
fn a_second_ctrl_c_gives_up_what_is_in_flight() {
    let mut run = Running::start(Duration::from_hours(1));
    run.wait_for("server_metrics_export.jsonl", 4);
    run.signal(Signal::SIGINT);
    assert!(run.next_line().contains("again"));
    run.signal(Signal::SIGINT);
    let (context, code, said) = run.end();
    assert_eq!(code, Some(130), "{said}");
    let report = checked(&context);
    assert_eq!(report["metadata"]["status"], "aborted");
    assert_eq!(report["requests"]["cancelled"], 2);
}

#[test]
fn sigkill_leaves_whole_lines() {
    let mut run = Running::start(Duration::from_millis(5));
    run.wait_for("profile_export.jsonl", 10);
    run.wait_for("server_metrics_export.jsonl", 3);
    run.signal(Signal::SIGKILL);
    run.child.wait().expect("an end");
    for file in ["profile_export.jsonl", "server_metrics_export.jsonl"] {
        let text = run.context.read(&format!("out/{file}"));
        let (whole, _) = text.rsplit_once('\n').expect("a line");
        for line in whole.lines() {
            serde_json::from_str::<Value>(line).expect("valid JSON");
        }
    }
    assert!(!run.context.exists("out/aiperf.json"));
}

//! The life of processes that plugins have: they end with the run, and not before.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;

use aiperf_sim::{Sim, SimConfig};

use crate::context::Context;
use crate::isolated::ISOLATED;
use crate::library::table;

/// Processes that work for the process `parent`.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name in brackets: state, parent.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = fields.split_whitespace().skip(1);
        if fields.next().and_then(|field| field.parse().ok()) == Some(parent) {
            found.push(number);
        }
    }
    found
}

/// Whether a process is there and has not ended.
fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default();
    !matches!(state.trim().chars().next(), None | Some('Z' | 'X'))
}

#[test]
fn no_process_outlives_the_run() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    for fault in ["none", "hang"] {
        let context = Context::new();
        let more = format!(
            "{ISOLATED}[collectors.bad]\nuse = \"faulty_stream\"\noptions.fault = {fault:?}\n"
        );
        context.write("faulty.toml", &table("faulty", &more));
        let url = sim.url();
        let args = [
            "collect",
            "--url",
            &url,
            "--duration",
            "10m",
            "-f",
            "faulty.toml",
        ];
        let mut command = context.command(&args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().expect("the binary starts");
        let plugin = loop {
            assert!(run.try_wait().expect("a child").is_none(), "it goes on");
            // The probe is a child too, for a moment.
            let mut hosts = children(run.id()).into_iter().filter(|child| {
                let line = fs::read_to_string(format!("/proc/{child}/cmdline"));
                line.is_ok_and(|line| line.contains("__plugin-host"))
            });
            if let Some(host) = hosts.next()
                && context.exists("artifacts")
            {
                break host;
            }
            std::thread::yield_now();
        };
        run.kill().expect("a kill");
        let status = run.wait().expect("its end");
        assert_eq!(status.signal(), Some(9));
        while is_running(plugin) {
            std::thread::yield_now();
        }
    }
}

/// A terminal sends Ctrl-C to the whole group of processes.
#[test]
fn ctrl_c_is_for_the_run_and_not_for_its_plugins() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let more = format!(
        "{ISOLATED}[collectors.bad]\nuse = \"faulty\"\ninterval = \"20ms\"\noptions.fault = \"none\"\n"
    );
    context.write("faulty.toml", &table("faulty", &more));
    let url = sim.url();
    let line = format!(
        "profile --url {url} -f faulty.toml --request-count 100000 --concurrency 2 --osl 20 \
         --artifact-dir out --ui none"
    );
    let mut command = context.command(&line.split(' ').collect::<Vec<_>>());
    let child = command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let long = std::time::Duration::from_mins(1);
    assert!(sim.wait_until(long, |totals| totals.finished >= 10));
    let group = format!("-{}", child.id());
    let killed = std::process::Command::new("kill")
        .args(["-s", "INT", "--", &group])
        .status();
    assert!(killed.expect("kill runs").success());
    let ran = crate::context::ran(child.wait_with_output().expect("an end"));
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    let scrapes = &report["server_metrics"]["endpoints"]["bad"]["scrapes"];
    assert_eq!(scrapes["failed"], 0, "{scrapes:#}");
    assert!(!ran.stderr.contains("its process"), "{}", ran.stderr);
}

//! The tool's own lag: measured, warned of in every format, and minded by `--strict`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, ran};

const CONCURRENCY: u64 = 4;
const REQUESTS: u64 = 40;

/// Far above every threshold: a tenth of the requests is late by more than it takes to answer one.
const PAUSE: Duration = Duration::from_millis(300);

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(status.expect("kill runs").success(), "{name}");
}

/// A run that is stopped by a signal until all requests in flight were answered and [`PAUSE`] is
/// over: answers lie in the sockets, and nothing is sent.
fn interrupted_run(context: &Context, more: &[&str]) -> super::context::Ran {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (url, concurrency, count) = (sim.url(), CONCURRENCY.to_string(), REQUESTS.to_string());
    let mut args = vec!["profile", "--url", &url, "--artifact-dir", "out"];
    args.extend(["--concurrency", &concurrency, "--request-count", &count]);
    args.extend(more);
    let mut command = context.command(&args);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    let long = Duration::from_mins(1);
    assert!(sim.wait_until(long, |totals| totals.finished >= CONCURRENCY));
    signal(&child, "STOP");
    // What is in flight ends without the client: the server needs no more of it.
    sim.wait_until(PAUSE, |_| false);
    signal(&child, "CONT");
    ran(child.wait_with_output().expect("the binary ends"))
}

#[test]
fn a_client_that_stands_still_says_so_in_every_format() {
    let context = Context::new();
    let ran = interrupted_run(&context, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let code = "client_sends_late";
    let report = context.json("out/aiperf.json");
    let warnings = report["warnings"].as_array().expect("warnings");
    let warning = warnings.iter().find(|warning| warning["code"] == code);
    let warning = warning.unwrap_or_else(|| panic!("no {code} in {warnings:?}"));
    assert!(
        warning["message"]
            .as_str()
            .expect("a message")
            .contains(" ms")
    );
    assert!(!warning["remedy"].as_str().expect("a remedy").is_empty());
    assert!(context.read("out/metrics.csv").contains(code));
    assert!(
        context
            .read("out/run.log")
            .contains(&format!("Warn report: {code}: "))
    );
    let first_words = "requests were sent";
    assert!(ran.stdout.contains(first_words), "{}", ran.stdout);
    assert!(
        !ran.stderr.contains(first_words),
        "the console has it already"
    );
}

#[test]
fn strict_makes_it_an_exit_code() {
    let ran = interrupted_run(&Context::new(), &["--strict", "--ui", "none"]);
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    assert!(ran.stderr.contains("client_sends_late"), "{}", ran.stderr);
}

#[test]
fn strict_minds_an_endpoint_that_never_answers() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = listener.local_addr().expect("an address");
    drop(listener);
    let missing = format!("http://{closed}/metrics");
    let context = Context::new();
    let url = sim.url();
    let args = [
        "profile",
        "--url",
        &url,
        "--artifact-dir",
        "out",
        "--server-metrics",
        &missing,
    ];
    let lax = context.run(&args);
    assert_eq!(lax.code, Some(0), "{}", lax.stderr);
    let strict = context.run(&[&args[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(6), "{}", strict.stderr);
    assert!(
        strict.stderr.contains("endpoint_unreachable"),
        "{}",
        strict.stderr
    );
}

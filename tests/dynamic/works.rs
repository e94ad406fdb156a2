//! What a library brings works as if it were built in.

use std::io::{Read, Write};
use std::net::TcpListener;

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use crate::context::{Context, Ran};
use crate::library::{library, table};

fn sim() -> Sim {
    Sim::start(SimConfig::default()).expect("a simulated server")
}

fn profile(context: &Context, url: &str, files: &str) -> Ran {
    let all = "--request-count 8 --concurrency 2 --osl 3 --artifact-dir out --ui none";
    let line = format!("profile --url {url} {files} {all}");
    context.succeed(&line.split(' ').collect::<Vec<_>>())
}

/// Metrics of the one server of an endpoint in a report.
fn metrics<'a>(report: &'a Value, endpoint: &str) -> &'a Value {
    let servers = report["server_metrics"]["endpoints"][endpoint]["servers"].as_object();
    let servers = servers.unwrap_or_else(|| panic!("{endpoint} is not in {report:#}"));
    &servers.values().next().expect("a server")["metrics"]
}

#[test]
fn every_kind_and_every_mode_works() {
    let (sim, pages) = (sim(), sim());
    let context = Context::new();
    let page = format!("{}/metrics", pages.url());
    let more = format!(
        "[collectors.acme_pulse]\ninterval = \"20ms\"\noptions.devices = 3\n\
         [collectors.wire]\nuse = \"acme_ticker\"\n\
         [collectors.pages]\nuse = \"acme_pages\"\noptions.url = {page:?}\n\
         [exporters.acme_journal]\noptions.path = \"journal.txt\"\n"
    );
    context.write("acme.toml", &table("acme", &more));
    profile(&context, &sim.url(), "-f acme.toml");

    let report = context.json("out/aiperf.json");
    let calls = &metrics(&report, "acme_pulse")["acme_calls"];
    assert_eq!(calls["sum_over_series"], true, "{calls:#}");
    assert!(calls["total"].as_f64() > Some(2.0), "{calls:#}");
    let wire = metrics(&report, "wire/wire");
    assert_eq!(wire["acme_level"]["avg"], 7.5);
    assert!(
        metrics(&report, &page)
            .get("vllm:generation_tokens")
            .is_some()
    );

    let journal = context.read("out/journal.txt");
    assert!(journal.starts_with("requests 8\nscrapes "), "{journal}");
    assert!(
        journal.contains("\nphases profiling profiling\nservers 4\n"),
        "{journal}"
    );
    let log = context.read("out/run.log");
    assert!(
        log.contains("collector acme_pulse: the pulse is open"),
        "{log}"
    );
    assert!(
        log.contains("collector pages: the page answers 200"),
        "{log}"
    );
    assert!(
        log.contains(&library("acme").display().to_string()),
        "{log}"
    );
}

#[test]
fn a_library_may_take_the_place_of_a_built_in() {
    let sim = sim();
    let context = Context::new();
    context.write("own.toml", &table("prometheus", "override = true"));
    profile(&context, &sim.url(), "-f own.toml");
    let report = context.json("out/aiperf.json");
    let tokens = &metrics(&report, &format!("{}/metrics", sim.url()))["vllm:generation_tokens"];
    assert_eq!(tokens["total"], 24.0);
}

#[test]
fn a_later_file_swaps_the_exporter() {
    let sim = sim();
    let context = Context::new();
    let journal = |name: &str| format!("[exporters.acme_journal]\noptions.path = {name:?}\n");
    context.write("a.toml", &table("acme", &journal("one.txt")));
    context.write("b.toml", &journal("two.txt"));
    profile(&context, &sim.url(), "-f a.toml -f b.toml");
    assert!(context.exists("out/two.txt"));
    assert!(!context.exists("out/one.txt"));
}

/// Takes one request and answers it; what came.
fn answer_one(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().expect("a connection");
    let (mut came, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).expect("a request");
        came.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&came).into_owned();
        let head = text.split_once("\r\n\r\n");
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().expect("a length"));
        if read == 0 || head.is_some_and(|(_, body)| body.len() >= length) {
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").expect("an answer");
            return text;
        }
    }
}

#[test]
fn an_exporter_may_send_what_it_has() {
    for (status, code) in [("204 No Content", 0), ("503 Busy", 5)] {
        let sim = sim();
        let context = Context::new();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let more = format!(
            "[exporters.acme_journal.options]\npath = \"j.txt\"\npost_to = \"http://{address}/in?a=b\"\n"
        );
        context.write("acme.toml", &table("acme", &more));
        let peer = std::thread::spawn(move || answer_one(&listener, status));
        let url = sim.url();
        let line = format!(
            "profile --url {url} -f acme.toml --request-count 8 --osl 3 --artifact-dir out --ui none"
        );
        let ran = context.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        let came = peer.join().expect("a request");
        assert!(came.starts_with("POST /in?a=b HTTP/1.1\r\n"), "{came}");
        assert!(
            came.contains("content-type: text/plain; charset=utf-8\r\n"),
            "{came}"
        );
        assert!(came.ends_with(&context.read("out/j.txt")), "{came}");
        if code == 5 {
            let said = format!("exporter `acme_journal`: `http://{address}/in?a=b` answers 503");
            assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        }
    }
}

#[test]
fn the_report_of_a_run_needs_none_of_its_libraries() {
    let sim = sim();
    let context = Context::new();
    let more =
        "[collectors.acme_pulse]\n[exporters.acme_journal]\noptions.path = \"journal.txt\"\n";
    context.write("acme.toml", &table("acme", more));
    profile(&context, &sim.url(), "-f acme.toml");
    let ran = context.succeed(&["report", "out", "--format", "json"]);
    let again: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(
        metrics(&again, "acme_pulse"),
        metrics(&context.json("out/aiperf.json"), "acme_pulse")
    );
    let with = [
        "report",
        "out",
        "-f",
        "acme.toml",
        "--artifact-dir",
        "again",
    ];
    context.succeed(&with);
    assert!(context.exists("again/journal.txt"));
}

//! Load over HTTP/2, without TLS and with it.

use std::time::Duration;

use aiperf_sim::{Fault, Faults, Sim, SimConfig, StagedSim, Truth, Weather};
use serde_json::Value;

use super::context::{Context, Ran};
use super::https::{terminate, testdata};
use super::peer;

fn sim(faults: Faults) -> Sim {
    let config = SimConfig {
        faults,
        ..SimConfig::default()
    };
    Sim::start(config).expect("a simulated server")
}

fn run(context: &Context, url: &str, more: &[&str]) -> Ran {
    let all = "--request-count 12 --concurrency 3 --osl 4 --isl 8 --artifact-dir out --ui none";
    let mut args = vec!["profile", "--url", url];
    args.extend(all.split(' '));
    args.extend(more);
    context.run(&args)
}

fn over_http2(context: &Context, url: &str, more: &[&str]) -> Value {
    let ran = run(context, url, &[&["--http-version", "2"], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    context.json("out/aiperf.json")
}

fn check(report: &Value, truth: &Truth) {
    assert_eq!(report["metadata"]["http_version"], "2");
    assert_eq!(report["requests"]["done"], 12);
    assert_eq!(truth.totals.completed, 12);
    assert_eq!(truth.totals.completion_tokens, 48);
}

#[test]
fn requests_go_over_a_few_connections_without_tls() {
    let (context, sim) = (Context::new(), sim(Faults::default()));
    let report = over_http2(&context, &sim.url(), &[]);
    let endpoint = &report["server_metrics"]["endpoints"][format!("{}/metrics", sim.url())];
    assert_eq!(endpoint["reachable"], true, "metrics are read beside it");
    check(&report, &sim.stop());
}

#[test]
fn connections_are_used_as_the_strategy_says() {
    let never = sim(Faults::default());
    let more = [
        "--connection-reuse-strategy",
        "never",
        "--no-server-metrics",
    ];
    let report = over_http2(&Context::new(), &never.url(), &more);
    let truth = never.stop();
    check(&report, &truth);
    assert!(truth.totals.connections >= 12, "one for each request");

    let sticky = sim(Faults::default());
    let more = "--connection-reuse-strategy sticky-user-sessions --no-server-metrics \
                --conversation-num 4 --conversation-turn-mean 3 --conversation-turn-stddev 0";
    let more: Vec<_> = more.split_whitespace().collect();
    let report = over_http2(&Context::new(), &sticky.url(), &more);
    let truth = sticky.stop();
    check(&report, &truth);
    let connections = truth.totals.connections;
    assert!((4..12).contains(&connections), "{connections}");
}

#[test]
fn several_requests_share_a_connection() {
    let sim = sim(Faults::default());
    let more = "--http2-streams 3 --no-server-metrics";
    let more: Vec<_> = more.split(' ').collect();
    let report = over_http2(&Context::new(), &sim.url(), &more);
    let truth = sim.stop();
    check(&report, &truth);
    // One that asked for the models, and one of each thread.
    let connections = truth.totals.connections;
    assert!(connections <= 4, "{connections}");
}

#[test]
fn sharing_needs_http_2_and_pooled_connections() {
    let url = "http://127.0.0.1:9";
    let never = "--http-version 2 --connection-reuse-strategy never --http2-streams 2";
    for (more, said) in [
        ("--http2-streams 2", "needs HTTP/2"),
        (never, "needs pooled connections"),
    ] {
        let more: Vec<_> = more.split(' ').collect();
        let ran = run(&Context::new(), url, &more);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn requests_that_are_given_up_are_cancelled_at_the_server() {
    // None ends by itself, and the server, however busy, has read each before it is given up.
    let config = SimConfig {
        ttft: Duration::from_mins(1),
        ..SimConfig::default()
    };
    let sim = Sim::start(config).expect("a simulated server");
    let context = Context::new();
    let more = "--request-cancellation-rate 100 --request-cancellation-delay 0.3 \
                --no-server-metrics";
    let more: Vec<_> = more.split_whitespace().collect();
    let report = over_http2(&context, &sim.url(), &more);
    assert_eq!(report["requests"]["cancelled"], 12);
    let seen = |totals: &aiperf_sim::Totals| totals.cancelled == 12;
    assert!(sim.wait_until(Duration::from_secs(10), seen));
}

#[test]
fn tls_agrees_on_the_version() {
    let mut weather = Weather::default();
    weather.add("certificate-unknown").expect("a fault");
    let staged = StagedSim::start(SimConfig::default(), weather).expect("a simulated server");
    let authority = testdata("authority.pem");
    for (version, spoken) in [("2", "2"), ("auto", "2"), ("1.1", "1.1")] {
        let context = Context::new();
        context.write("sim.pem", aiperf_sim::AUTHORITY);
        let more = ["--ca-file", "sim.pem", "--http-version", version];
        let url = staged.url().replace("127.0.0.1", "localhost");
        let ran = run(&context, &url, &more);
        assert_eq!(ran.code, Some(0), "{version}: {}", ran.stderr);
        let report = context.json("out/aiperf.json");
        assert_eq!(report["metadata"]["http_version"], spoken);
        assert_eq!(report["requests"]["done"], 12);
    }
    // A server that knows nothing of it.
    let sim = sim(Faults::default());
    let url = terminate(&sim, "server.pem");
    let context = Context::new();
    let ran = run(
        &context,
        &url,
        &["--ca-file", &authority, "--http-version", "auto"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    assert_eq!(report["metadata"]["http_version"], "1.1");
    let ran = run(
        &context,
        &url,
        &["--ca-file", &authority, "--http-version", "2"],
    );
    let said = "the server does not speak HTTP/2 (it does not offer `h2` over TLS)";
    refused(&ran, said);
}

fn refused(ran: &Ran, said: &str) {
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("use `--http-version 1.1`"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.complaints(), 1, "{}", ran.stderr);
}

#[test]
fn a_server_without_http_2_is_told_before_the_run() {
    let url = peer::serve(|_, stream| {
        peer::send(
            stream,
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        );
        // Closing with bytes unread would reset the connection, and with it the answer.
        peer::hang(stream);
        false
    });
    let ran = run(&Context::new(), &url, &["--http-version", "2"]);
    refused(
        &ran,
        "the server does not speak HTTP/2 (it answers in HTTP/1.1)",
    );
}

#[test]
fn a_proxy_that_forwards_is_refused() {
    let more = ["--http-version", "2", "--proxy", "http://127.0.0.1:9"];
    let ran = run(&Context::new(), "http://sim.example", &more);
    refused(&ran, "the proxy forwards requests to it in HTTP/1.1");
}

#[test]
fn what_a_server_does_to_streams_is_a_class_of_errors() {
    for (fault, class, said) in [
        (
            "goaway",
            "goaway",
            "gave the connection up (INTERNAL_ERROR)",
        ),
        ("reset", "stream_reset", "reset the stream (INTERNAL_ERROR)"),
        ("cut", "stream_reset", "reset the stream (INTERNAL_ERROR)"),
        (
            "refused-stream",
            "stream_reset",
            "reset the stream (REFUSED_STREAM)",
        ),
    ] {
        let sim = sim(Faults {
            requests: Some(Fault::of_requests(fault).expect("a fault")),
            ..Faults::default()
        });
        let context = Context::new();
        let ran = run(&context, &sim.url(), &["--http-version", "2"]);
        assert!(ran.stderr.contains(said), "{fault}: {}", ran.stderr);
        let lines = context.json_lines("out/profile_export.jsonl");
        assert_eq!(lines.len(), 12);
        for line in lines {
            assert_eq!(line["error"]["type"], class, "{fault}");
        }
    }
}

#[test]
fn a_refused_stream_is_sent_again() {
    let sim = sim(Faults {
        requests: Some(Fault::of_requests("refused-stream:every=4").expect("a fault")),
        ..Faults::default()
    });
    let report = over_http2(&Context::new(), &sim.url(), &["--no-server-metrics"]);
    let truth = sim.stop();
    check(&report, &truth);
    assert!(truth.totals.rejected >= 3, "refused, and not failed");
}

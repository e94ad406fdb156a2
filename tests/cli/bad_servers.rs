//! Inference servers that hang, die, or talk nonsense: every request gets its class, the run ends,
//! and the exit code says what kind of run it was.

use std::io::Read;
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use super::context::{Context, Ran};
use super::peer::{chunk, forever, hang, head, response, send, serve};

const EVENTS: &str = "text/event-stream";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";

fn profile(context: &Context, url: &str, more: &[&str]) -> Ran {
    let fixed = [
        "profile",
        "--url",
        url,
        "--no-server-metrics",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ];
    context.run(&[&fixed, more].concat())
}

/// Classes of the failed requests and how many had each.
fn errors(report: &Value) -> Vec<(&str, u64)> {
    let classes = report["requests"]["errors"].as_array().expect("errors");
    classes
        .iter()
        .map(|error| {
            let class = error["class"].as_str().expect("a class");
            (class, error["count"].as_u64().expect("a count"))
        })
        .collect()
}

/// All four requests fail with `class`, and the one line on stderr says `text`.
fn check(
    class: &str,
    text: &str,
    more: &[&str],
    answer: impl Fn(&mut TcpStream) + Send + Sync + 'static,
) {
    let url = serve(move |_, stream| {
        answer(stream);
        false
    });
    let context = Context::new();
    let ran = profile(
        &context,
        &url,
        &[&["--model", "m", "--request-count", "4"], more].concat(),
    );
    assert_eq!(ran.code, Some(4), "{class}: {}", ran.stderr);
    assert_eq!(ran.complaints(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(text), "`{text}` in {}", ran.stderr);
    let report = context.json("out/aiperf.json");
    assert_eq!(errors(&report), [(class, 4)]);
    assert_eq!(report["metadata"]["status"], "completed");
    let lines = context.json_lines("out/profile_export.jsonl");
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["error"]["type"] == class));
}

#[test]
fn a_server_that_never_answers_meets_the_timeout() {
    // The server is also asked for its models, within the limit for connecting.
    let limits = ["--request-timeout-seconds", "0.1", "--connect-timeout", "1"];
    check("timeout", "no complete response in time", &limits, hang);
}

#[test]
fn a_stream_that_never_ends_meets_the_timeout() {
    let limit = ["--request-timeout-seconds", "0.1"];
    check(
        "timeout",
        "no complete response in time",
        &limit,
        |stream| {
            send(stream, &head(EVENTS, CHUNKED));
            forever(stream, &chunk(b": still here\n\n"));
        },
    );
}

#[test]
fn garbage_is_no_http() {
    check("protocol", "not a valid HTTP response", &[], |stream| {
        send(stream, &[0xfe; 5_000]);
    });
}

#[test]
fn headers_that_never_end_are_cut_off() {
    check("protocol", "head is too large", &[], |stream| {
        send(stream, b"HTTP/1.1 200 OK\r\n");
        forever(stream, &b"x-more: and more\r\n".repeat(1_000));
    });
}

#[test]
fn half_a_response_is_a_failed_request() {
    check("closed_early", "closed the connection", &[], |stream| {
        let whole = response("application/json", "", &[b' '; 1_000]);
        send(stream, &whole[..whole.len() / 2]);
    });
}

#[test]
fn half_a_stream_is_a_failed_request() {
    check("closed_early", "closed the connection", &[], |stream| {
        send(stream, &head(EVENTS, CHUNKED));
        send(
            stream,
            &chunk(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"),
        );
    });
}

#[test]
fn a_body_that_never_ends_is_cut_off() {
    check("body_limit", "too large", &["--no-streaming"], |stream| {
        send(stream, &head("application/json", CHUNKED));
        forever(stream, &chunk(&vec![b' '; 1 << 20]));
    });
}

#[test]
fn an_event_that_never_ends_is_cut_off() {
    check("invalid_response", "larger than", &[], |stream| {
        send(stream, &head(EVENTS, CHUNKED));
        send(stream, &chunk(b"data: "));
        forever(stream, &chunk(&vec![b'x'; 1 << 20]));
    });
}

#[test]
fn a_web_page_is_no_answer() {
    check("invalid_response", "<html>", &[], |stream| {
        send(stream, &response("text/html", "", b"<html>hello</html>"));
    });
}

#[test]
fn compression_that_was_not_asked_for_is_named() {
    check("invalid_response", "compressed as `gzip`", &[], |stream| {
        let packed = response(EVENTS, "content-encoding: gzip\r\n", b"\x1f\x8b");
        send(stream, &packed);
    });
}

/// The type of the body got lost on the way, or was never there.
#[test]
fn a_stream_without_its_type_is_a_stream() {
    let url = serve(|_, stream| {
        let events = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
        send(stream, &response("text/plain", "", events.as_bytes()))
    });
    let context = Context::new();
    let ran = profile(&context, &url, &["--model", "m", "--request-count", "4"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    assert_eq!(report["llm_metrics"]["time_to_first_token"]["n"], 4);
}

#[test]
fn a_server_that_dies_costs_the_requests_after_its_death() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = json!({
        "choices": [{ "message": { "content": "a" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1 },
    });
    let whole = response(
        "application/json",
        "connection: close\r\n",
        answer.to_string().as_bytes(),
    );
    let server = std::thread::spawn(move || {
        // One connection asks for the models, five carry requests; then nobody listens any more.
        for _ in 0..6 {
            let (mut stream, _) = listener.accept().expect("a connection");
            assert!(stream.read(&mut vec![0; 65_536]).expect("a request") > 0);
            send(&mut stream, &whole);
        }
    });
    let context = Context::new();
    let more = [
        "--model",
        "m",
        "--request-count",
        "20",
        "--no-streaming",
        "--concurrency",
        "1",
    ];
    let ran = profile(&context, &url, &more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    server.join().expect("the server has answered");
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 5);
    assert_eq!(errors(&report), [("connect_refused", 15)]);
    assert_eq!(context.json_lines("out/profile_export.jsonl").len(), 20);
}

#[test]
fn a_server_that_closes_every_connection_costs_nothing() {
    let sim = aiperf_sim::Sim::start(aiperf_sim::SimConfig {
        faults: aiperf_sim::Faults {
            close_after_each_response: true,
            ..aiperf_sim::Faults::default()
        },
        ..aiperf_sim::SimConfig::default()
    })
    .expect("a simulated server");
    let context = Context::new();
    let ran = profile(
        &context,
        &sim.url(),
        &[
            "--model",
            "sim-model",
            "--request-count",
            "60",
            "--osl",
            "2",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(context.json("out/aiperf.json")["requests"]["done"], 60);
}

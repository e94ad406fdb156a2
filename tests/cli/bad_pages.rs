//! Metrics pages that are none, or too much: the source is reported, the other sources go on.

use std::io::Write;
use std::net::TcpStream;

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;
use super::peer::{chunk, forever, hang, head, response, send, serve};

const PROMETHEUS: &str = "text/plain; version=0.0.4";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";
const PAGE: &str = "# TYPE a counter\na_total 1\n# TYPE b gauge\nb{x=\"y\"} 2\n";

/// Collects from the bad page and from a good one; returns what the report says of the bad one.
fn collect(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Value {
    let bad = serve(move |request, stream| {
        if request.contains("/bad ") {
            answer(stream);
            false
        } else {
            send(
                stream,
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            )
        }
    });
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (bad, good) = (format!("{bad}/bad"), format!("{}/metrics", sim.url()));
    let context = Context::new();
    context.write("aiperf.toml", "[server_metrics]\nauto = false\n");
    context.succeed(&[
        "collect",
        // Long enough for 64 MiB, which are refused only once they are here.
        "--duration",
        "2",
        "--server-metrics-timeout",
        "1.5",
        "--server-metrics",
        &bad,
        &good,
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ]);
    let mut report = context.json("out/aiperf.json");
    let endpoints = &mut report["server_metrics"]["endpoints"];
    assert_eq!(endpoints[&good]["reachable"], true);
    let mut told = endpoints[&bad].take();
    told["warnings"] = report["warnings"].take();
    let lines = context.json_lines("out/server_metrics_export.jsonl");
    told["failed_lines"] = lines
        .iter()
        .filter(|line| !line["error"].is_null())
        .count()
        .into();
    told
}

/// The source fails with `class`, and the report warns of it.
fn check(class: &str, answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) {
    let told = collect(answer);
    assert_eq!(told["reachable"], false, "{told:#}");
    assert_eq!(told["last_error"]["type"], class, "{told:#}");
    assert_ne!(told["failed_lines"], 0);
    assert_eq!(told["warnings"][0]["code"], "endpoint_unreachable");
}

#[test]
fn a_page_beyond_the_limit_is_refused() {
    check("body_limit", |stream| {
        send(stream, &head(PROMETHEUS, "content-length: 70000000\r\n"));
        forever(stream, &vec![b'#'; 1 << 20]);
    });
}

#[test]
fn a_page_without_end_is_refused() {
    check("body_limit", |stream| {
        send(stream, &head(PROMETHEUS, CHUNKED));
        forever(stream, &chunk(&b"abc 1\n".repeat(100_000)));
    });
}

#[test]
fn a_page_that_does_not_come_to_its_end_meets_the_timeout() {
    check("timeout", |stream| {
        send(stream, &head(PROMETHEUS, "content-length: 100\r\n"));
        for byte in PAGE.bytes() {
            send(stream, &[byte]);
        }
        hang(stream);
    });
}

#[test]
fn a_page_that_is_cut_off_is_no_page() {
    check("closed_early", |stream| {
        let whole = response(PROMETHEUS, "", PAGE.as_bytes());
        send(stream, &whole[..whole.len() - 5]);
    });
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn compressed_data_that_is_cut_off_is_no_page() {
    check("protocol", |stream| {
        let packed = gzip(PAGE.as_bytes());
        let half = &packed[..packed.len() / 2];
        send(
            stream,
            &response(PROMETHEUS, "content-encoding: gzip\r\n", half),
        );
    });
}

/// RFC 1952 allows it, and proxies do it.
#[test]
fn compressed_parts_that_were_joined_are_one_page() {
    let told = collect(|stream| {
        let (first, second) = PAGE.as_bytes().split_at(30);
        let packed = [gzip(first), gzip(second)].concat();
        let page = response(PROMETHEUS, "content-encoding: gzip\r\n", &packed);
        send(stream, &page);
    });
    let metrics = &told["servers"]["server-0"]["metrics"];
    assert_eq!(metrics["a"]["max"], 1.0, "{told:#}");
    assert_eq!(metrics["b"]["max"], 2.0, "{told:#}");
}

#[test]
fn compression_that_was_not_asked_for_is_named() {
    let told = collect(|stream| {
        let page = response(PROMETHEUS, "content-encoding: deflate\r\n", b"x\x9c\0\xff");
        send(stream, &page);
    });
    let why = told["warnings"][0]["message"].as_str().expect("a message");
    assert!(why.contains("compressed as `deflate`"), "{told:#}");
}

#[test]
fn a_redirect_says_where_to() {
    let told = collect(|stream| {
        let moved = "HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n";
        send(stream, moved.as_bytes());
    });
    let warning = &told["warnings"][0];
    assert_eq!(warning["message"], "HTTP 302: it moved to `/other`");
    let remedy = "give the URL that it moved to, or set `follow_redirects`";
    assert_eq!(warning["remedy"], remedy);
}

#[test]
fn a_page_without_metrics_is_told() {
    let told = collect(|stream| {
        send(stream, &response(PROMETHEUS, "", b"# no metrics yet\n"));
    });
    assert_eq!(told["warnings"][0]["code"], "no_metrics", "{told:#}");
}

#[test]
fn what_inflates_beyond_the_limit_is_refused() {
    check("body_limit", |stream| {
        let packed = gzip(&vec![b'\n'; 70_000_000]);
        send(
            stream,
            &response(PROMETHEUS, "content-encoding: gzip\r\n", &packed),
        );
    });
}

#[test]
fn what_is_no_metrics_page_is_named_by_the_url_that_was_given() {
    for (kind, body) in [
        ("text/html", "<html><body>hello</body></html>"),
        ("application/json", "{\"a\": 1}"),
    ] {
        let told = collect(move |stream| {
            send(stream, &response(kind, "", body.as_bytes()));
        });
        let why = told["disabled"].as_str().expect("a reason");
        assert!(why.starts_with("no metrics page"), "{why}");
        assert_eq!(told["reachable"], false);
    }
}

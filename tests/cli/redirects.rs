//! Redirects: errors that say where to, or followed without what is secret.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::context::Context;
use super::peer::{response, send, serve_heads};

const PAGE: &[u8] = b"# TYPE up_total counter\nup_total 1\n";

/// Heads of the requests that a server got.
type Heads = Arc<Mutex<Vec<String>>>;

/// A server that has a page at every path.
fn pages() -> (String, Heads) {
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    let url = serve_heads(move |head, stream| {
        seen.lock().expect("no panic").push(head.to_lowercase());
        send(stream, &response("text/plain; version=0.0.4", "", PAGE))
    });
    (url, heads)
}

/// A server that leads from every path but `/page` to `place`, and has a page there.
fn leads_to(status: &'static str, place: String) -> (String, Heads) {
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    let url = serve_heads(move |head, stream| {
        seen.lock().expect("no panic").push(head.to_lowercase());
        if head.starts_with("GET /page") {
            return send(stream, &response("text/plain; version=0.0.4", "", PAGE));
        }
        let answer = format!("HTTP/1.1 {status}\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
        send(stream, answer.as_bytes())
    });
    (url, heads)
}

/// Reads `url` once with every kind of credentials; what the report says of it.
fn read(url: &str, follow: &str) -> (Option<i32>, Value) {
    let context = Context::new();
    let place = url.trim_start_matches("http://");
    context.write(
        "aiperf.toml",
        &format!(
            "[server_metrics]\nauto = false\n{follow}\n[collectors.server_metrics.options]\n\
             targets = [{{ url = \"http://me:secretive-1@{place}/start/x\", headers = {{ \
             Cookie = \"secretive-2\", X-Key = \"secretive-3\" }} }}]\n"
        ),
    );
    let line = ["collect", "--once", "--ui", "none", "--artifact-dir", "out"];
    let ran = context.run(&line);
    (ran.code, context.json("out/aiperf.json"))
}

fn seen(heads: &Heads) -> Vec<String> {
    heads.lock().expect("no panic").clone()
}

const FOLLOW: &str = "follow_redirects = true";

#[test]
fn a_redirect_is_an_error_unless_told_otherwise() {
    let (other, heads) = pages();
    let (url, _) = leads_to("302 Found", format!("{other}/page"));
    for follow in [
        "",
        "follow_redirects = false",
        "follow_redirects = true\n[collectors.server_metrics]\nfollow_redirects = false",
    ] {
        let (code, report) = read(&url, follow);
        assert_eq!(code, Some(3), "{report:#}");
        let message = report["warnings"][0]["message"].as_str();
        let expected = format!("HTTP 302: it moved to `{other}/page`");
        assert_eq!(message, Some(&*expected), "{report:#}");
    }
    assert_eq!(seen(&heads), [""; 0]);
}

#[test]
fn another_server_is_told_no_secret() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (other, heads) = pages();
        let (url, first) = leads_to(status, other.replace("http://", "http://a:b@") + "/page");
        let (code, report) = read(&url, FOLLOW);
        assert_eq!(code, Some(0), "{status}: {report:#}");
        let (first, heads) = (seen(&first), seen(&heads));
        // Both readings of the run; the second one over the same connections.
        assert!(!heads.is_empty() && heads.len() == first.len(), "{heads:?}");
        for head in &first {
            assert!(head.contains("authorization: basic"), "{head}");
            assert!(
                head.contains("secretive-2") && head.contains("secretive-3"),
                "{head}"
            );
        }
        for head in &heads {
            for absent in ["authorization", "cookie", "x-key", "secretive"] {
                assert!(!head.contains(absent), "{absent} in {head}");
            }
            assert!(head.contains("accept: text/plain"), "{head}");
        }
    }
}

#[test]
fn the_same_server_gets_what_is_meant_for_it() {
    let (url, heads) = leads_to("307 Temporary Redirect", "../page?q=1".to_owned());
    let (code, report) = read(&url, FOLLOW);
    assert_eq!(code, Some(0), "{report:#}");
    let heads = seen(&heads);
    let pages: Vec<_> = heads
        .iter()
        .filter(|head| head.starts_with("get /page?q=1 "))
        .collect();
    assert!(!pages.is_empty(), "{heads:?}");
    for head in pages {
        assert!(head.contains("authorization: basic"), "{head}");
        assert!(head.contains("secretive-2"), "{head}");
    }
}

#[test]
fn a_circle_has_an_end() {
    let (url, heads) = leads_to("302 Found", "/start/again".to_owned());
    let (code, report) = read(&url, FOLLOW);
    assert_eq!(code, Some(3), "{report:#}");
    let message = report["warnings"][0]["message"]
        .as_str()
        .expect("a message");
    assert!(
        message.contains("redirected more than 5 times"),
        "{message}"
    );
    assert!(seen(&heads).len().is_multiple_of(6), "{:?}", seen(&heads));
}

#[test]
fn where_nobody_is_or_no_url_is_said() {
    for (place, said) in [
        ("http://127.0.0.1:1/page", "connection refused"),
        ("ftp://h/page", "HTTP 302: it moved to `ftp://h/page`"),
    ] {
        let (url, _) = leads_to("302 Found", place.to_owned());
        let (code, report) = read(&url, FOLLOW);
        assert_eq!(code, Some(3), "{report:#}");
        let message = report["warnings"][0]["message"]
            .as_str()
            .expect("a message");
        assert!(message.contains(said), "{message}");
    }
}

/// A server that is benchmarked is the one that was named.
#[test]
fn requests_of_the_load_follow_nothing() {
    let (other, heads) = pages();
    let (url, _) = leads_to("307 Temporary Redirect", format!("{other}/v1"));
    let context = Context::new();
    context.write(
        "aiperf.toml",
        "[server_metrics]\nfollow_redirects = true\nauto = false\n",
    );
    let line = [
        "profile",
        "--url",
        &url,
        "--model",
        "m",
        "--request-count",
        "3",
        "--api-key",
        "secretive-1",
        "--artifact-dir",
        "out",
    ];
    let ran = context.run(&line);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("it moved to"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("secretive"), "{}", ran.stderr);
    assert_eq!(seen(&heads), [""; 0]);
}

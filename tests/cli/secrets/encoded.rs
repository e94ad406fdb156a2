//! Secrets that come back written otherwise than they were given.

use std::fmt::Write;

use crate::context::Context;
use crate::peer::{response, send, serve_heads};

use super::{PLANTED, check, run_with_key};

/// What other programs write specially.
const KEY: &str = "pla/nted+1 &<\"2'>\\%";

/// The key, as a server may write it.
fn forms() -> Vec<(&'static str, String)> {
    let percent = |upper: bool| {
        KEY.bytes().fold(String::new(), |mut text, byte| {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let written = match (plain, upper) {
                (true, _) => write!(text, "{}", char::from(byte)),
                (false, true) => write!(text, "%{byte:02X}"),
                (false, false) => write!(text, "%{byte:02x}"),
            };
            written.expect("a string takes everything");
            text
        })
    };
    let json = serde_json::Value::from(KEY).to_string();
    let json = json.trim_matches('"').to_owned();
    let unicode = json
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let html = KEY
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    vec![
        ("as it is", KEY.to_owned()),
        ("JSON", json.clone()),
        ("JSON of PHP", json.replace('/', "\\/")),
        ("JSON of Go", unicode),
        ("URL", percent(true)),
        ("URL, small", percent(false)),
        ("form", percent(true).replace("%20", "+")),
        ("HTML", html.replace('"', "&quot;").replace('\'', "&#39;")),
        (
            "HTML of Python",
            html.replace('"', "&quot;").replace('\'', "&#x27;"),
        ),
        (
            "HTML of Go",
            html.replace('"', "&#34;").replace('\'', "&#39;"),
        ),
        ("CSV", KEY.replace('"', "\"\"")),
        ("base64", "cGxhL250ZWQrMSAmPCIyJz5cJQ==".to_owned()),
    ]
}

#[test]
fn however_a_server_writes_a_key_it_is_not_shown() {
    for (form, text) in forms() {
        let said = format!("{{\"detail\": \"the key {text} is not known\"}}");
        let url = serve_heads(move |_, stream| {
            let answer = response("application/json", "", said.as_bytes());
            let answer = String::from_utf8(answer).expect("UTF-8");
            let refused = answer.replacen("200 OK", "401 Unauthorized", 1);
            send(stream, refused.as_bytes())
        });
        let context = Context::new();
        let ran = run_with_key(&context, &url, KEY, "3");
        assert_eq!(ran.code, Some(4), "{form}: {}", ran.stderr);
        check(&context, &ran);
        let known = "the key *** is not known";
        assert!(ran.stderr.contains(known), "{form}: {}", ran.stderr);
        let lines = context.read("out/profile_export.jsonl");
        assert!(lines.contains(known), "{form}: {lines}");
        assert!(
            !lines.contains(PLANTED) && !lines.contains("nted"),
            "{form}: {lines}"
        );
    }
}

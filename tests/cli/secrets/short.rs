//! Secrets that are so short that they are in everything: they are not shown where they were given, and
//! are not looked for elsewhere (`docs/decisions/0009-secrets.md`).

use super::run_with_key;
use crate::context::Context;
use crate::peer::{response, send, serve_heads};

/// A server that refuses everybody and repeats what they sent.
fn echo() -> String {
    serve_heads(|head, stream| {
        let answer = response("text/plain", "", format!("no: {head}").as_bytes());
        let text = String::from_utf8(answer).expect("UTF-8");
        let refused = text.replacen("200 OK", "401 Unauthorized", 1);
        send(stream, refused.as_bytes())
    })
}

#[test]
fn a_short_secret_is_not_shown_where_it_was_given() {
    let url = echo();
    let server = url.trim_start_matches("http://");
    for secret in ["q", "zq", "zqx", "zqxj", "zqxjk"] {
        let context = Context::new();
        context.write(
            "aiperf.toml",
            &format!(
                "[endpoint]\nurl = \"http://u:{secret}@{server}/v1?api_key={secret}\"\nmodel = \"m\"\n\
                 headers = {{ X-Api-Key = \"{secret}\" }}\nextra_inputs = {{ token = \"{secret}\" }}\n\
                 [server_metrics]\nurls = [\"http://u:{secret}@{server}/m?sig={secret}\"]\n\
                 [collectors.server_metrics.options]\nbearer_token = \"{secret}\"\n\
                 [load]\nrequest_count = 2\n[run]\nartifact_dir = \"out\"\n"
            ),
        );
        let ran = context.run(&["profile"]);
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        let shown = context.run(&["config", "show", "--origin", "profile"]);
        let wrong = context.run(&["profile", "--concurrency", "0"]);
        let report = context.read("out/aiperf.json");
        let own = [
            context.read("out/aiperf.toml"),
            report.clone(),
            shown.stdout,
            wrong.stderr,
        ];
        for text in own {
            for written in [
                format!(":{secret}@"),
                format!("={secret}\""),
                format!("={secret}&"),
                format!("= \"{secret}\""),
            ] {
                assert!(!text.contains(&written), "{secret}: {written} in\n{text}");
            }
        }
        // What is not a secret is still there.
        assert!(
            report.contains(&format!("http://{server}/m?sig=***")),
            "{report}"
        );
    }
}

#[test]
fn texts_are_not_destroyed_by_short_secrets() {
    let url = echo();
    let context = Context::new();
    let ran = run_with_key(&context, &url, "e", "2");
    assert!(ran.stderr.contains("401 Unauthorized"), "{}", ran.stderr);
    assert_eq!(context.json("out/aiperf.json")["requests"]["failed"], 2);
}

#[test]
fn from_four_bytes_on_messages_and_from_six_on_files_are_without_them() {
    let url = echo();
    for (secret, in_messages) in [("zq1", true), ("zq1x", false), ("zq1xj", false)] {
        let context = Context::new();
        let ran = run_with_key(&context, &url, secret, "2");
        assert_eq!(ran.stderr.contains(secret), in_messages, "{}", ran.stderr);
        let lines = context.read("out/profile_export.jsonl");
        assert_eq!(lines.contains(secret), in_messages, "{lines}");
    }
}

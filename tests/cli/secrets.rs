//! A secret planted in every place where one can be given is in no file and on no screen.

mod encoded;
mod given;
mod places;
mod short;

use std::fs;
use std::path::Path;

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, Ran, ran};
use super::peer::{response, send, serve_heads};

/// What all planted secrets have in them.
const PLANTED: &str = "planted";

/// Runs with variables of the environment that hold secrets.
fn run(context: &Context, args: &[&str]) -> Ran {
    let mut command = context.command(args);
    command.env("PLANTED_ENV", "planted-env-1234").env(
        "AIPERF_SERVER_METRICS_DEFAULT_ENDPOINTS",
        "localhost:1/metrics?token=planted-default-1234",
    );
    ran(command.output().expect("the binary starts"))
}

/// Sends a few requests with this key to a server that may say it again.
fn run_with_key(context: &Context, url: &str, key: &str, requests: &str) -> Ran {
    let load = ["profile", "--url", url, "--model", "m"];
    let more = [
        "--request-count",
        requests,
        "--artifact-dir",
        "out",
        "--api-key",
        key,
    ];
    context.run(&[&load[..], &more].concat())
}

/// Every place below `dir` that has a secret, in one of the forms in which it may be sent.
fn leaks(dir: &Path, ran: &Ran) -> Vec<String> {
    let mut found = Vec::new();
    let mut texts = vec![
        ("stdout".to_owned(), ran.stdout.clone().into_bytes()),
        ("stderr".to_owned(), ran.stderr.clone().into_bytes()),
    ];
    files(dir, &mut texts);
    assert!(texts.len() > 2, "no files in {}", dir.display());
    for (name, bytes) in texts {
        let text = String::from_utf8_lossy(&bytes).replace("PLANTED_ENV", "");
        // `cGxhbnRlZ`, `BsYW50ZW` and `wbGFudGVk`: the word in base64, at each of three places.
        for form in [PLANTED, "cGxhbnRlZ", "BsYW50ZW", "wbGFudGVk"] {
            for at in text.match_indices(form).map(|(at, _)| at) {
                let start = text.floor_char_boundary(at.saturating_sub(60));
                let end = text.floor_char_boundary(at + 60);
                found.push(format!(
                    "{name}: ...{}...",
                    text.get(start..end).unwrap_or("")
                ));
            }
        }
    }
    found
}

fn files(dir: &Path, texts: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, texts);
        } else {
            let bytes = fs::read(&path).expect("a file that can be read");
            texts.push((path.display().to_string(), bytes));
        }
    }
}

#[track_caller]
fn check(context: &Context, ran: &Ran) {
    check_named("", context, ran);
}

#[track_caller]
fn check_named(place: &str, context: &Context, ran: &Ran) {
    let found = leaks(&context.path().join("out"), ran);
    assert!(found.is_empty(), "{place}: {found:#?}");
}

/// Names of all files and folders below `dir`.
fn names(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        found.push(entry.file_name().to_string_lossy().into_owned());
        names(&entry.path(), found);
    }
}

/// A server that refuses everybody and repeats what they sent, also as JSON and far behind.
fn echo() -> String {
    serve_heads(|head, stream| {
        let quoted = serde_json::Value::from(head).to_string();
        let filler = "x".repeat(270);
        let body = format!("{{\"you\":{quoted},\"{filler}\":{quoted}}}\n{head}");
        let answer = response("application/json", "", body.as_bytes());
        let text = String::from_utf8(answer).expect("UTF-8");
        let refused = text.replacen("200 OK", "401 Unauthorized", 1);
        send(stream, refused.as_bytes())
    })
}

/// A metrics page that shows who asked for it: what a server must not do.
fn telltale() -> String {
    serve_heads(|head, stream| {
        let said = head.replace(['\r', '\n'], " ").replace('\\', "\\\\");
        let said = said.replace('"', "\\\"");
        let page = format!("# TYPE asked counter\nasked_total{{by=\"{said}\"}} 1\n");
        send(
            stream,
            &response("text/plain; version=0.0.4", "", page.as_bytes()),
        )
    })
}

/// Flags that hold a secret each, but for the API key.
fn flags(server: &str, metrics: &str) -> Vec<String> {
    let at = |url: &str| url.replace("http://", "");
    [
        "profile",
        "--model",
        "m",
        "--request-count",
        "4",
        "--artifact-dir",
        "out",
        "--isl",
        "10",
        "--osl",
        "3",
        "-H",
        "X-Api-Key: planted-x-api-key",
        "-H",
        "X-Whatever: planted \"quoted\" \\ 1",
        "-H",
        "Cookie: session=planted-cookie; other=planted-cookie-2",
        "--extra-inputs",
        "api_key:planted-in-the-body",
        "--url",
        &format!(
            "http://user:planted%40pw@{}/v1?api_key=planted-query",
            at(server)
        ),
        "--server-metrics",
        &format!(
            "http://user:planted-pw2@{}/metrics?api_key=planted-q-1",
            at(metrics)
        ),
        &format!("{}/metrics?api_key=planted-q-2", at(metrics)),
        &format!("planted-user:planted-pw3@{}/other", at(metrics)),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A file with the same places and those that flags do not have.
fn file(context: &Context, server: &str, metrics: &str) {
    let at = |url: &str| url.replace("http://", "");
    let (server, metrics) = (at(server), at(metrics));
    fs::write(context.path().join("secret"), "planted-from-a-file\n").expect("a file");
    context.write(
        "team.toml",
        &format!(
            r#"
[endpoint]
url = "http://${{file:secret}}:planted-pw@{server}/v1?api_key=${{PLANTED_ENV}}"
model = "sim-model"
api_key = "${{NOT_SET:-planted-as-default}}"
headers = {{ X-A = "planted-header", Authorization = "Bearer planted${{PLANTED_ENV}}" }}
[load]
request_count = 4
isl = 10
osl = 3
[server_metrics]
urls = ["http://{metrics}/metrics?access_token=planted-listed", "http://{metrics}/${{file:secret}}"]
[collectors.server_metrics.options]
bearer_token = "planted-bearer-token"
headers = {{ X-Scrape-Token = "planted-scrape-header" }}
targets = [
  {{ url = "http://{metrics}/a", bearer_token = "planted-target-token" }},
  {{ url = "http://{metrics}/b", basic = {{ username = "u", password = "planted-basic-pw" }} }},
  {{ url = "http://{metrics}/c", headers = {{ X-Target-Secret = "planted-target-header" }} }},
]
[run]
artifact_dir = "out"
ui = "none"
"#
        ),
    );
}

#[test]
fn what_refuses_us_and_repeats_our_secrets_gives_none_away() {
    let url = echo();
    let context = Context::new();
    let mut line = flags(&url, &url);
    line.extend(["--api-key", "planted-api-key-1"].map(str::to_owned));
    let line: Vec<_> = line.iter().map(String::as_str).collect();
    let ran = run(&context, &line);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("401"), "{}", ran.stderr);
    check(&context, &ran);
}

#[test]
fn keys_of_variables_and_files_are_not_given_away_either() {
    let url = echo();
    for by_file in [false, true] {
        let context = Context::new();
        let ran = if by_file {
            file(&context, &url, &url);
            run(&context, &["profile", "-f", "team.toml"])
        } else {
            let mut line = flags(&url, &url);
            line.extend(["--api-key-env", "PLANTED_ENV"].map(str::to_owned));
            let line: Vec<_> = line.iter().map(String::as_str).collect();
            run(&context, &line)
        };
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        check(&context, &ran);
    }
}

#[test]
fn a_run_that_succeeds_gives_no_secrets_away() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let telltale = telltale();
    let context = Context::new();
    file(&context, &sim.url(), &telltale);
    let ran = run(&context, &["profile", "-f", "team.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    check(&context, &ran);
    // Two endpoints that differ in a secret only stay two.
    let report = context.json("out/aiperf.json");
    let endpoints = report["server_metrics"]["endpoints"].as_object();
    let names: Vec<_> = endpoints.expect("endpoints").keys().collect();
    assert!(names.len() >= 6, "{names:?}");
    // What stays can be run again with the same variables and files.
    let written = context.read("out/aiperf.toml");
    for kept in [
        "${file:secret}",
        "?api_key=${PLANTED_ENV}",
        "Authorization = \"***${PLANTED_ENV}\"",
        "api_key = \"${NOT_SET:-***}\"",
        "access_token=***",
    ] {
        assert!(written.contains(kept), "{kept} not in\n{written}");
    }
    let again = run(&context, &["report", "out", "--format", "json"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}

#[test]
fn endpoints_that_differ_in_a_secret_only_are_told_apart() {
    let telltale = telltale();
    let context = Context::new();
    let url = |key: &str| format!("{telltale}/metrics?api_key=planted-{key}");
    let (first, second) = (url("one"), url("two"));
    let line = [
        "collect",
        "--once",
        "--artifact-dir",
        "out",
        "--server-metrics",
    ];
    let ran = run(&context, &[&line[..], &[&first, &second]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    check(&context, &ran);
    let report = context.json("out/aiperf.json");
    let endpoints = report["server_metrics"]["endpoints"].as_object();
    let names = endpoints.expect("endpoints").keys();
    let names: Vec<_> = names.filter(|name| name.contains("api_key")).collect();
    let shown = format!("{telltale}/metrics?api_key=***");
    assert_eq!(names, [&shown, &format!("{shown}#2")]);
}

#[test]
fn servers_that_are_not_there_give_no_secrets_away() {
    let gone = "http://127.0.0.1:1";
    let context = Context::new();
    file(&context, gone, gone);
    let ran = run(&context, &["profile", "-f", "team.toml"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!ran.stderr.contains(PLANTED), "{}", ran.stderr);
    let ran = run(&context, &["collect", "--once", "-f", "team.toml"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    check(&context, &ran);
}

#[test]
fn errors_and_what_is_shown_of_settings_give_no_secrets_away() {
    let context = Context::new();
    file(&context, "http://h", "http://h");
    let text = context.read("team.toml");
    let show = run(&context, &["config", "show", "--origin", "-f", "team.toml"]);
    assert_eq!(show.code, Some(0), "{}", show.stderr);
    fs::create_dir(context.path().join("out")).expect("a folder");
    context.write("out/nothing", "");
    check(&context, &show);
    for (good, bad) in [
        ("isl = 10", "isl = 0"),
        ("urls = [", "urls = [5, "),
        (
            "bearer_token = \"planted-bearer-token\"",
            "bearer_token = 5",
        ),
        ("username = \"u\"", "usernam = \"u\""),
        ("headers = { X-A", "headers = { \"no name\""),
        ("\"planted-target-token\"", "\"planted\\u0001\""),
        ("http://${file:secret}", "ftp://${file:secret}"),
        ("ui = \"none\"", "ui = \"${file:secret}\""),
        ("request_count = 4", "request_count = \"${file:secret}\""),
        ("[load]", "[load"),
    ] {
        assert!(text.contains(good), "{good}");
        context.write("bad.toml", &text.replacen(good, bad, 1));
        let ran = run(&context, &["config", "check", "bad.toml"]);
        assert_eq!(ran.code, Some(7), "{bad}: {}", ran.stderr);
        check(&context, &ran);
        let ran = run(&context, &["profile", "-f", "bad.toml"]);
        assert_eq!(ran.code, Some(2), "{bad}: {}", ran.stderr);
        check(&context, &ran);
    }
    // Flags: names that do not exist are shown with what is meant, values are not.
    for line in [
        ["profile", "--header", "planted-without-colon"],
        ["profile", "--url", "ftp://u:planted@h"],
        ["profile", "--url", "http://u:planted@:80"],
        ["profile", "--server-metrics", "ftp://h/?token=planted"],
        ["collect", "--server-metrics", "planted-u:planted@:80/"],
    ] {
        let ran = run(&context, &line);
        assert_eq!(ran.code, Some(2), "{line:?}: {}", ran.stderr);
        check(&context, &ran);
    }
}

#[test]
fn a_file_that_holds_no_secret_is_an_error_at_its_place() {
    let context = Context::new();
    fs::write(context.path().join("empty"), "\n").expect("a file");
    context.write(
        "team.toml",
        "[endpoint]\napi_key = \"${file:empty}\"\nmodel = \"${file:absent}\"\nurl = \"${file:absent:-http://h}\"\n",
    );
    let ran = context.run(&["config", "check", "team.toml"]);
    assert_eq!(ran.stdout, "team.toml: 2 errors\n", "{}", ran.stderr);
    for text in [
        "error: `empty` cannot be read: it is empty\n --> team.toml:2:12",
        "error: `absent` cannot be read: No such file",
        "team.toml:3:10",
    ] {
        assert!(ran.stderr.contains(text), "{text} not in\n{}", ran.stderr);
    }
    let ran = context.succeed(&["config", "check", "--no-environment", "team.toml"]);
    assert_eq!(ran.stdout, "team.toml: no errors\n");
}

#[test]
fn files_of_certificates_are_not_quoted() {
    let context = Context::new();
    let key = "-----BEGIN PRIVATE KEY-----\nplanted+in+a+key\n-----END PRIVATE KEY-----\n";
    context.write("key.pem", key);
    for option in ["ca_file", "cert_file"] {
        let more = if option == "cert_file" {
            "key_file = \"key.pem\"\n"
        } else {
            ""
        };
        let text = format!("[tls]\n{option} = \"key.pem\"\n{more}[run]\nartifact_dir = \"out\"\n");
        context.write("tls.toml", &text);
        let line = [
            "collect",
            "--once",
            "-f",
            "tls.toml",
            "--url",
            "https://127.0.0.1:1",
        ];
        let ran = run(&context, &line);
        assert_ne!(ran.code, Some(0), "{option}");
        assert!(ran.stderr.contains("key.pem"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(PLANTED), "{}", ran.stderr);
    }
}

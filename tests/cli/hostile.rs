//! Servers that say what no terminal, spreadsheet or log should be told: all of it is recorded, and
//! nothing of it is obeyed.

use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::context::{Context, Ran};
use super::peer::{response, send, serve};

/// What is planted everywhere: it clears the screen, sets the title, turns text around, hides, breaks
/// lines, and computes.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{200b}\u{9b}31m\r\n=1+1\t<script>";
/// Metric names of OpenMetrics may be any text in quotes.
const NAME: &str = "=cmd|' /C calc'!A0\u{202e}";

/// A metrics page and an inference API with it in names, labels, help texts, answers and errors.
fn hostile() -> String {
    serve(|request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/metrics" => send(stream, &response("text/plain", "", page().as_bytes())),
            "/v1/models" => {
                let models = json!({ "data": [{ "id": format!("m{EVIL}") }] });
                answer(stream, "", &models)
            }
            "/refused" => {
                let body = json!({ "error": { "message": EVIL } }).to_string();
                let status = "HTTP/1.1 400 Bad Request\r\nx-a: b\r\n";
                let head = format!("{status}content-length: {}\r\n\r\n", body.len());
                send(stream, format!("{head}{body}").as_bytes())
            }
            _ => answer(
                stream,
                "",
                &json!({ "choices": [{ "message": { "content": EVIL }, "finish_reason": EVIL }] }),
            ),
        }
    })
}

fn answer(stream: &mut TcpStream, more: &str, body: &Value) -> bool {
    send(
        stream,
        &response("application/json", more, body.to_string().as_bytes()),
    )
}

fn page() -> String {
    let label = EVIL.replace('\n', "\\n");
    let long = "x".repeat(100_000);
    format!(
        "# HELP a_total {label}\n# TYPE a_total counter\na_total{{server_id=\"{label}\",l=\"{label}\"}} 1\n\
         # TYPE {long} gauge\n{long}{{l=\"{long}\"}} 1\n\
         {{\"{NAME}\",l=\"-1\"}} 2\n\
         b{{-=\"\u{1b}[2J\"}} 1\n\
         this is \u{1b}[31m no \u{202e} line\n"
    )
}

fn profile(context: &Context, url: &str, more: &[&str]) -> Ran {
    let all = "--server-metrics-interval 0.05 --request-count 4 --artifact-dir out --ui none";
    let args = ["profile", "--url", url, "--server-metrics"];
    context.run(&[&args[..], &all.split(' ').collect::<Vec<_>>(), more].concat())
}

/// Whether a terminal obeys it, or people cannot see it.
fn is_hostile(c: char) -> bool {
    let unseen = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    c != '\n' && (c.is_control() || unseen)
}

fn assert_harmless(what: &str, text: &str) {
    let hostile = text.lines().find(|line| line.contains(is_hostile));
    assert_eq!(
        hostile.map(|line| line.escape_debug().to_string()),
        None,
        "in {what}"
    );
}

/// Every file and stream that people may look at.
fn assert_all_harmless(context: &Context, ran: &Ran) {
    assert_harmless("standard output", &ran.stdout);
    assert_harmless("standard error", &ran.stderr);
    let files = std::fs::read_dir(context.path().join("out")).expect("a folder");
    let mut seen = 0;
    for file in files {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        assert_harmless(&path.display().to_string(), &text);
        seen += 1;
    }
    assert!(seen >= 8, "{seen} files");
}

/// No cell of the file is a formula, and numbers are numbers.
fn assert_no_formulas(path: &Path) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .expect("a file");
    let (mut numbers, mut evil) = (0, 0);
    for record in reader.records() {
        for cell in &record.expect("a record") {
            let is_number = cell.parse::<f64>().is_ok();
            let starts = cell
                .trim_start()
                .starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert!(is_number || !starts, "{cell}");
            numbers += usize::from(is_number);
            evil += usize::from(cell.starts_with("'="));
        }
    }
    assert!(
        numbers > 20 && evil > 0,
        "{numbers} numbers, {evil} evil cells"
    );
}

#[test]
fn what_a_server_says_is_shown_and_not_obeyed() {
    let context = Context::new();
    let ran = profile(&context, &hostile(), &["--no-streaming"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_all_harmless(&context, &ran);
    assert_no_formulas(&context.path().join("out/metrics.csv"));
    // Programs read the very text.
    let report = context.json("out/aiperf.json");
    assert_eq!(report["metadata"]["model"], format!("m{EVIL}"));
    let text = report.to_string();
    let evil = serde_json::to_string(EVIL).expect("JSON");
    let inner = evil.trim_matches('"');
    assert!(text.contains(inner) && text.contains(NAME), "{text}");
    let lines = context.read("out/server_metrics_export.jsonl");
    assert!(lines.contains("\\u202e"), "it is escaped, not gone");
    // A name of 100 000 letters fills no screen.
    let longest = ran.stdout.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(120), "{longest:?}");
    assert!(
        ran.stdout.lines().count() < 500,
        "{}",
        ran.stdout.lines().count()
    );
    // Reported again, the same.
    let again = context.run(&["report", "out", "--format", "json"]);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}

#[test]
fn what_an_error_says_is_one_harmless_line() {
    let context = Context::new();
    let ran = profile(
        &context,
        &hostile(),
        &["--model", "m", "--endpoint", "/refused"],
    );
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert_eq!(ran.complaints(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("400 Bad Request"), "{}", ran.stderr);
    assert_all_harmless(&context, &ran);
}

#[test]
fn what_settings_hold_and_files_are_called_is_shown_and_not_obeyed() {
    let context = Context::new();
    let name = format!("{EVIL}.toml").replace('/', "");
    let escaped = json!(EVIL).to_string();
    context.write(&name, &format!("[load]\n{escaped} = 1\n"));
    let checked = context.run(&["config", "check", &name]);
    assert_eq!(checked.code, Some(7), "{}", checked.stderr);
    assert!(checked.stdout.contains("1 error"), "{}", checked.stdout);
    // As it is, not escaped: no TOML, and quoted all the same.
    context.write("raw.toml", "[load]\nx = \"\u{1b}[2J\u{202e}\"\n");
    let raw = context.run(&["config", "check", "raw.toml"]);
    context.write(&name, &format!("endpoint.model = {escaped}\n"));
    let shown = context.succeed(&["config", "show", "--origin", "-f", &name]);
    assert!(shown.stdout.contains("\\u{1b}[2J"), "{}", shown.stdout);
    context.write("shown.toml", &shown.stdout);
    let again = context.succeed(&["config", "show", "-f", "shown.toml"]);
    let plain = context.succeed(&["config", "show", "-f", &name]);
    assert_eq!(again.stdout, plain.stdout);
    let missing = context.run(&["config", "check", EVIL]);
    let init = context.succeed(&["config", "init", "--output", "\u{1b}[2J.toml"]);
    for ran in [checked, raw, shown, missing, init] {
        assert_harmless("what was shown", &ran.stdout);
        assert_harmless("what was said", &ran.stderr);
    }
}

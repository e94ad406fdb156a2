//! `aiperf lint`: pages held to their format, exit codes, and where what is wrong stands.

use std::io::Write;
use std::process::Stdio;

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, Ran, ran};
use super::peer::{response, send, serve_heads};

const CLEAN: &str = "# HELP a Text.\n# TYPE a gauge\na 1\n";

fn piped(context: &Context, args: &[&str], page: &[u8]) -> Ran {
    let mut child = context
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(page).expect("the page is read");
    drop(stdin);
    ran(child.wait_with_output().expect("it ends"))
}

#[test]
fn what_is_wrong_is_shown_where_it_stands() {
    let context = Context::new();
    context.write("page.prom", &format!("{CLEAN}a{{b=c}} 2\n"));
    let ran = context.run(&["lint", "page.prom"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert_eq!(ran.stdout, "page.prom: 1 error\n");
    let expected = "\
error[syntax]: expected a label value in double quotes
 --> page.prom:4:5
  |
4 | a{b=c} 2
  |     ^^^^

";
    assert_eq!(ran.stderr, expected);
}

#[test]
fn warnings_are_findings_where_strictness_is_asked_for() {
    let context = Context::new();
    context.write("clean.prom", CLEAN);
    context.write(
        "names.prom",
        "# HELP a_ms Text.\n# TYPE a_ms gauge\na_ms 1\n",
    );
    let clean = context.succeed(&["lint", "--strict", "clean.prom"]);
    assert_eq!(
        (clean.stdout.as_str(), clean.stderr.as_str()),
        ("clean.prom: no errors\n", "")
    );
    let named = context.succeed(&["lint", "names.prom"]);
    assert!(
        named.stderr.contains("unit-abbreviated"),
        "{}",
        named.stderr
    );
    let quiet = context.succeed(&["lint", "--errors-only", "names.prom"]);
    assert_eq!(quiet.stderr, "");
    let strict = context.run(&["lint", "--strict", "clean.prom", "names.prom"]);
    assert_eq!(strict.code, Some(6));
    assert_eq!(
        strict.stdout,
        "clean.prom: no errors\nnames.prom: 1 warning\n"
    );
}

#[test]
fn pages_come_from_servers_and_from_standard_input() {
    let context = Context::new();
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let ran = context.run(&["lint", &sim.url()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with(&*sim.url()), "{}", ran.stdout);
    let ran = piped(&context, &["lint", "-"], b"a 1");
    assert_eq!(ran.code, Some(7));
    assert_eq!(ran.stdout, "standard input: 1 error, 2 warnings\n");
    let format = piped(
        &context,
        &["lint", "-", "--format", "openmetrics"],
        CLEAN.as_bytes(),
    );
    assert!(
        format.stderr.contains("`# EOF` is missing"),
        "{}",
        format.stderr
    );
}

#[test]
fn what_cannot_be_read_has_a_line_and_a_code() {
    let context = Context::new();
    for (named, code, said) in [
        ("nowhere.prom", 2, "cannot read `nowhere.prom`"),
        ("ftp://h/x", 2, "not a usable URL"),
        ("http://127.0.0.1:9/metrics", 3, "connection refused"),
    ] {
        let ran = context.run(&["lint", named]);
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

/// A server that repeats what it is sent, and would steer the terminal.
#[test]
fn secrets_and_escape_sequences_stay_off_the_screen() {
    let url = serve_heads(|head, stream| {
        let said = head.replace(['\r', '\n', '"'], " ");
        let page = format!("a{{b=\u{1b}[2J{said}}} 1\n");
        send(stream, &response("text/plain", "", page.as_bytes()))
    });
    let context = Context::new();
    let page = format!(
        "{}/m?api_key=query-secret",
        url.replace("//", "//me:url-secret@")
    );
    let ran = context.run(&["lint", "-H", "X-Api-Key: header-secret", &page]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    let shown = ran.stdout + &ran.stderr;
    assert!(
        !shown.contains("secret") && !shown.contains('\u{1b}'),
        "{shown}"
    );
    assert!(shown.contains("***"), "{shown}");
}

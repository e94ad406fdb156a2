//! Wrong flags, unreachable and broken servers: one clear line each, the right exit code, and
//! valid files.

use aiperf_sim::{Fault, FaultKind, Faults, Sim, SimConfig};

use super::context::Context;

/// A port on which nothing listens.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn sim(faults: Faults) -> Sim {
    Sim::start(SimConfig {
        faults,
        ..SimConfig::default()
    })
    .expect("a simulated server")
}

#[test]
fn all_errors_of_flags_and_files_are_told_at_once() {
    let context = Context::new();
    context.write(
        "bad.toml",
        "[load]\nconcurency = 3\n[server_metrics]\ninterval = 5\n",
    );
    let ran = context.run(&["profile", "--config", "bad.toml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for text in ["bad.toml", "concurency", "concurrency", "interval"] {
        assert!(
            ran.stderr.contains(text),
            "`{text}` is not in\n{}",
            ran.stderr
        );
    }
    assert!(!context.exists("artifacts"));
}

#[test]
fn an_unreachable_server_is_one_line() {
    let context = Context::new();
    let url = format!("http://127.0.0.1:{}", closed_port());
    let ran = context.run(&["profile", "--url", &url, "--model", "m"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&url) && ran.stderr.contains("refused"),
        "{}",
        ran.stderr
    );
}

#[test]
fn when_all_requests_fail_the_first_error_is_shown() {
    let sim = sim(Faults {
        error_every: 1,
        ..Faults::default()
    });
    let context = Context::new();
    let ran = context.run(&[
        "profile",
        "--url",
        &sim.url(),
        "--model",
        "sim-model",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("500"), "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 0);
    assert_eq!(report["requests"]["errors"][0]["count"], 10);
}

#[test]
fn some_failures_are_counted_by_class() {
    let sim = sim(Faults {
        cut_every: 5,
        ..Faults::default()
    });
    let context = Context::new();
    context.succeed(&[
        "profile",
        "--url",
        &sim.url(),
        "--request-count",
        "10",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ]);
    let requests = &context.json("out/aiperf.json")["requests"];
    assert_eq!(
        (&requests["sent"], &requests["failed"]),
        (&10.into(), &2.into())
    );
}

#[test]
fn what_is_no_metrics_page_is_left_alone_and_the_load_goes_on() {
    for fault in [FaultKind::Html, FaultKind::OtherJson, FaultKind::Cut] {
        let sim = sim(Faults {
            pages: Some(Fault::always(fault)),
            ..Faults::default()
        });
        let context = Context::new();
        context.succeed(&[
            "profile",
            "--url",
            &sim.url(),
            "--request-count",
            "4",
            "--artifact-dir",
            "out",
            "--ui",
            "none",
        ]);
        let report = context.json("out/aiperf.json");
        assert_eq!(report["requests"]["done"], 4, "{fault:?}");
    }
}

#[test]
fn collect_without_an_answer_says_so() {
    let context = Context::new();
    let url = format!("http://127.0.0.1:{}/metrics", closed_port());
    let ran = context.run(&[
        "collect",
        "--once",
        "--server-metrics",
        &url,
        "--artifact-dir",
        "out",
    ]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!context.exists("out/server_metrics_export.jsonl"));
}

#[test]
fn a_flag_of_the_python_tool_is_answered_with_what_stands_for_it() {
    let ran = Context::new().run(&["profile", "--search-recipe", "pareto-sweep"]);
    assert_eq!(ran.code, Some(2));
    let expected =
        "error: the Python tool's `--search-recipe` is not here: `--search concurrency=1..256";
    assert!(ran.stderr.starts_with(expected), "{}", ran.stderr);
}

#[test]
fn a_server_that_never_comes_is_waited_for_and_told() {
    let url = format!("http://127.0.0.1:{}", closed_port());
    let wait = [
        "--wait-for-model-timeout",
        "0.3",
        "--wait-for-model-interval",
        "0.05",
    ];
    let ran = Context::new().run(&[&["profile", "--url", &url], &wait[..]].concat());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("connection refused"), "{}", ran.stderr);
}

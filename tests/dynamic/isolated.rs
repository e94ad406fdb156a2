//! `isolation = "process"`: what ends a process costs one instance, and everything else is as it is
//! with `isolation = "thread"`.

use crate::beside::Beside;
use crate::context::Context;
use crate::library::table;

pub(crate) const ISOLATED: &str = "isolation = \"process\"\n";

/// What ends a process, and what is said of it.
const CRASHES: [(&str, &str); 4] = [
    ("segv", "its process crashed (SIGSEGV)"),
    ("abort", "its process crashed (SIGABRT)"),
    ("stack", "its process crashed (SIGABRT)"),
    ("exit", "its process ended by itself (status 9)"),
];

/// A run beside a collector in a process of its own.
fn collector(plugin: &str, fault: &str) -> Beside {
    Beside::run(&format!(
        "{ISOLATED}[collectors.bad]\nuse = {plugin:?}\ninterval = \"50ms\"\n\
         options.fault = {fault:?}\n"
    ))
}

#[test]
fn a_crash_costs_readings_of_one_collector() {
    for (fault, said) in CRASHES {
        for plugin in ["faulty", "faulty_stream"] {
            let run = collector(plugin, fault);
            run.check_rest(0);
            let (message, failed) = run.failures();
            assert!(
                message.contains("its process "),
                "{plugin} {fault}: {message}"
            );
            assert!(failed > 1, "{plugin} {fault}: it is started again");
            run.check_said(&format!("warning: collector bad: {said}"));
            run.check_logged(&format!("Warn collector bad: {said}"));
            let times = "its process ended ";
            run.check_said(&format!("warning: collector bad: {times}"));
        }
    }
}

#[test]
fn between_crashes_there_are_numbers() {
    let run = collector("faulty", "abort_third");
    run.check_rest(0);
    let endpoint = run.endpoint("bad");
    assert_eq!(endpoint["reachable"], true);
    let answered = endpoint["scrapes"]["done"].as_u64();
    assert!(answered > Some(3), "two of each process: {endpoint:#}");
    run.check_said("collector bad: its process crashed (SIGABRT); it is started again in 100ms");
    run.check_logged("Info collector bad: its process was started again (number 2)");
}

#[test]
fn a_crash_when_a_collector_opens_ends_the_run_with_one_line_or_is_waited_for() {
    for (plugin, fault) in [("faulty", "abort_open"), ("faulty_targets", "abort")] {
        let run = collector(plugin, fault);
        assert_eq!(run.ran.code, Some(1), "{}", run.ran.stderr);
        let said = run.ran.stderr.lines().collect::<Vec<_>>();
        let last = said.last().copied().unwrap_or_default();
        assert!(
            last.starts_with("error: collector `bad`: its process crashed (SIGABRT)"),
            "{said:#?}"
        );
    }
    let run = Beside::run(&format!(
        "{ISOLATED}[collectors.bad]\nuse = \"faulty\"\non_start_error = \"retry\"\n\
         options.fault = \"abort_open\"\n"
    ));
    run.check_rest(0);
    run.check_said("warning: collector bad: not there yet, it is tried again: its process crashed");
    let run = collector("faulty", "abort_validate");
    assert_eq!(run.ran.code, Some(2));
    run.check_said(
        "error: `collectors.bad.options`: its process crashed (SIGABRT) when it checked them",
    );
}

#[test]
fn a_call_that_never_ends_is_ended() {
    let run = collector("faulty", "hang");
    run.check_rest(0);
    assert!(
        !run.ran.stderr.contains("left behind"),
        "{}",
        run.ran.stderr
    );
    run.check_said("collector bad: its process was ended, as it did not answer within 200ms");
    // What does not end when the run does is ended as well.
    let run = collector("faulty_stream", "hang");
    run.check_rest(0);
    assert!(
        !run.ran.stderr.contains("left behind"),
        "{}",
        run.ran.stderr
    );
    run.check_said("collector bad: its process was ended, as it did not answer within 500ms");
    let run = collector("faulty", "hang_at_end");
    run.check_rest(0);
    run.check_said("closing it failed: its process was ended, as it did not answer within 500ms");
}

#[test]
fn a_crash_costs_a_parser_the_page() {
    for (fault, said) in CRASHES {
        let run = Beside::run(&format!(
            "{ISOLATED}[collectors.server_metrics]\nparser = \"mangler\"\n\
             [parsers.mangler]\nuse = \"faulty\"\noptions.fault = {fault:?}\n"
        ));
        assert_eq!(run.ran.code, Some(0), "{}", run.ran.stderr);
        assert_eq!(run.report()["requests"]["done"], 20);
        run.check_said(&format!("warning: parser mangler: {said}"));
    }
}

#[test]
fn everything_else_is_as_in_a_thread() {
    for (fault, said) in [
        (
            "panic",
            "panicked: it is Panic (tests/plugins/faulty/src/fault.rs:",
        ),
        ("families", "sample 1 names family 7, there are 1"),
    ] {
        let run = collector("faulty", fault);
        run.check_rest(0);
        let (message, failed) = run.failures();
        assert!(message.starts_with(said), "{message}");
        assert!(failed > 1);
    }
    for fault in ["panic_drop", "panic_close"] {
        let run = collector("faulty", fault);
        run.check_rest(0);
        run.check_said("warning: collector bad: closing it failed: panicked: it is Panic");
    }
    for plugin in ["faulty", "faulty_stream"] {
        let run = collector(plugin, "storm");
        run.check_rest(0);
        let (_, failed) = run.failures();
        assert!(failed >= 20_000, "{failed}");
    }
    let run = collector("faulty", "shout");
    run.check_rest(0);
    assert_eq!(run.failures().0.len(), 1004);
    let run = collector("faulty_stream", "none");
    run.check_rest(0);
    assert_eq!(run.failures().0, "the line went dead");
}

#[test]
fn series_without_end_are_dropped_at_the_limit() {
    let run = Beside::run(&format!(
        "{ISOLATED}[run]\nmax_series = 2000\n\
         [collectors.bad]\nuse = \"faulty\"\ninterval = \"50ms\"\ntimeout = \"20s\"\noptions.fault = \"series\"\n"
    ));
    run.check_rest(0);
    let report = run.report();
    let warnings = report["warnings"].as_array().expect("warnings");
    let dropped = warnings
        .iter()
        .any(|warning| warning["code"] == "too_many_series");
    assert!(dropped, "{warnings:#?}");
}

#[test]
fn what_it_prints_is_in_the_log_and_nowhere_else() {
    let run = collector("faulty", "print");
    run.check_rest(0);
    for stream in ["stdout", "stderr"] {
        run.check_logged(&format!("Info collector bad: hello from {stream}"));
    }
    assert!(!run.ran.stdout.contains("hello"), "{}", run.ran.stdout);
    assert!(!run.ran.stderr.contains("hello"), "{}", run.ran.stderr);
}

#[test]
fn its_own_threads_have_the_host_too() {
    for isolation in ["", ISOLATED] {
        let run = Beside::run(&format!(
            "{isolation}[collectors.bad]\nuse = \"faulty\"\noptions.fault = \"thread\"\n"
        ));
        run.check_rest(0);
        run.check_logged("Info collector bad: a thread says hello");
    }
}

#[test]
fn it_is_told_no_secrets() {
    let context = Context::new();
    let more = format!("{ISOLATED}[collectors.faulty.options]\nfault = \"environment\"\n");
    context.write("faulty.toml", &table("faulty", &more));
    let args = [
        "collect",
        "--once",
        "-f",
        "faulty.toml",
        "--artifact-dir",
        "out",
    ];
    let mut command = context.command(&args);
    let secret = command
        .env("ACME_TOKEN", "s3cret")
        .env("LANG", "C")
        .output();
    assert!(secret.expect("the binary starts").status.success());
    let text = context.read("out/server_metrics_export.jsonl");
    assert!(text.contains("LANG"), "{text}");
    assert!(!text.contains("ACME_TOKEN"), "{text}");
}

#[test]
fn an_exporter_is_refused_at_its_line() {
    let context = Context::new();
    let more = format!("{ISOLATED}[exporters.faulty.options]\nfault = \"none\"\n");
    context.write("faulty.toml", &table("faulty", &more));
    let ran = context.run(&[
        "collect",
        "--once",
        "-f",
        "faulty.toml",
        "--artifact-dir",
        "out",
    ]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let message = "error: `exporters.faulty.options`: an exporter cannot have a process of its own";
    assert!(ran.stderr.starts_with(message), "{}", ran.stderr);
    let help = "help: load its library with `isolation = \"thread\"`";
    assert!(ran.stderr.contains(help), "{}", ran.stderr);
    assert!(!context.exists("out"));
}

#[test]
fn the_registry_has_the_same_but_for_the_origin() {
    let context = Context::new();
    let list = |more: &str, args: &[&str]| {
        context.write("acme.toml", &table("acme", more));
        let args = [&["plugins", "list", "-f", "acme.toml"], args].concat();
        context.succeed(&args).stdout
    };
    assert_eq!(list("", &["--json"]), list(ISOLATED, &["--json"]));
    let rows = list(ISOLATED, &[]);
    assert_eq!(
        rows.matches("libtest_acme.so, in its own process").count(),
        5,
        "{rows}"
    );
}

#[test]
fn in_a_thread_a_crash_is_a_crash() {
    let run = Beside::collector("faulty", "exit");
    assert_eq!(run.ran.code, Some(9), "{}", run.ran.stderr);
}

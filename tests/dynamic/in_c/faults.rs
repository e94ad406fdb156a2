//! What libraries in C do wrong costs what they bring, and nothing else.

use super::{MODES, ONCE, collect, endpoint, metrics, with_fault};
use crate::context::Context;
use crate::library::faulty_in_c;

#[test]
fn errors_arrive_whole_and_in_bounds() {
    for isolation in MODES {
        let (context, ran) = with_fault(isolation, "error");
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        let error = &endpoint(&context, "bad")["last_error"];
        assert_eq!(error["type"], "network", "{error:#}");
        let message = error["message"].as_str().expect("a message");
        assert!(
            message.starts_with("xxx") && message.len() <= 1024 + 4,
            "{message}"
        );
        let (context, _) = with_fault(isolation, "silent");
        let error = &endpoint(&context, "bad")["last_error"];
        assert_eq!(error["message"], "it does not say why");
        let (context, ran) = with_fault(isolation, "bytes");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let said = "samples had names that are no text";
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
        assert_eq!(endpoint(&context, "bad")["reachable"], true);
    }
}

#[test]
fn a_wild_pointer_costs_readings_in_its_own_process_and_else_the_run() {
    let (context, ran) = with_fault("isolation = \"process\"\n", "segv");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let said = "warning: collector bad: its process crashed (SIGSEGV)";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let endpoint = endpoint(&context, "bad");
    assert_eq!(endpoint["reachable"], true);
    assert!(
        endpoint["scrapes"]["done"].as_u64() > Some(1),
        "{endpoint:#}"
    );
    let (_, ran) = with_fault("", "segv");
    assert_eq!(ran.code, None, "a crash is a crash: {}", ran.stderr);
}

#[test]
fn libraries_that_are_not_whole_are_one_line() {
    for (fault, expected) in [
        (
            "NO_LIBRARY",
            "is not an aiperf plugin: it has no `aiperf_library`",
        ),
        (
            "OTHER_REVISION",
            "was built with revision 2 of aiperf_plugin.h, this aiperf needs 1",
        ),
        (
            "NO_PLUGINS",
            "fails while it lists its plugins: its `plugins` is missing",
        ),
        (
            "NO_LIST",
            "fails while it lists its plugins: its `plugins` is missing",
        ),
        (
            "NO_SIZE",
            "fails while it lists its plugins: its `size` is missing",
        ),
        (
            "NO_ID",
            "has a plugin that does not describe itself: its `id` is missing",
        ),
        (
            "NO_COLLECT",
            "has a plugin that does not describe itself: its `collect` is missing",
        ),
        (
            "NO_SCHEMA",
            "has a plugin that does not describe itself: its `schema` is no JSON",
        ),
        ("CRASH", "crashed while loading (SIGSEGV)"),
    ] {
        let path = faulty_in_c(&[fault]).display().to_string();
        let ran = Context::new().run(&["plugins", "check", &path]);
        assert_eq!(ran.code, Some(2), "{fault}: {}", ran.stdout);
        assert_eq!(ran.stderr.lines().count(), 1, "{fault}: {}", ran.stderr);
        let expected = format!("error: `{path}` {expected}");
        assert!(ran.stderr.starts_with(&expected), "{fault}: {}", ran.stderr);
    }
}

#[test]
fn readings_come_from_the_thread_of_the_call_only_and_not_after_it() {
    for isolation in MODES {
        let (context, ran) = with_fault(isolation, "threads");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let metrics = metrics(&context, "bad");
        assert!(
            metrics["c_calls"]["total"].as_f64().is_some(),
            "{metrics:#}"
        );
        let files = context.read("out/aiperf.json") + &context.read("out/run.log");
        for name in ["c_elsewhere", "c_too_late", "bad/elsewhere"] {
            assert!(!files.contains(name), "{name}");
        }
        assert!(!files.contains("entries, expected"), "{files}");
    }
}

#[test]
fn samples_that_make_no_sense_are_left_out_by_name() {
    for isolation in MODES {
        for (fault, why) in [
            ("no_size", "its `size` is not that of a sample"),
            ("long_name", "a text is longer than any text"),
            ("long_label", "a text is longer than any text"),
            ("labels", "its labels are no list of labels"),
            ("crooked", "its labels are no list of labels"),
            ("no_name", "its name is empty"),
        ] {
            let (context, ran) = with_fault(isolation, &format!("sample_{fault}"));
            assert_eq!(ran.code, Some(0), "{fault}: {}", ran.stderr);
            let report = context.read("out/aiperf.json");
            assert!(
                report.contains(&format!("a sample is left out: {why}")),
                "{fault}: {report}"
            );
            assert!(
                !report.contains("nonsense"),
                "{fault}: no label goes to its neighbour"
            );
            let calls = &metrics(&context, "bad")["c_calls"];
            assert!(calls["total"].as_f64().is_some(), "{fault}: {calls:#}");
        }
    }
}

#[test]
fn a_parser_gives_one_batch() {
    for isolation in MODES {
        let context = Context::new();
        let more = format!(
            "{isolation}[collectors.c_faulty]\nparser = \"c_pusher\"\noptions.fault = \"unknown\"\n"
        );
        let path = faulty_in_c(&[]).display().to_string();
        context.write("c.toml", &format!("[plugins.c]\npath = {path:?}\n{more}"));
        context.succeed(&ONCE);
        let name = "c_faulty/handed";
        assert_eq!(endpoint(&context, name)["scrapes"]["done"], 1);
        let metrics = metrics(&context, name);
        for counted in ["c_first", "c_refused"] {
            assert!(metrics[counted].is_object(), "{metrics:#}");
        }
    }
}

#[test]
fn times_of_pages_are_within_reason() {
    for isolation in MODES {
        let (context, ran) = with_fault(isolation, "clock");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        let latency = &endpoint(&context, "bad/handed")["scrapes"];
        assert!(latency["done"].as_u64() >= Some(1), "{latency:#}");
        let lines = context.json_lines("out/server_metrics_export.jsonl");
        let longest = lines
            .iter()
            .filter_map(|line| line["endpoint_latency_ns"].as_i64())
            .max();
        assert!(longest < Some(60_000_000_000), "{longest:?}");
    }
}

#[test]
fn what_goes_on_after_its_host_is_heard_by_nobody() {
    let context = Context::new();
    let more = "[collectors.bad]\nuse = \"c_faulty\"\ninterval = \"20ms\"\non_start_error = \"retry\"\n\
                options.fault = \"open_thread\"\n[collectors.good]\nuse = \"c_faulty\"\ninterval = \"20ms\"\n";
    let ran = collect(&context, more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(context.read("out/run.log").contains("its thread goes on"));
}

#[test]
fn a_wait_without_end_ends_with_its_call() {
    let (context, ran) = with_fault("isolation = \"process\"\n", "wait");
    let said = "its process was ended, as it did not answer within ";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(!ran.stderr.contains("left behind"), "{}", ran.stderr);
    let failed = endpoint(&context, "bad")["scrapes"]["failed"].as_u64();
    assert!(failed >= Some(1), "{failed:?}");
}

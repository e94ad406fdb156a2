//! Plugins that misbehave: each costs its own data, by name, and the rest of the run is complete.

use crate::beside::Beside;

#[test]
fn a_collector_that_panics_is_asked_again() {
    let run = Beside::collector("faulty", "panic");
    run.check_rest(0);
    let (message, failed) = run.failures();
    assert!(
        message.starts_with("panicked: it is Panic (tests/plugins/faulty/src/fault.rs:"),
        "{message}"
    );
    assert!(failed > 1);
    for isolation in ["", "isolation = \"process\"\n"] {
        let run = Beside::run(&format!(
            "{isolation}[collectors.bad]\nuse = \"faulty_stream\"\noptions.fault = \"panic\"\n"
        ));
        run.check_rest(0);
        let (message, _) = run.failures();
        assert!(message.starts_with("panicked: it is Panic"), "{message}");
        run.check_said("warning: collector bad: panicked: it is Panic");
    }
}

#[test]
fn what_a_plugin_says_is_not_obeyed() {
    let hostile = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    for kind in ["collectors", "exporters"] {
        let run = Beside::run(&format!(
            "[{kind}.bad]\nuse = \"faulty\"\noptions.fault = \"evil\"\n"
        ));
        run.check_rest(if kind == "exporters" { 5 } else { 0 });
        let (stdout, stderr) = (&run.ran.stdout, &run.ran.stderr);
        let files = ["run.log", "metrics.csv", "aiperf.json", "run.json"];
        let files = files.map(|name| run.context.read(&format!("out/{name}")));
        for text in files.iter().chain([stdout, stderr]) {
            assert_eq!(text.lines().find(|line| line.contains(hostile)), None);
            assert!(!text.lines().any(|line| line.starts_with("error: forged")));
        }
        let all = files.concat() + stderr;
        assert!(all.contains("forged"), "it was said, and is shown: {all}");
    }
}

#[test]
fn a_panic_at_the_end_of_a_collector_is_told() {
    for fault in ["panic_drop", "panic_close"] {
        let run = Beside::collector("faulty", fault);
        run.check_rest(0);
        run.check_said("warning: collector bad: closing it failed: panicked: it is Panic");
        assert_eq!(run.endpoint("bad")["reachable"], true);
    }
}

#[test]
fn a_panic_before_the_run_ends_it_with_one_line() {
    for (plugin, fault) in [("faulty", "panic_open"), ("faulty_targets", "panic")] {
        let run = Beside::collector(plugin, fault);
        assert_eq!(run.ran.code, Some(1));
        let said = run.ran.stderr.lines().collect::<Vec<_>>();
        assert_eq!(said.len(), 1, "{said:#?}");
        assert!(
            said[0].starts_with("error: collector `bad`: panicked: it is Panic"),
            "{said:#?}"
        );
    }
    let run = Beside::collector("faulty", "hang_validate");
    assert_eq!(run.ran.code, Some(2));
    run.check_said("error: `collectors.bad.options`: its plugin did not check them within 10s");
    let run = Beside::collector("faulty", "hang_open");
    assert_eq!(run.ran.code, Some(1));
    run.check_said("error: collector `bad`: it did not open within 10s");
    let run = Beside::collector("faulty", "panic_validate");
    assert_eq!(run.ran.code, Some(2));
    run.check_said("error: `collectors.bad.options`: panicked: it is PanicValidate");
}

#[test]
fn a_collector_that_hangs_is_not_called_again() {
    let run = Beside::collector("faulty", "hang");
    run.check_rest(0);
    assert_eq!(run.failures(), ("no reading within 50ms".to_owned(), 1));
    assert!(run.endpoint("bad")["scrapes"]["skipped"].as_u64() > Some(1));
    run.check_said("collector bad: it does not end: its thread is left behind");
    let run = Beside::collector("faulty_stream", "hang");
    run.check_rest(0);
    run.check_said("collector bad: it does not end: its thread is left behind");
}

#[test]
fn a_storm_of_errors_is_counted_and_not_written_down() {
    for plugin in ["faulty", "faulty_stream"] {
        let run = Beside::collector(plugin, "storm");
        run.check_rest(0);
        let (_, failed) = run.failures();
        assert!(failed >= 20_000, "{failed}");
        let records = run.context.json_lines("out/server_metrics_export.jsonl");
        assert!(records.len() < 5000, "{} records", records.len());
    }
}

#[test]
fn a_message_is_one_line_however_long_it_is() {
    let run = Beside::collector("faulty", "shout");
    run.check_rest(0);
    let (message, _) = run.failures();
    assert_eq!(message.len(), 1004);
    assert!(
        !message.contains('\n') && message.ends_with(" ..."),
        "{message}"
    );
}

#[test]
fn garbage_costs_the_readings_that_it_is_in() {
    let run = Beside::collector("faulty", "nan");
    run.check_rest(0);
    let report = run.report();
    let codes = report["warnings"].as_array().expect("warnings").iter();
    assert!(
        codes
            .clone()
            .any(|warning| warning["code"] == "non_finite_values"),
        "{report:#}"
    );

    let run = Beside::collector("faulty", "spans");
    run.check_rest(0);
    let endpoint = run.endpoint("bad");
    let server = endpoint["servers"]
        .as_object()
        .and_then(|all| all.values().next());
    assert_eq!(
        server.expect("a server")["metrics"]["faulty_value"]["avg"],
        1.0
    );

    let run = Beside::collector("faulty", "families");
    run.check_rest(0);
    // On a busy machine the last reading may be one that did not come in time.
    let message = &run.endpoint("bad")["first_error"]["message"];
    assert_eq!(message, "sample 1 names family 7, there are 1");
}

#[test]
fn series_without_end_are_dropped_at_the_limit() {
    let run = Beside::run(
        "[run]\nmax_series = 2000\n\
         [collectors.bad]\nuse = \"faulty\"\ninterval = \"50ms\"\ntimeout = \"20s\"\noptions.fault = \"series\"\n",
    );
    run.check_rest(0);
    let report = run.report();
    let warnings = report["warnings"].as_array().expect("warnings");
    let dropped = warnings
        .iter()
        .find(|warning| warning["code"] == "too_many_series");
    assert!(dropped.is_some(), "{warnings:#?}");
}

#[test]
fn a_stream_that_breaks_is_started_again() {
    let run = Beside::collector("faulty_stream", "none");
    run.check_rest(0);
    let (message, failed) = run.failures();
    assert_eq!(message, "the line went dead");
    assert!(failed > 1);
    assert_eq!(run.endpoint("bad")["reachable"], true);
}

#[test]
fn an_exporter_with_a_fault_costs_no_other_a_file() {
    for (fault, said) in [
        ("panic", "exporter `bad`: panicked: it is Panic"),
        ("panic_drop", "exporter `bad`: panicked: it is PanicDrop"),
        ("panic_close", "exporter `bad`: panicked: it is PanicClose"),
        ("panic_phase", "exporter `bad`: panicked: it is PanicPhase"),
        (
            "panic_requests",
            "exporter `bad`: panicked: it is PanicRequests",
        ),
        (
            "panic_finish",
            "exporter `bad`: panicked: it is PanicFinish",
        ),
        ("storm", "exporter `bad`: the disk is on fire (and "),
        ("shout", "exporter `bad`: what a day what a day"),
        ("hang", "exporter `bad`: it did not finish within 300ms"),
        (
            "hang_at_end",
            "exporter `bad`: it did not finish within 300ms",
        ),
    ] {
        let run = Beside::exporter(fault);
        run.check_rest(5);
        run.check_said(said);
        run.check_logged(said);
    }
    for (fault, said) in [("panic_open", "PanicOpen"), ("panic_begin", "PanicBegin")] {
        let run = Beside::exporter(fault);
        assert_eq!(run.ran.code, Some(1));
        run.check_said(&format!("error: exporter `bad`: panicked: it is {said}"));
    }
}

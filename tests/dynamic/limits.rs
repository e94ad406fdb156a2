//! Plugins that bring more than anybody can use: what is too much is left out, which is said once.

use crate::beside::Beside;

const MODES: [&str; 2] = ["", "isolation = \"process\"\n"];

/// A run beside a collector that has all the time it wants.
fn collector(isolation: &str, plugin: &str, fault: &str) -> Beside {
    Beside::run(&format!(
        "{isolation}[collectors.bad]\nuse = {plugin:?}\ninterval = \"50ms\"\ntimeout = \"30s\"\n\
         options.fault = {fault:?}\n"
    ))
}

#[track_caller]
fn check_said_once(run: &Beside, said: &str) {
    let said = format!("warning: collector bad: {said}");
    let times = run.ran.stderr.matches(&said).count();
    assert_eq!(times, 1, "{said} in {}", run.ran.stderr);
}

#[test]
fn a_million_samples_are_left_out() {
    for isolation in MODES {
        for (plugin, within) in [("faulty", "one call"), ("faulty_stream", "a second")] {
            let run = collector(isolation, plugin, "million");
            run.check_rest(0);
            let said =
                format!("it brings more than 1000000 samples in {within}: the rest is left out");
            check_said_once(&run, &said);
            let first = &run.endpoint("bad")["first_error"];
            assert_eq!(first["message"], said, "{first:#}");
            assert_eq!(first["type"], "limit", "{first:#}");
        }
    }
}

#[test]
fn a_page_that_no_server_could_give_is_not_taken() {
    for isolation in MODES {
        let run = collector(isolation, "faulty", "bytes");
        run.check_rest(0);
        check_said_once(
            &run,
            "it brings a page of 68157440 bytes, which is more than 67108864",
        );
    }
}

#[test]
fn sources_without_end_are_refused() {
    let run = collector("", "faulty", "sources");
    assert_eq!(run.ran.code, Some(0), "{}", run.ran.stderr);
    assert_eq!(run.report()["requests"]["done"], 20);
    check_said_once(&run, "it has more than 5000 sources: readings of others");
    let last = &run.endpoint("bad")["last_error"];
    assert!(last.is_object(), "{last:#}");
    let report = run.report();
    let endpoints = report["server_metrics"]["endpoints"].as_object();
    assert!(endpoints.is_some_and(|all| all.len() < 5010));
}

#[test]
fn more_bytes_than_a_page_can_come_to_are_left_out() {
    let run = collector("", "faulty", "huge");
    run.check_rest(0);
    let said = "it brings more than 268435456 bytes in one call: the rest is left out";
    check_said_once(&run, said);
    let run = Beside::parser("", "huge");
    let said = format!("warning: parser mangler: {said}");
    assert_eq!(
        run.ran.stderr.matches(&said).count(),
        1,
        "{}",
        run.ran.stderr
    );
}

//! The list of faults (`tests/weather/`), as far as it is quick; `aiperf-weather` tries all of it.

use std::path::Path;

use aiperf_weather::{Group, all, run};

fn weather(group: Group) {
    let aiperf = Path::new(env!("CARGO_BIN_EXE_aiperf"));
    let mut bad = Vec::new();
    for case in all().filter(|case| case.group == group && case.quick) {
        let outcome = run(case, aiperf).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        // What this machine cannot bring about has a substitute in the list.
        let problems = outcome.map(|outcome| outcome.problems).unwrap_or_default();
        bad.extend(
            problems
                .iter()
                .map(|problem| format!("{}: {problem}", case.name)),
        );
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn requests_that_are_answered_badly_are_weathered() {
    weather(Group::Requests);
}

#[test]
fn pages_that_are_none_are_weathered() {
    weather(Group::Pages);
}

#[test]
fn servers_that_go_away_are_weathered() {
    weather(Group::Server);
}

#[test]
fn machines_that_fail_are_weathered() {
    weather(Group::Machine);
}

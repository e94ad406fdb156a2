//! The list of faults (`tests/weather/`), as far as it is quick; `aiperf-weather` tries all of it.

use std::collections::BTreeSet;
use std::fs;
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
fn bad_answers() {
    weather(Group::Requests);
}

#[test]
fn bad_pages() {
    weather(Group::Pages);
}

#[test]
fn lost_servers() {
    weather(Group::Server);
}

#[test]
fn failing_machines() {
    weather(Group::Machine);
}

/// Where a test such as `cli::weather::bad_pages` is, and its name.
fn place(test: &str) -> Option<(String, &str)> {
    let (module, name) = test.rsplit_once("::")?;
    let file = match module.strip_prefix("aiperf_core::") {
        Some(module) => format!(
            "core/engine/src/{}.rs",
            module.trim_end_matches("::tests").replace("::", "/")
        ),
        None => format!("tests/{}.rs", module.replace("::", "/")),
    };
    Some((file, name))
}

fn is_there(test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some((file, name)) = place(test) else {
        return test == "aiperf-weather";
    };
    let source = fs::read_to_string(root.join(file)).unwrap_or_default();
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let begins = format!("fn {name}() {{");
    lines
        .windows(2)
        .any(|pair| pair[0] == "#[test]" && pair[1] == begins)
}

/// `docs/weather.md` names a test for each fault.
#[test]
fn each_fault_has_a_test_that_there_is() {
    let documented = include_str!("../../docs/weather.md");
    let rows = documented.lines().filter(|line| line.starts_with("| "));
    let mut tests = BTreeSet::new();
    let (mut of_faults, mut heads) = (false, 0);
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next();
        let last = last.unwrap_or_default();
        if row.contains(" | what") || row.contains(" | test |") {
            of_faults = last == "test";
            heads += usize::from(of_faults);
        } else if of_faults {
            let named: Vec<_> = last.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "no test: {row}");
            tests.extend(named);
        }
    }
    assert_eq!(heads, 2, "the list, and what is beside it");
    let missing: Vec<_> = tests.iter().filter(|test| !is_there(test)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    assert!(!is_there("cli::weather::no_such_fault"));
}

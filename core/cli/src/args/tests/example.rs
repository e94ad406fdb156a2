//! `aiperf.toml.example` holds every option at its default.

use aiperf_core::config::schema::{Config, json_schema};
use serde_json::Value;

use super::super::EXAMPLE_CONFIG;
use super::*;

/// The example with every option in force: `#` before anything but a space marks one.
fn uncommented() -> String {
    let lines = EXAMPLE_CONFIG
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(option) if !option.is_empty() && !option.starts_with(' ') => option,
            _ => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_as_it_is_changes_nothing() {
    let written = |machine: &Machine| machine.plan(&["profile"]).to_toml();
    let with_example = Machine::default().file("aiperf.toml", EXAMPLE_CONFIG);
    assert_eq!(written(&with_example), written(&Machine::default()));
}

#[test]
fn every_option_of_the_example_is_known_and_valid() {
    let machine = Machine::default().file("a.toml", &uncommented());
    let plan = machine.plan(&["profile", "--config", "a.toml"]);
    assert!(plan.warnings.is_empty(), "{}", plan.warnings);
}

#[test]
fn every_option_that_has_a_default_shows_it() {
    let example: Value = toml::from_str(&uncommented()).unwrap();
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for (table, options) in example.as_object().unwrap() {
        for (key, shown) in options.as_object().unwrap() {
            let default = &defaults[table][key];
            // Instances and options without a default have nothing to compare with.
            if !default.is_null() {
                assert_eq!(shown, default, "{table}.{key}");
            }
        }
    }
}

#[test]
fn every_key_of_the_schema_is_mentioned() {
    let schema = json_schema();
    for (table, part) in schema["properties"].as_object().unwrap() {
        let section = section_of(table);
        let definition = part.get("additionalProperties").unwrap_or(part);
        let name = definition["$ref"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        for key in schema["$defs"][name]["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            let is_mentioned = section.iter().any(|line| {
                let option = line.trim_start_matches(['#', ' ']);
                option
                    .split_once(" = ")
                    .is_some_and(|(written, _)| written == key)
                    || line.contains(&format!("{key} = "))
            });
            assert!(is_mentioned, "{table}.{key} is not in aiperf.toml.example");
        }
    }
}

/// The lines from the first header of a table to the next one of another.
fn section_of(table: &str) -> Vec<&'static str> {
    let header = |line: &str| {
        let name = line
            .trim_start_matches(['#', ' '])
            .strip_prefix('[')?
            .strip_suffix(']')?;
        name.split('.').next().map(str::to_owned)
    };
    let mut current = None;
    let lines = EXAMPLE_CONFIG.lines().filter(|line| {
        current = header(line).or(current.take());
        current.as_deref() == Some(table)
    });
    lines.collect()
}

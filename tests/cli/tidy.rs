//! The invariants of ARCHITECTURE.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace")
}

/// The packages of the workspace, as cargo describes them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("no packages: {other}"),
    }
}

/// Direct dependencies of each workspace package, dev-dependencies left out.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    packages()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter();
            let normal = dependencies.filter(|dependency| dependency["kind"] != "dev");
            (name(package), normal.map(name).collect())
        })
        .collect()
}

/// The README starts with it.
#[test]
fn cargo_run_means_the_program() {
    let packages = packages();
    let runs = packages.iter().map(|package| &package["default_run"]);
    let runs: Vec<_> = runs.filter(|run| !run.is_null()).collect();
    assert_eq!(runs, ["aiperf"]);
}

#[test]
fn the_sdk_imports_nothing_of_ours_and_no_runtime() {
    let all = dependencies();
    let sdk = &all["aiperf-plugin-sdk"];
    let banned = ["tokio", "hyper", "clap", "futures-util"];
    let bad: Vec<_> = sdk
        .iter()
        .filter(|name| all.contains_key(*name) || banned.contains(&name.as_str()))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(
        sdk.len() <= 12,
        "each dependency is one for every plugin author: {sdk:?}"
    );
}

#[test]
fn plugins_import_the_sdk_only() {
    let all = dependencies();
    let kinds = ["aiperf-collector-", "aiperf-parser-", "aiperf-exporter-"];
    let plugins = all
        .iter()
        .filter(|(name, _)| kinds.iter().any(|kind| name.starts_with(kind)));
    let mut seen = 0;
    for (plugin, dependencies) in plugins {
        seen += 1;
        for dependency in dependencies {
            let allowed = dependency == "aiperf-plugin-sdk" || !all.contains_key(dependency);
            assert!(allowed, "{plugin} imports {dependency}");
        }
    }
    assert!(seen >= 6, "only {seen} plugins found");
}

#[test]
fn the_engine_imports_no_plugin_and_no_printer() {
    let all = dependencies();
    for dependency in &all["aiperf-core"] {
        let ours = all.contains_key(dependency);
        assert!(
            !ours || dependency == "aiperf-plugin-sdk",
            "the engine imports {dependency}"
        );
        assert!(
            !["clap", "console", "indicatif"].contains(&dependency.as_str()),
            "{dependency}"
        );
    }
}

#[test]
fn the_simulator_imports_nothing_of_ours() {
    let all = dependencies();
    let bad: Vec<_> = all["aiperf-sim"]
        .iter()
        .filter(|name| all.contains_key(*name))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
}

/// All Rust sources of a folder, as (path from the root, text).
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root");
                let text = std::fs::read_to_string(&path).expect("UTF-8 source");
                found.push((name.display().to_string(), text));
            }
        }
    }
    found
}

#[test]
fn unsafe_code_stands_where_it_may() {
    let allowed = [
        "plugin-sdk/src/abi/",
        "plugin-sdk/src/hosting/library.rs",
        "plugin-sdk/src/hosting/c/",
        "core/engine/src/plugins/isolation/handover.rs",
        "core/engine/src/plugins/isolation/memory.rs",
    ];
    for folder in [
        "plugin-sdk",
        "core",
        "plugins",
        "tests/plugins",
        "bench",
        "examples",
    ] {
        for (file, text) in sources(folder) {
            let has_block = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains("unsafe {")
                    || code.contains("unsafe fn")
                    || code.contains("unsafe impl")
            });
            let may = allowed.iter().any(|place| file.starts_with(place));
            assert!(!has_block || may, "{file} has unsafe code");
        }
    }
}

#[test]
fn the_engine_reads_no_environment_and_prints_nothing() {
    let banned = ["env::var", "println!", "eprintln!", "process::exit"];
    for (file, text) in sources("core/engine/src") {
        for word in banned {
            assert!(!text.contains(word), "{file} has {word}");
        }
    }
}

#[test]
fn the_engine_names_no_plugin() {
    let ids = ["\"jsonl\"", "\"csv\"", "\"console\"", "\"dcgm\""];
    for (file, text) in sources("core/engine/src") {
        let code: String = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .to_owned();
        // Files of prompts have formats, and names of formats are no plugins.
        if file.contains("tests") || file.ends_with("load/dataset/format.rs") {
            continue;
        }
        for id in ids {
            assert!(!code.contains(id), "{file} names {id}");
        }
    }
}

/// Codes that are written into calls of the report's `warn(…, "code", …)`.
fn warning_codes() -> Vec<String> {
    let mut codes = Vec::new();
    for (_, text) in sources("core/engine/src/report") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in code.split("warn(").skip(1) {
            let arguments = call.split(',').map(str::trim);
            let literal = arguments
                .take(2)
                .find_map(|argument| argument.strip_prefix('"'));
            codes.extend(literal.map(|code| code.trim_end_matches('"').to_owned()));
        }
    }
    codes
}

#[test]
fn every_warning_is_documented() {
    let path = root().join("docs/metrics.md");
    let text = std::fs::read_to_string(path).expect("docs/metrics.md");
    let (_, section) = text
        .split_once("## Warnings")
        .expect("a section on warnings");
    let codes = warning_codes();
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        assert!(
            section.contains(&format!("`{code}`")),
            "{code} is not in docs/metrics.md"
        );
    }
}

#[test]
fn files_stay_readable() {
    for folder in [
        "plugin-sdk",
        "core",
        "plugins",
        "tests",
        "bench",
        "examples",
    ] {
        for (file, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(
                lines <= 800,
                "{file} has {lines} lines: split it by reason to change"
            );
        }
    }
}

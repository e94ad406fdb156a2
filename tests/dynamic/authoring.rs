//! `aiperf plugins new`: what it writes builds, passes its own tests, and loads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::context::Context;

/// What is written, in the words of the command line.
const PLUGINS: [&[&str]; 5] = [
    &["collector", "my-poll"],
    &["collector", "my_targets", "--mode", "targets"],
    &["collector", "my_stream", "--mode", "stream"],
    &["parser", "my_parser"],
    &["exporter", "my_exporter"],
];

/// Builds share a folder that stays, since the SDK's dependencies take a while.
fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins")
}

/// An empty folder for the crates. Always the same one, so that a second run replaces what the first
/// has built.
fn workshop() -> PathBuf {
    let folder = target_dir().join("crates");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).expect("a folder");
    // As aiperf shows it.
    folder.canonicalize().expect("a folder")
}

/// Runs cargo in the crate, without a network: with the versions that this workspace has.
fn cargo(folder: &Path, args: &[&str]) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("the lock file");
    let output = Command::new(env!("CARGO"))
        .args(args)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target_dir())
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{args:?} in {}:\n{text}",
        folder.display()
    );
    assert!(
        !text.contains("warning:"),
        "{args:?} in {}:\n{text}",
        folder.display()
    );
}

/// Lines of code, without comments and blank ones.
fn lines_of_code(file: &Path) -> usize {
    let text = fs::read_to_string(file).expect("a source");
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[test]
fn new_plugins_build_conform_and_load() {
    let context = Context::new();
    let workshop = workshop();
    let dir = workshop.to_str().expect("UTF-8");
    for words in PLUGINS {
        context.succeed(&[&["plugins", "new", "--dir", dir], words].concat());
        let (name, id) = (words[1], words[1].replace('-', "_"));
        let folder = workshop.join(name);
        cargo(&folder, &["test"]);
        cargo(&folder, &["build"]);
        let built = format!("debug/lib{id}.so");
        fs::create_dir_all(folder.join("target/debug")).expect("a folder");
        fs::copy(
            target_dir().join(&built),
            folder.join("target").join(&built),
        )
        .expect("a copy");
        let settings = format!("{dir}/{name}/aiperf.toml");
        let listed = context
            .succeed(&["plugins", "list", "-f", &settings])
            .stdout;
        let library = format!("{dir}/{name}/target/{built}");
        assert!(listed.contains(&library), "{listed}");
        context.succeed(&["plugins", "check", &library]);
    }
    let simple = [PLUGINS[0][1], PLUGINS[3][1], PLUGINS[4][1]];
    for name in simple {
        let lines = lines_of_code(&workshop.join(name).join("src/lib.rs"));
        assert!(lines <= 30, "{name} has {lines} lines");
    }
    its_numbers_are_in_the_files(&context, dir);
}

/// With the settings that were written beside the plugins.
fn its_numbers_are_in_the_files(context: &Context, dir: &str) {
    let (poll, exporter) = (
        format!("{dir}/my-poll/aiperf.toml"),
        format!("{dir}/my_exporter/aiperf.toml"),
    );
    let poll = ["collect", "--once", "-f", &poll, "--artifact-dir", "poll"];
    context.succeed(&poll);
    let text = context.read("poll/server_metrics_export.jsonl");
    assert!(text.contains("my_poll_load"), "{text}");
    let demo = ["demo", "-f", &exporter, "--artifact-dir", "demo"];
    context.succeed(&demo);
    let text = context.read("demo/my_exporter.txt");
    assert!(text.contains("time_to_first_token "), "{text}");
}

#[test]
fn nothing_is_overwritten() {
    let context = Context::new();
    context.succeed(&["plugins", "new", "parser", "acme"]);
    let again = context.run(&["plugins", "new", "exporter", "acme"]);
    assert_eq!(again.code, Some(2));
    assert!(
        again.stderr.contains("`./acme` is there already"),
        "{}",
        again.stderr
    );
    // The SDK is shared; one that was changed is not used without being named.
    context.succeed(&["plugins", "new", "parser", "other"]);
    context.write("aiperf-plugin-sdk/src/lib.rs", "");
    let changed = context.run(&["plugins", "new", "parser", "third"]);
    assert_eq!(changed.code, Some(2));
    assert!(
        changed.stderr.contains("--sdk ./aiperf-plugin-sdk"),
        "{}",
        changed.stderr
    );
    assert!(!context.exists("third"));
    context.succeed(&[
        "plugins",
        "new",
        "parser",
        "third",
        "--sdk",
        "./aiperf-plugin-sdk",
    ]);
}

#[test]
fn the_sdk_may_come_from_elsewhere() {
    let context = Context::new();
    let url = "https://example.com/aiperf.git";
    context.succeed(&["plugins", "new", "parser", "acme", "--sdk", url]);
    assert!(
        context
            .read("acme/Cargo.toml")
            .contains(&format!("git = \"{url}\""))
    );
    assert!(!context.exists("aiperf-plugin-sdk"));
    let none = context.run(&["plugins", "new", "parser", "other", "--sdk", "acme"]);
    assert!(
        none.stderr.contains("`acme` is not the SDK"),
        "{}",
        none.stderr
    );
}

#[test]
fn names_that_cannot_be_say_why() {
    let context = Context::new();
    for (words, why) in [
        (&["exporter", "json"][..], "exporter `json` is built in"),
        (&["parser", "Loud"], "lower-case letters"),
        (&["parser", "loop"], "means something else in Rust"),
        (
            &["parser", "acme", "--mode", "poll"],
            "`--mode` is for collectors",
        ),
        (
            &["parser", "acme", "--dir", "nowhere"],
            "`nowhere` is not a folder",
        ),
    ] {
        let ran = context.run(&[&["plugins", "new"], words].concat());
        assert_eq!(ran.code, Some(2), "{words:?}");
        assert!(ran.stderr.contains(why), "{words:?}: {}", ran.stderr);
    }
}

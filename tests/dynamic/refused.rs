//! Files and settings that are refused: one error each, at the line that is to blame.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::context::Context;
use crate::library::{library, table};

/// Runs with a config file; the one error and the place that it points at.
#[track_caller]
fn refusal(context: &Context, text: &str) -> (String, String) {
    context.write("acme.toml", text);
    let line = "profile --url http://127.0.0.1:9 -f acme.toml --artifact-dir out";
    let ran = context.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(!context.exists("out"), "nothing was started");
    let mut lines = ran.stderr.lines();
    let error = lines.next().unwrap_or_default().to_owned();
    let place = lines.next().unwrap_or_default().trim().to_owned();
    let errors = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(" | ") && ran.stderr.contains('^'),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.lines().count() <= 8, "{}", ran.stderr);
    (error, place)
}

#[track_caller]
fn check_file(context: &Context, path: &Path, expected: &str) {
    let path = path.display().to_string();
    let text = format!("[plugins.acme]\npath = {path:?}\n");
    let (error, place) = refusal(context, &text);
    let expected = format!("error: `{path}` {expected}");
    assert!(error.starts_with(&expected), "got {error}\nnot {expected}");
    assert_eq!(place, "--> acme.toml:2:8");
}

/// A copy of the good library, changed.
fn copy(context: &Context, change: impl FnOnce(&mut Vec<u8>)) -> std::path::PathBuf {
    let mut bytes = fs::read(library("acme")).expect("the library");
    change(&mut bytes);
    let path = context.path().join("libacme.so");
    fs::write(&path, bytes).expect("a copy");
    path
}

#[test]
fn what_is_no_library_is_refused() {
    let context = Context::new();
    let absent = context.path().join("absent.so");
    check_file(
        &context,
        &absent,
        "cannot be read: no such file or directory",
    );
    check_file(&context, context.path(), "is a folder, not a file");
    check_file(&context, Path::new("/dev/null"), "is a device, not a file");
    let text = context.write("text.so", "not a library\n");
    check_file(&context, &text, "is not an ELF shared library");
    let empty = context.write("empty.so", "");
    check_file(&context, &empty, "is not an ELF shared library");
    let program = Path::new(env!("CARGO_BIN_EXE_aiperf"));
    check_file(&context, program, "cannot be loaded: ");
}

#[test]
fn a_pipe_is_not_opened() {
    let context = Context::new();
    let pipe = context.path().join("pipe.so");
    let made = Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    check_file(&context, &pipe, "is a pipe, not a file");
}

#[test]
fn a_library_that_was_built_for_something_else_is_refused() {
    let context = Context::new();
    let path = copy(&context, |bytes| bytes[18] = 40);
    check_file(
        &context,
        &path,
        "is built for another machine (ARM, 32 bit)",
    );
    let path = copy(&context, |bytes| bytes[4] = 1);
    check_file(&context, &path, "is built for another machine (not 64 bit");
    let path = copy(&context, |bytes| bytes[16] = 1);
    check_file(
        &context,
        &path,
        "is not an ELF shared library but an object file",
    );
    let root = b"_1as_0lib_1header_0root_bmodule_bloader";
    let path = copy(&context, |bytes| {
        while let Some(at) = bytes.windows(root.len()).position(|part| part == root) {
            bytes[at] = b'x';
        }
    });
    check_file(
        &context,
        &path,
        "is not an aiperf plugin: it lacks the root symbol",
    );
}

#[test]
fn a_file_that_others_can_change_is_refused() {
    let context = Context::new();
    let path = copy(&context, |_| {});
    fs::set_permissions(&path, Permissions::from_mode(0o757)).expect("permissions");
    check_file(&context, &path, "may be written by every user (mode 757)");
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("permissions");
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        check_file(&context, &path, "belongs to user 65534, who is neither you");
    }
}

#[test]
fn the_pin_has_to_match() {
    let context = Context::new();
    let wrong = format!("sha256 = \"{}\"", "0".repeat(64));
    let (error, place) = refusal(&context, &table("acme", &wrong));
    assert_eq!(place, "--> acme.toml:3:10");
    let found = error
        .split_whitespace()
        .nth(5)
        .expect("the hash")
        .trim_end_matches(',');
    assert_eq!(found.len(), 64, "{error}");
    let right = format!("sha256 = \"{}\"", found.to_uppercase());
    context.write("right.toml", &table("acme", &right));
    context.succeed(&["plugins", "list", "-f", "right.toml"]);
    let (error, _) = refusal(&context, &table("acme", "sha265 = \"00\""));
    assert!(error.contains("sha265"), "{error}");
}

#[test]
fn two_plugins_with_one_id_are_refused_with_both_origins() {
    let context = Context::new();
    let copy = copy(&context, |_| {}).display().to_string();
    let original = library("acme").display().to_string();
    for [first, second] in [[&copy, &original], [&original, &copy]] {
        let text = format!(
            "[plugins.a]\npath = {first:?}\noverride = true\n\
             [plugins.b]\npath = {second:?}\noverride = true\n"
        );
        let (error, place) = refusal(&context, &text);
        assert_eq!(
            error,
            format!("error: collector `acme_pages` exists twice: {first} and {second}")
        );
        assert_eq!(place, "--> acme.toml:5:8");
    }
}

#[test]
fn a_built_in_is_replaced_only_if_asked_for() {
    let context = Context::new();
    let (error, place) = refusal(&context, &table("prometheus", ""));
    let path = library("prometheus");
    assert_eq!(
        error,
        format!(
            "error: parser `prometheus` exists twice: built-in and {}",
            path.display()
        )
    );
    assert_eq!(place, "--> acme.toml:2:8");
}

#[test]
fn a_file_that_nobody_named_loads_nothing() {
    let context = Context::new();
    context.write(
        "aiperf.toml",
        "[plugins.acme]\npath = \"/nowhere/libacme.so\"\n",
    );
    let ran = context.run(&["collect", "--once", "--url", "http://127.0.0.1:9"]);
    assert_eq!(ran.code, Some(2));
    let expected = "\
error: `aiperf.toml` may not load code: nobody named it
 --> aiperf.toml:1:10
  |
1 | [plugins.acme]
  |          ^^^^
  |
  = help: add `--config aiperf.toml`, or move the table to a file that is named
";
    assert_eq!(ran.stderr, expected);
}

#[test]
fn options_are_checked_to_the_caret() {
    let context = Context::new();
    for (options, message, place) in [
        ("devices = 0", "must not be 0", "--> acme.toml:4:11"),
        ("devises = 2", "devises", "--> acme.toml:4:1"),
        ("devices = \"two\"", "must be", "--> acme.toml:4:11"),
    ] {
        let more = format!("[collectors.acme_pulse.options]\n{options}");
        let (error, at) = refusal(&context, &table("acme", &more));
        assert!(error.contains(message), "{error}");
        assert_eq!(at, place, "{error}");
    }
}

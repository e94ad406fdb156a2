//! Libraries that make trouble while they are loaded: the child process takes it, not the program.

use crate::context::{Context, ran};
use crate::library::table;

/// What `plugins list` says of the library in trouble.
fn list(fault: &str) -> crate::context::Ran {
    let context = Context::new();
    context.write("faulty.toml", &table("faulty", ""));
    let mut command = context.command(&["plugins", "list", "-f", "faulty.toml"]);
    ran(command
        .env("FAULTY", fault)
        .output()
        .expect("the binary starts"))
}

#[test]
fn a_crash_while_loading_is_one_line() {
    for (fault, expected) in [
        ("abort", "crashed while loading (SIGABRT)"),
        ("stack", "crashed while loading (SIGABRT)"),
        ("exit", "ended the process while loading (status 0)"),
        ("status", "ended the process while loading (status 7)"),
        (
            "panic",
            "has a plugin that does not describe itself: panicked: no schema today",
        ),
    ] {
        let ran = list(fault);
        assert_eq!(ran.code, Some(2), "{fault}: {}", ran.stderr);
        let line = ran.stderr.lines().next().unwrap_or_default();
        assert!(line.contains(expected), "{fault}: {}", ran.stderr);
        assert!(
            ran.stdout.contains("built-in"),
            "the others are listed: {}",
            ran.stdout
        );
    }
}

#[test]
fn what_a_library_prints_while_it_loads_is_not_taken_for_its_answer() {
    let ran = list("chatter");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("faulty_loading"));
}

#[test]
fn without_the_probe_a_crash_is_a_crash() {
    let context = Context::new();
    context.write("faulty.toml", &table("faulty", "probe = false"));
    let mut command = context.command(&["plugins", "list", "-f", "faulty.toml"]);
    let output = command.env("FAULTY", "status").output();
    assert_eq!(ran(output.expect("the binary starts")).code, Some(7));
}

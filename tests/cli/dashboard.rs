//! `--ui dashboard` on a terminal, and without one.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread;

use nix::pty::{Winsize, openpty};

use crate::context::Context;

const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const DEMO: [&str; 7] = [
    "demo",
    "--ui",
    "dashboard",
    "--request-count",
    "40",
    "--concurrency",
    "4",
];

/// Everything that is written to a terminal until all who have it open have ended.
fn all(mut terminal: File) -> String {
    let mut bytes = Vec::new();
    // Linux says EIO when nobody has the other end any more.
    drop(terminal.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_dashboard_has_the_terminal_until_the_report() {
    let size = Winsize {
        ws_row: 40,
        ws_col: 120,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).expect("a terminal");
    let (ours, theirs) = (File::from(pty.master), File::from(pty.slave));
    let reader = thread::spawn(move || all(ours));
    let context = Context::new();
    // A source that is not there is worth a message.
    let args = [
        &DEMO[..],
        &["--server-metrics", "http://localhost:1/metrics"],
    ]
    .concat();
    let mut command = context.command(&args);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let ended = command.stderr(theirs).status().expect("the binary starts");
    drop(command);
    let shown = reader.join().expect("a reader");
    assert_eq!(ended.code(), Some(0), "{shown}");
    let (before, rest) = shown.split_once(ENTER).expect("it takes the screen");
    let (within, after) = rest.split_once(LEAVE).expect("it gives the screen back");
    assert_eq!(before, "");
    for part in ["Requests/s", "Time to first token", "requests"] {
        assert!(within.contains(part), "{part}: {within}");
    }
    assert!(after.contains("localhost:1"), "messages stay: {after}");
    assert!(after.contains("Files are in"), "{after}");
    assert!(!after.contains(ENTER), "{after}");
}

#[test]
fn without_a_terminal_it_is_a_line() {
    let ran = Context::new().succeed(&DEMO);
    let why = "warning: no dashboard, a line instead: standard error is no terminal";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(!ran.stderr.contains(ENTER), "{}", ran.stderr);
}

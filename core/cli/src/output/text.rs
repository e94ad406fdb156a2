//! Single lines.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

use aiperf_plugin_sdk::display::printable;
use console::Style;

/// A line about the run, on stderr.
pub(crate) fn say(line: &str) {
    if !super::dashboard::divert(line) {
        // Nobody can be told that stderr is gone.
        writeln!(io::stderr().lock(), "{line}").ok();
    }
}

/// `error: …`, on stderr. What the message says in others' words is made harmless.
pub(crate) fn error(message: &dyn Display) {
    let label = Style::new().for_stderr().red().bold().apply_to("error:");
    say(&format!("{label} {}", printable(&message.to_string())));
}

/// `warning: …`, on stderr. What the message says in others' words is made harmless.
pub(crate) fn warning(message: &dyn Display) {
    let label = Style::new()
        .for_stderr()
        .yellow()
        .bold()
        .apply_to("warning:");
    say(&format!("{label} {}", printable(&message.to_string())));
}

/// Text of others with its line breaks, but nothing else that a terminal obeys.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// How much was found, in words.
pub(crate) fn verdict(errors: usize, warnings: usize) -> String {
    let counted = [(errors, "error"), (warnings, "warning")].map(|(count, what)| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    });
    let counted: Vec<_> = counted.into_iter().flatten().collect();
    if counted.is_empty() {
        "no errors".to_owned()
    } else {
        counted.join(", ")
    }
}

/// Why the first line that could not be written could not.
static LOST: OnceLock<String> = OnceLock::new();

/// A line of data, on stdout. A reader that has seen enough is no error; [`is_lost`] tells of others.
pub(crate) fn stdout_line(line: &str) {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    if let Err(error) = written {
        lose(&error);
    }
}

/// Keeps in mind that something did not get to stdout.
pub(crate) fn lose(error: &io::Error) {
    if error.kind() != ErrorKind::BrokenPipe {
        LOST.get_or_init(|| error.to_string());
    }
}

/// Says so if a line on stdout was lost.
pub(crate) fn is_lost() -> bool {
    let lost = LOST.get();
    if let Some(why) = lost {
        error(&format!(
            "standard output: {why}; what was shown is not whole"
        ));
    }
    lost.is_some()
}

//! What a recording lacks.

use std::path::Path;

use aiperf_plugin_sdk::report::Warning;

use super::super::record::RunRecord;
use super::name;
use crate::report::RequestLog;
use crate::store::Store;

/// What to do about parts that are missing.
const WHAT_IS_THERE: &str =
    "the numbers are those of what is there; see the run's warnings and log";

/// Findings about a recording, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Gaps(Vec<Warning>);

impl Gaps {
    pub(super) fn add(&mut self, warning: Warning) {
        self.0.push(warning);
    }

    pub(super) fn warnings(self) -> Vec<Warning> {
        self.0
    }

    /// A file that ought to be there.
    pub(super) fn missing(&mut self, path: Option<&Path>, what: &str) {
        let subject = path.map(name).unwrap_or_default();
        let message = format!("{what} were not recorded: what is made of them is left out");
        let remedy = "record the next run with the exporter of line files on, at its defaults";
        self.add(gap("recording_missing", subject, message, remedy));
    }

    /// The last line of a file has no end.
    pub(super) fn cut(&mut self, path: &Path, lines: u64) {
        let message = format!("the last line is cut off: the {lines} before it are reported");
        let remedy = "nothing; the run was killed, or the file was copied while it grew";
        self.add(gap("recording_cut", name(path), message, remedy));
    }

    /// Lines that could not be used.
    pub(super) fn damaged(&mut self, path: &Path, bad: u64, first: (u64, &str)) {
        let (line, why) = first;
        let message = format!("{bad} lines cannot be used, the first is line {line}: {why}");
        let remedy = "restore the file as the run wrote it; those lines are left out";
        self.add(gap("recording_damaged", name(path), message, remedy));
    }

    /// Pages without the lines of some of their servers.
    pub(super) fn partial(&mut self, path: Option<&Path>, pages: u64) {
        let subject = path.map(name).unwrap_or_default();
        let message = format!("{pages} pages lack the lines of some of their servers");
        self.add(gap("recording_incomplete", subject, message, WHAT_IS_THERE));
    }

    /// Compares what was read with what the run counted.
    pub(super) fn compare(&mut self, record: &RunRecord, store: &Store, requests: &RequestLog) {
        let read = requests.len();
        let sent = record.requests.unwrap_or_default();
        self.fewer("requests", String::new(), read, sent);
        for (view, known) in store.endpoints().zip(&record.endpoints) {
            let pages = u64::from(view.pages());
            let subject = known.info.display.clone();
            self.fewer("pages", subject, pages, known.scrapes.done);
        }
    }

    fn fewer(&mut self, what: &str, subject: String, read: u64, counted: u64) {
        if read >= counted {
            return;
        }
        let message = format!("{read} of the run's {counted} {what} are in the recording");
        self.add(gap("recording_incomplete", subject, message, WHAT_IS_THERE));
    }
}

fn gap(code: &str, subject: String, message: String, remedy: &str) -> Warning {
    Warning {
        code: code.to_owned(),
        subject,
        message,
        remedy: remedy.to_owned(),
    }
}

//! Holds what a run left against what it must leave.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use aiperf_sim::Truth;
use serde_json::Value;

use crate::case::{Case, Files};
use crate::run::{AUTHORITY_FILE, Ended, OUT, REQUESTS};

/// One line a reading of a server.
const SCRAPES: &str = "server_metrics_export.jsonl";
/// Said of where the files are: no complaint.
const PLACE: &str = "Files are in ";

/// What is not as it should be.
pub(crate) fn problems(
    case: &Case,
    ended: &Ended,
    folder: &Path,
    aiperf: &Path,
    truth: &[Truth],
) -> Vec<String> {
    let mut found = Found {
        problems: Vec::new(),
        out: folder.join(OUT),
    };
    found.ending(case, ended);
    let report = found.report(case.expect.files);
    found.said(case, ended, &report);
    found.leftovers(folder);
    match case.expect.files {
        Files::None if found.out.exists() => found.note("it left a folder"),
        Files::Some if found.out.join("run.json").exists() => {
            found.reported_again(aiperf, folder, 5);
        }
        Files::None | Files::Some => {}
        Files::Whole => {
            found.whole(case, &report, truth);
            found.reported_again(aiperf, folder, 0);
        }
        Files::Killed => found.reported_again(aiperf, folder, 5),
    }
    found.problems
}

struct Found {
    problems: Vec<String>,
    out: std::path::PathBuf,
}

impl Found {
    fn note(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn ending(&mut self, case: &Case, ended: &Ended) {
        if ended.hung {
            self.note(format!("still there after {:?}", case.expect.limit));
        } else if ended.code != case.expect.code {
            self.note(format!(
                "exit code {:?}, not {:?}",
                ended.code, case.expect.code
            ));
        }
        if ended.stderr.contains("panicked at") {
            self.note("it panicked");
        }
        let lines: Vec<_> = ended.stderr.lines().collect();
        // How much an endless stream brings within its time depends on the machine.
        let is_about_speed = |line: &&&str| line.ends_with("updates waited on disk");
        let complaints = lines
            .iter()
            .filter(|line| !line.starts_with(PLACE))
            .filter(|line| !is_about_speed(line));
        if complaints.count() != case.expect.lines {
            let expected = case.expect.lines;
            self.note(format!("not {expected} lines on stderr: {lines:?}"));
        }
    }

    fn said(&mut self, case: &Case, ended: &Ended, report: &Value) {
        let says = case.expect.says;
        let findings = [&report["warnings"], &report["requests"]["errors"]];
        let in_report = || findings.iter().any(|list| contains(list, says));
        if !ended.stderr.contains(says) && !in_report() {
            let errors = &report["requests"]["errors"];
            let warnings = &report["warnings"];
            self.note(format!("nobody says `{says}`: {errors} {warnings}"));
        }
    }

    /// Every file that is there is valid. Returns the report.
    fn report(&mut self, files: Files) -> Value {
        let entries = fs::read_dir(&self.out).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Ok(text) = fs::read(&path) else {
                self.note(format!("{} cannot be read", path.display()));
                continue;
            };
            let valid = match path.extension().and_then(|kind| kind.to_str()) {
                Some("json") => serde_json::from_slice::<Value>(&text).is_ok(),
                Some("jsonl") => are_lines(&text, files == Files::Killed),
                Some("csv" | "toml" | "log") => std::str::from_utf8(&text).is_ok(),
                _ => {
                    self.note(format!("it left {}", path.display()));
                    true
                }
            };
            if !valid {
                self.note(format!("{} is not valid", path.display()));
            }
        }
        let text = fs::read(self.out.join("aiperf.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Files that have no name while a run goes on have none afterwards.
    fn leftovers(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| {
                !["stdout", "stderr", OUT, "aiperf.toml", AUTHORITY_FILE].contains(&name.as_str())
            })
            .collect();
        if !names.is_empty() {
            self.note(format!("it left {names:?}"));
        }
    }

    /// The files agree with each other, and nothing that the server gave is missing.
    fn whole(&mut self, case: &Case, report: &Value, truth: &[Truth]) {
        let always = [
            "aiperf.json",
            "aiperf.toml",
            "metrics.csv",
            "run.json",
            "run.log",
        ];
        let load = (!report["requests"].is_null()).then_some(["inputs.json", REQUESTS]);
        let endpoints = report["server_metrics"]["endpoints"].as_object();
        let mut endpoints = endpoints.into_iter().flatten();
        let pages = endpoints.any(|(_, endpoint)| endpoint["reachable"] == true);
        let pages = pages.then_some(SCRAPES);
        let names = always
            .into_iter()
            .chain(load.into_iter().flatten())
            .chain(pages);
        for name in names {
            if !self.out.join(name).exists() {
                self.note(format!("there is no {name}"));
            }
        }
        if report["requests"].is_null() {
            return;
        }
        let text = fs::read(self.out.join(REQUESTS)).unwrap_or_default();
        let lines: Vec<Value> = values(&text).collect();
        let good = lines
            .iter()
            .filter(|line| line["outcome"] == "done")
            .count() as u64;
        let count = |name: &str| report["requests"][name].as_u64().unwrap_or_default();
        let (sent, done) = (count("sent"), count("done"));
        if (sent, done) != (lines.len() as u64, good) {
            let n = lines.len();
            self.note(format!(
                "{sent} sent and {done} done, but {n} lines and {good} good ones"
            ));
        }
        let served: u64 = truth.iter().map(|truth| truth.totals.completed).sum();
        let is_whole = case.expect.code == Some(0);
        if done > served || is_whole && done != served {
            self.note(format!("{done} done, but {served} served"));
        }
    }

    /// `aiperf report` ends with `code`, and makes the same report again if there was one.
    fn reported_again(&mut self, aiperf: &Path, folder: &Path, code: i32) {
        let output = Command::new(aiperf)
            .args(["report", OUT, "--format", "json"])
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else {
            return self.note("the program cannot be started again");
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(code) {
            let ended = output.status.code();
            self.note(format!("`aiperf report` ends with {ended:?}: {stderr}"));
        }
        let before = fs::read(self.out.join("aiperf.json"));
        let is_same = before.is_ok_and(|before| before == output.stdout);
        // Of what was not recorded whole it makes a report of the rest, and its exit code says so.
        if code == 0 && !is_same {
            self.note("`aiperf report` makes another report");
        }
    }
}

/// Whether one of the findings says `text`.
fn contains(findings: &Value, text: &str) -> bool {
    findings.to_string().contains(text) || {
        let list = findings.as_array().into_iter().flatten();
        let texts = list.flat_map(|finding| finding.as_object().into_iter().flatten());
        texts
            .into_iter()
            .any(|(_, value)| value.as_str().is_some_and(|value| value.contains(text)))
    }
}

fn values(text: &[u8]) -> impl Iterator<Item = Value> {
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

/// Whether all lines are JSON; the last one may be cut off if the run was killed.
fn are_lines(text: &[u8], may_be_cut: bool) -> bool {
    let whole = match text.iter().rposition(|byte| *byte == b'\n') {
        Some(end) if may_be_cut => text.get(..=end).unwrap_or_default(),
        _ => text,
    };
    let ends = whole.is_empty() || whole.ends_with(b"\n");
    let lines = || {
        whole
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
    };
    ends && values(whole).count() == lines().count()
}

//! The binary under test, and what it reports.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::Error;

/// The binary under test.
#[derive(Debug)]
pub(crate) struct Binary(PathBuf);

impl Binary {
    /// The one that is named, or the one beside this program.
    pub(crate) fn find(named: Option<PathBuf>) -> Result<Self, Error> {
        let beside = || std::env::current_exe().map(|this| this.with_file_name("aiperf"));
        let path = match named {
            Some(path) => path,
            None => beside().map_err(|source| io(Path::new("aiperf"), source))?,
        };
        let path = path.canonicalize().map_err(|source| io(&path, source))?;
        Ok(Self(path))
    }

    /// Profiles with `arguments` in a folder of its own, which is gone afterwards.
    pub(crate) fn profile(&self, arguments: &[String]) -> Result<Report, Error> {
        let folder = tempfile::tempdir().map_err(|source| io(Path::new("temporary"), source))?;
        let out = folder.path().join("out");
        let output = Command::new(&self.0)
            .args(["profile", "--ui", "none", "--artifact-dir"])
            .arg(&out)
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .output()
            .map_err(|source| io(&self.0, source))?;
        if !output.status.success() {
            let code = output.status.code();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Run { code, stderr });
        }
        let read = |name: &str| {
            let path = out.join(name);
            fs::read_to_string(&path).map_err(|source| io(&path, source))
        };
        let lines = read("profile_export.jsonl").unwrap_or_default();
        let lines: Result<_, _> = lines.lines().map(serde_json::from_str).collect();
        Ok(Report {
            document: serde_json::from_str(&read("aiperf.json")?)?,
            run: serde_json::from_str(&read("run.json")?)?,
            requests: lines?,
        })
    }
}

fn io(path: &Path, source: std::io::Error) -> Error {
    let path = path.to_owned();
    Error::Io { path, source }
}

/// What a run wrote.
#[derive(Debug)]
pub(crate) struct Report {
    /// `aiperf.json`.
    document: Value,
    /// `run.json`.
    run: Value,
    /// Lines of `profile_export.jsonl`.
    pub(crate) requests: Vec<Value>,
}

impl Report {
    /// A number by JSON pointer.
    pub(crate) fn number(&self, pointer: &str) -> Result<f64, Error> {
        let value = self.document.pointer(pointer).and_then(Value::as_f64);
        value.ok_or_else(|| Error::Missing(pointer.to_owned()))
    }

    /// Wall-clock less monotonic nanoseconds, as the run has it: one constant for all its times.
    pub(crate) fn wall_minus_mono(&self) -> Result<i64, Error> {
        let part = |name: &str| self.run.pointer(&format!("/run/started/{name}"))?.as_i64();
        let both = part("wall_ns").zip(part("mono_ns"));
        let both = both.map(|(wall, mono)| wall - mono);
        both.ok_or_else(|| Error::Missing("run.started".to_owned()))
    }

    /// A list by JSON pointer; empty if there is none.
    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        let list = self.document.pointer(pointer).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// Metrics of key `key`, of every server that has it.
    pub(crate) fn metrics(&self, key: &str) -> impl Iterator<Item = &Value> {
        let endpoints = self.document.pointer("/server_metrics/endpoints");
        let endpoints = endpoints.and_then(Value::as_object).into_iter().flatten();
        let servers = endpoints.filter_map(|(_, endpoint)| endpoint["servers"].as_object());
        let key = key.to_owned();
        servers
            .flatten()
            .filter_map(move |(_, server)| server["metrics"].get(&key))
    }

    /// Whether the run warns of `code`.
    pub(crate) fn warns(&self, code: &str) -> bool {
        self.list("/warnings")
            .iter()
            .any(|warning| warning["code"] == code)
    }
}

//! `sweep.json` and `sweep.csv`, in the folder that has one folder for each run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiperf_plugin_sdk::display::json_text;

use super::cells::text;
use super::summary::Summary;
use crate::secrets::Secrets;

/// All numbers, by cell.
pub const JSON_FILE: &str = "sweep.json";

/// The same numbers, a line for each cell, metric and statistic.
pub const CSV_FILE: &str = "sweep.csv";

/// The folder of a sweep.
#[derive(Debug)]
pub struct SweepFiles {
    dir: PathBuf,
    secrets: Arc<Secrets>,
    problem: Option<String>,
}

impl SweepFiles {
    /// Makes a folder at `dir`, or, if there is one with something in it, beside it: `dir-2` and so on.
    /// Its files show none of `secrets`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn claim(dir: &Path, secrets: Arc<Secrets>) -> io::Result<Self> {
        let mut place = dir.to_path_buf();
        for number in 2..10_000 {
            std::fs::create_dir_all(&place)?;
            if std::fs::read_dir(&place)?.next().is_none() {
                return Ok(Self {
                    dir: place,
                    secrets,
                    problem: None,
                });
            }
            let mut name = dir.as_os_str().to_owned();
            name.push(format!("-{number}"));
            place = PathBuf::from(name);
        }
        let message = "there are thousands of folders of this name";
        Err(io::Error::new(io::ErrorKind::AlreadyExists, message))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Why the files are not as they should be.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Writes a file of the folder, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written; what was there before is still there.
    pub fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        let text = String::from_utf8_lossy(content);
        io::Write::write_all(&mut file, self.secrets.scrub(&text).as_bytes())?;
        // Whoever may read the files of a run may read what came of all.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file()
                .set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.persist(self.dir.join(name))?;
        Ok(())
    }

    /// Writes both files. What stands in the way is kept for [`problem`](Self::problem): the runs go on.
    pub(super) fn write(&mut self, summary: &Summary) {
        let json = json_text(summary).map_err(io::Error::other);
        let json = json.and_then(|text| self.put(JSON_FILE, &text));
        let csv = csv_text(summary).and_then(|text| self.put(CSV_FILE, &text));
        let of =
            |name, result: io::Result<()>| result.err().map(|error| format!("{name}: {error}"));
        self.problem = of(JSON_FILE, json).or(of(CSV_FILE, csv));
    }
}

/// One line for each statistic of each cell.
fn csv_text(summary: &Summary) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let settings: Vec<&String> = summary
        .cells
        .first()
        .map(|cell| cell.values.keys().collect())
        .unwrap_or_default();
    let rest = [
        "metric", "unit", "stat", "runs", "mean", "std", "min", "max", "ci_low", "ci_high",
    ];
    let heading = settings.iter().map(|name| name.as_str()).chain(rest);
    out.write_record(heading)?;
    for cell in &summary.cells {
        let values: Vec<String> = cell.values.values().map(text).collect();
        for (metric, numbers) in &cell.metrics {
            for (stat, spread) in &numbers.stats {
                let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                let row = [
                    metric.clone(),
                    numbers.unit.clone(),
                    stat.clone(),
                    spread.runs.to_string(),
                    spread.mean.to_string(),
                    number(spread.std),
                    spread.min.to_string(),
                    spread.max.to_string(),
                    number(spread.ci_low),
                    number(spread.ci_high),
                ];
                out.write_record(values.iter().chain(&row))?;
            }
        }
    }
    out.into_inner().map_err(csv::IntoInnerError::into_error)
}

//! A recorded run comes back: its pages go through the same store, its requests into the same
//! records, and the same report is made of them.

mod dictionary;
mod gaps;
mod lines;
mod pages;
mod reader;
mod render;
mod requests;
#[cfg(test)]
mod tests;
mod unfinished;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::{Report, SCHEMA_VERSION, Warning};

pub use render::{Replayed, replay};

use super::RunError;
use super::record::RunRecord;
use crate::report::{Goodput, RequestLog};
use crate::store::Store;
use gaps::Gaps;

/// Where the files of a recorded run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file about the run itself, called [`RUN_FILE`](super::RUN_FILE).
    pub run: PathBuf,
    /// Pages, one line per scrape per server; `None` if they were not recorded.
    pub scrapes: Option<PathBuf>,
    /// Requests, one line each; `None` if they were not recorded.
    pub requests: Option<PathBuf>,
}

/// A report made from a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recomputed {
    /// The report; its numbers are those of the run, as far as it was recorded.
    pub report: Report,
    /// Facts of the run.
    pub run: RunInfo,
    /// What the recording lacks. The report's warnings have the same.
    pub gaps: Vec<Warning>,
}

impl Recording {
    /// Makes the report again, with slices of `slice_duration` and the limits of `goodput`, or, where
    /// there are none, as the run had them.
    ///
    /// What is missing or damaged is left out and named in [`Recomputed::gaps`].
    ///
    /// # Errors
    /// [`RunError::Recording`] if there is no recorded run, or its version is another.
    pub fn recompute(
        &self,
        slice_duration: Option<Duration>,
        goodput: Option<&Goodput>,
    ) -> Result<Recomputed, RunError> {
        let mut record = self.record()?;
        record.slice_duration = slice_duration.or(record.slice_duration);
        if let Some(goodput) = goodput.filter(|goodput| !goodput.is_empty()) {
            record.judge(goodput);
        }
        let mut gaps = Gaps::default();
        let mut store = Store::new(record.store.clone());
        pages::read(self.scrapes.as_deref(), &record, &mut store, &mut gaps)?;
        let requests = match record.requests {
            Some(_) => requests::read(self.requests.as_deref(), &record, &mut gaps)?,
            None => RequestLog::default(),
        };
        if record.complete {
            gaps.compare(&record, &store, &requests);
            record.recall(&mut store);
        } else {
            gaps.add(unfinished::reconstruct(&mut record, &mut store, &requests));
        }
        let gaps = gaps.warnings();
        record.warnings.extend(gaps.iter().cloned());
        Ok(Recomputed {
            report: record.report(&store, &requests),
            run: record.run,
            gaps,
        })
    }

    fn record(&self) -> Result<RunRecord, RunError> {
        let unusable = |why: String| RunError::Recording {
            path: self.run.clone(),
            why,
        };
        let text = std::fs::read_to_string(&self.run).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                unusable("there is no such file; name the folder of a recorded run".to_owned())
            }
            _ => unusable(format!("{error}; check its permissions")),
        })?;
        let broken = |error| unusable(format!("{error}; it was edited or cut, and says nothing"));
        let json: serde_json::Value = serde_json::from_str(&text).map_err(broken)?;
        let Some(version) = json["schema_version"].as_str() else {
            let why = "it is no `run.json`; name the folder of a recorded run";
            return Err(unusable(why.to_owned()));
        };
        if major(version) != major(SCHEMA_VERSION) {
            let why = format!(
                "it has version {version}, and this aiperf reads {}.x; use the aiperf that wrote it",
                major(SCHEMA_VERSION)
            );
            return Err(unusable(why));
        }
        serde_json::from_value(json).map_err(broken)
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

impl RunRecord {
    /// Has requests keep other limits.
    fn judge(&mut self, goodput: &Goodput) {
        self.goodput = goodput.clone();
        let settings = &mut self.run.settings;
        settings.insert("goodput".to_owned(), goodput.settings());
    }

    /// Puts back what the pages do not say of their sources.
    fn recall(&self, store: &mut Store) {
        let ids: Vec<_> = store.endpoints().map(|endpoint| endpoint.id).collect();
        for (id, endpoint) in ids.into_iter().zip(&self.endpoints) {
            store.recall(id, endpoint.clone());
        }
    }

    /// Index of the phase of this name.
    fn phase(&self, name: &str) -> Option<u32> {
        let mut phases = self.planned.iter();
        phases
            .find(|phase| phase.name == name)
            .map(|phase| phase.index)
    }
}

/// Name of a file for messages.
fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

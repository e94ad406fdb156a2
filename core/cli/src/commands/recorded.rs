//! Finds the files of a recorded run.

use std::path::{Path, PathBuf};

use aiperf_core::run::{RUN_FILE, Recording};
use aiperf_exporter_jsonl::Config as RecorderConfig;
use toml::{Table, Value};

use crate::args::RECORDER;

/// File with the settings of a run.
const SETTINGS: &str = "aiperf.toml";

/// A recorded run on disk.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) recording: Recording,
    /// Name and text of the settings of its exporters; `None` if the file is gone.
    pub(crate) settings: Option<(String, String)>,
}

/// Finds the run in a folder, or the one whose `run.json` is named.
///
/// # Errors
/// What is wrong and what to do, on one line.
pub(crate) fn find(path: &Path) -> Result<Recorded, String> {
    let run = if path.is_dir() {
        run_file(path)?
    } else {
        path.to_owned()
    };
    let dir = run.parent().unwrap_or(Path::new("")).to_owned();
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let prefix = name.strip_suffix(RUN_FILE).unwrap_or_default().to_owned();
    let settings = dir.join(format!("{prefix}{SETTINGS}"));
    let exporters = aiperf_core::read::text(&settings)
        .ok()
        .and_then(|text| text.parse::<Table>().ok())
        .map(|mut table| exporters(&mut table));
    let recorder = recorder(exporters.as_ref());
    let file = |name: &str| {
        let file_name = Path::new(name).file_name()?.to_string_lossy();
        Some(dir.join(Path::new(name).with_file_name(format!("{prefix}{file_name}"))))
    };
    Ok(Recorded {
        recording: Recording {
            scrapes: recorder.as_ref().and_then(|config| file(&config.path)),
            requests: recorder
                .as_ref()
                .and_then(|config| file(&config.requests_path)),
            run,
        },
        settings: exporters.map(|exporters| {
            let text = Table::from_iter([("exporters".to_owned(), Value::Table(exporters))]);
            (settings.display().to_string(), text.to_string())
        }),
    })
}

fn run_file(dir: &Path) -> Result<PathBuf, String> {
    let shown = dir.display();
    if dir.join(RUN_FILE).is_file() {
        return Ok(dir.join(RUN_FILE));
    }
    let entries = std::fs::read_dir(dir).map_err(|error| {
        format!("cannot report `{shown}`: {error}; check the folder and its permissions")
    })?;
    let suffix = format!("_{RUN_FILE}");
    let is_run = |path: &PathBuf| path.to_string_lossy().ends_with(&suffix);
    let mut runs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_run)
        .collect();
    runs.sort();
    match (runs.pop(), runs.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(one), false) => Err(format!(
            "cannot report `{shown}`: it holds {} runs; name one, such as `{}`",
            runs.len() + 1,
            one.display()
        )),
        (None, _) => Err(format!(
            "cannot report `{shown}`: it has no `{RUN_FILE}`; name the folder of a recorded run"
        )),
    }
}

/// Takes out what is said of exporters; nothing else of a run matters to its report.
fn exporters(settings: &mut Table) -> Table {
    match settings.remove("exporters") {
        Some(Value::Table(exporters)) => exporters,
        _ => Table::new(),
    }
}

/// Options of the exporter that recorded the run; `None` if it was off.
fn recorder(exporters: Option<&Table>) -> Option<RecorderConfig> {
    let Some(exporters) = exporters else {
        return Some(RecorderConfig::default());
    };
    let is_recorder = |(name, exporter): &(&String, &Value)| {
        let plugin = exporter.get("use").and_then(Value::as_str);
        let enabled = exporter.get("enabled").and_then(Value::as_bool);
        plugin.unwrap_or(name) == RECORDER && enabled != Some(false)
    };
    let (_, exporter) = exporters.iter().find(is_recorder)?;
    let options = exporter.get("options").cloned();
    Some(
        options
            .and_then(|options| options.try_into().ok())
            .unwrap_or_default(),
    )
}

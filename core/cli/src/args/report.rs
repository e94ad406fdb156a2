//! `aiperf report`.

use std::path::PathBuf;

use aiperf_core::config::Command;
use clap::{ArgAction, Args};

use super::flags::{Flags, RunArgs};
use super::value::goodput;

/// The exporter whose files a recording consists of.
pub(crate) const RECORDER: &str = "jsonl";

const AFTER_HELP: &str = "\
Examples:
  aiperf report artifacts/my-model-chat-concurrency16
      Show the tables again.
  aiperf report artifacts/my-model-chat-concurrency16 --format json | jq .llm_metrics
  aiperf report artifacts/my-model-chat-concurrency16 --artifact-dir again
      Write the files again, elsewhere.

The numbers are made again from the recorded pages and requests; the recorded files stay as they
are. Settings of the exporters are those of the run, with --config over them.";

/// Flags of `aiperf report`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReportArgs {
    /// Folder of a recorded run (or its `run.json`, if runs share a folder).
    #[arg(value_name = "DIR")]
    pub(crate) recording: PathBuf,
    /// What to make: names of exporters, such as json,csv [default: console; with --artifact-dir all
    /// of the run]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) format: Vec<String>,
    /// Show server metrics as tables.
    #[arg(long)]
    pub(crate) server_metrics: bool,
    /// Report also on slices of this length, such as 10s [default: as the run did]
    #[arg(long, value_name = "DURATION")]
    pub(crate) slice_duration: Option<String>,
    /// What a good request keeps, such as `time_to_first_token:200` [default: as the run said]
    #[arg(long, value_name = "METRIC:LIMIT ...", action = ArgAction::Append)]
    pub(crate) goodput: Vec<String>,
    /// Write files into this folder; an earlier run there is never overwritten.
    #[arg(long, alias = "output-artifact-dir", value_name = "DIR")]
    pub(crate) artifact_dir: Option<PathBuf>,
    /// Put before the name of each file: `P` makes `P_metrics.csv`.
    #[arg(long, alias = "profile-export-file", value_name = "PREFIX")]
    pub(crate) profile_export_prefix: Option<String>,
    /// Exit with an error if the report warns that its numbers may be off.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Read settings from this TOML file; later files win (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
}

impl RunArgs for ReportArgs {
    const COMMAND: Command = Command::Report;

    fn config_files(&self) -> &[PathBuf] {
        &self.config
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        for name in &self.format {
            let path = format!("exporters.{name}.enabled");
            flags.switch("--format", &path, true, true);
        }
        if self.format.len() > 1 && self.artifact_dir.is_none() {
            let help = "name a folder with `--artifact-dir`, or one format";
            flags.reject(
                "--format",
                "standard output has room for one format".to_owned(),
                help,
            );
        }
        if self.format.iter().any(|name| name == RECORDER) {
            let message = format!("`{RECORDER}` is what the recording consists of");
            flags.reject(
                "--format",
                message,
                "copy its files, or choose another format",
            );
        }
        let tables = "exporters.console.options.server_metrics";
        flags.switch("--server-metrics", tables, self.server_metrics, true);
        let slices = self.slice_duration.as_ref();
        flags.text("--slice-duration", "run.slice_duration", slices);
        self.goodput
            .iter()
            .for_each(|written| goodput(&mut flags, written));
        flags.switch("--strict", "run.strict", self.strict, true);
        flags
    }
}

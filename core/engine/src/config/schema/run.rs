//! `[run]` and `[collect]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::{ByteSize, UnitDuration};

/// What is shown while a run lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ui {
    /// One line with the progress.
    #[default]
    Line,
    /// The whole screen: load, latency, servers and warnings. A line where there is no terminal.
    Dashboard,
    /// Nothing.
    None,
}

/// Limits, files and display of the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Folder of the files. Default: `artifacts/<model>-<endpoint>-<load>`, with `-2` and so on if
    /// it is there already.
    pub artifact_dir: Option<PathBuf>,
    /// Put before the name of each file: `P` makes `P_metrics.csv`.
    #[schemars(length(min = 1))]
    pub profile_export_prefix: Option<String>,
    /// Memory for samples and, half of it, requests. Beyond it, percentiles are estimated and the report says so.
    #[schemars(extend("x-min" = "1 MiB"))]
    pub memory_limit: ByteSize,
    /// Series kept at most. What is beyond is dropped, counted and reported.
    #[schemars(range(min = 1))]
    pub max_series: u64,
    /// Report also on slices of this length: clients and servers, cut at the same moments. Default:
    /// none.
    #[schemars(extend("x-min" = "100ms"))]
    pub slice_duration: Option<UnitDuration>,
    /// End with exit code 6 if a warning says that the tool was late, counters were not final, or
    /// data is missing (which ones: `docs/metrics.md`, section Warnings).
    pub strict: bool,
    /// What is shown while the run lasts.
    pub ui: Ui,
    /// Threads that send requests. Default: as many as there are cores, at most one per request in
    /// flight.
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<u32>,
    /// Use the kernel's receive times of tokens where the system offers them.
    pub kernel_timestamps: bool,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            artifact_dir: None,
            profile_export_prefix: None,
            memory_limit: ByteSize(512 << 20),
            max_series: 1_000_000,
            slice_duration: None,
            strict: false,
            ui: Ui::Line,
            threads: None,
            kernel_timestamps: true,
        }
    }
}

/// `aiperf collect`: metrics without load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CollectConfig {
    /// How long to collect. Without it, until Ctrl-C.
    #[schemars(extend("x-min" = "1ms"))]
    pub duration: Option<UnitDuration>,
    /// Scrape each source once and end.
    pub once: bool,
}

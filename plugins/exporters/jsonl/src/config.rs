//! Options.

use aiperf_plugin_sdk::PluginError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of the `jsonl` exporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// File with one line per scrape per server, in the artifact folder; `""` writes none.
    pub path: String,
    /// File with one line per request, in the artifact folder; `""` writes none.
    pub requests_path: String,
    /// How much of each page a line carries beside `metrics_data`.
    pub series: SeriesDetail,
    /// What of the requests is written: `"summary"` (nothing), `"records"` (one line each) or `"tokens"`
    /// (with the time of each chunk).
    pub level: Level,
}

/// What of the requests is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing. `aiperf report` then has no clients.
    Summary,
    /// One line per request.
    #[default]
    Records,
    /// One line per request, with the wall-clock time of each chunk that carried text.
    Tokens,
}

/// How much of each page a line carries beside `metrics_data`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeriesDetail {
    /// Every series, so that everything can be recomputed: type, help and labels once, then values.
    #[default]
    Full,
    /// None.
    None,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "server_metrics_export.jsonl".to_owned(),
            requests_path: "profile_export.jsonl".to_owned(),
            series: SeriesDetail::Full,
            level: Level::Records,
        }
    }
}

impl Config {
    /// Values that do not fit together.
    pub(crate) fn problems(&self) -> Vec<PluginError> {
        let mut problems = Vec::new();
        if self.path.is_empty() && self.requests_path.is_empty() {
            let message = "both paths are empty; to write nothing, set `enabled = false`";
            problems.push(PluginError::config("path", message));
        } else if self.path == self.requests_path {
            let message = format!("`path` is `{}` too; choose another name", self.path);
            problems.push(PluginError::config("requests_path", message));
        }
        problems
    }
}

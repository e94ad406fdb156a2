//! Options.

use aiperf_plugin_sdk::PluginError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of the `csv` exporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The table, in the artifact folder. It appears when the run is over, complete.
    pub path: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "metrics.csv".to_owned(),
        }
    }
}

impl Config {
    /// Values that cannot work.
    pub(crate) fn problems(&self) -> Vec<PluginError> {
        if self.path.is_empty() {
            let message = "is empty; to write nothing, set `enabled = false`";
            return vec![PluginError::config("path", message)];
        }
        Vec::new()
    }
}

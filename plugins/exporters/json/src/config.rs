//! Options.

use aiperf_plugin_sdk::PluginError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of the `json` exporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The document, in the artifact folder. It appears when the run is over, complete.
    pub path: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "aiperf.json".to_owned(),
        }
    }
}

impl Config {
    /// Values that cannot work.
    pub(crate) fn problems(&self) -> Vec<PluginError> {
        let problem = PluginError::file_option("path", &self.path);
        problem.into_iter().collect()
    }
}

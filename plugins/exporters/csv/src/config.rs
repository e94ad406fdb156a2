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
    /// Time slices of all metrics, one value per line, in the artifact folder; `""` writes none.
    /// Without slices there is no file; nor by default where the table goes to standard output.
    pub slices_path: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "metrics.csv".to_owned(),
            slices_path: "metrics_slices.csv".to_owned(),
        }
    }
}

impl Config {
    /// Names of the files.
    pub(crate) fn files(&self) -> Vec<&str> {
        let beside_stdout = self.path == "-" && self.slices_path == Self::default().slices_path;
        let slices = (!beside_stdout).then_some(self.slices_path.as_str());
        std::iter::once(self.path.as_str()).chain(slices).collect()
    }

    /// Values that cannot work.
    pub(crate) fn problems(&self) -> Vec<PluginError> {
        let mut problems = Vec::from_iter(PluginError::file_option("path", &self.path));
        if !self.path.is_empty() && self.path == self.slices_path {
            let message = format!("`path` is `{}` too; choose another name", self.path);
            problems.push(PluginError::config("slices_path", message));
        }
        problems
    }
}

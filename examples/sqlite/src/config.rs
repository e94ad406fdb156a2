//! Options.

use aiperf_plugin_sdk::prelude::*;

/// Options of the `sqlite` exporter.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The database, in the artifact folder. It appears when the run is over, complete.
    pub path: String,
    /// Keep every request, beside the statistics.
    pub requests: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "run.sqlite".to_owned(),
            requests: true,
        }
    }
}

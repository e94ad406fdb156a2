//! Options. Their doc comments are what users read, in errors and in `aiperf plugins show`.

use aiperf_plugin_sdk::prelude::*;

/// Options of the `{id}` collector.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// File to read.
    pub path: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/proc/loadavg".to_owned(),
        }
    }
}

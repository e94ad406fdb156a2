//! Options. Their doc comments are what users read, in errors and in `aiperf plugins show`.

use aiperf_plugin_sdk::prelude::*;

/// Options of the `{id}` parser.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Put before every name.
    pub prefix: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefix: "{id}_".to_owned(),
        }
    }
}

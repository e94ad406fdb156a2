//! Options.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of the `dcgm` collector.
///
/// `Debug` shows no secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// DCGM exporters to scrape. A path and a query are kept; without a path it is `/metrics`.
    pub urls: Vec<String>,
    /// Endpoints to try in every run. One that never shows GPUs is left out silently.
    pub default_endpoints: Vec<String>,
    /// Try the `default_endpoints`, but for those that `urls` name.
    pub auto: bool,
    /// Request headers for the `urls`.
    pub headers: BTreeMap<String, String>,
    /// Token for `Authorization: Bearer`, for the `urls`.
    #[schemars(extend("writeOnly" = true, "x-secret" = true))]
    pub bearer_token: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            default_endpoints: ["localhost:9400", "localhost:9401"]
                .map(str::to_owned)
                .into(),
            auto: true,
            headers: BTreeMap::new(),
            bearer_token: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("auto", &self.auto)
            .finish_non_exhaustive()
    }
}

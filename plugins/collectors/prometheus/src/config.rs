//! Options.

use std::collections::BTreeMap;
use std::fmt;

use aiperf_plugin_sdk::TlsSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of the `prometheus` collector.
///
/// `Debug` shows no secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Endpoints to scrape. A path and a query are kept; without a path it is `/metrics`.
    pub urls: Vec<String>,
    /// Endpoints that need options of their own.
    pub targets: Vec<TargetConfig>,
    /// URL of the inference server. Its metrics are looked for at `/metrics` and below its path.
    pub inference_url: Option<String>,
    /// Further inference servers, looked at in the same way.
    pub more_inference_urls: Vec<String>,
    /// Endpoints to try in every run. One that never answers is left out silently.
    pub default_endpoints: Vec<String>,
    /// Look for metrics at the inference servers and the `default_endpoints`.
    pub auto: bool,
    /// Request headers for all endpoints except the `default_endpoints`.
    pub headers: BTreeMap<String, String>,
    /// Token for `Authorization: Bearer`, for all endpoints except the `default_endpoints`.
    #[schemars(extend("writeOnly" = true, "x-secret" = true))]
    pub bearer_token: Option<String>,
    /// User and password for `Authorization: Basic`, for all endpoints except the `default_endpoints`.
    pub basic: Option<BasicAuth>,
    /// Format to ask servers for.
    pub prefer: Prefer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            targets: Vec::new(),
            inference_url: None,
            more_inference_urls: Vec::new(),
            default_endpoints: Vec::new(),
            auto: true,
            headers: BTreeMap::new(),
            bearer_token: None,
            basic: None,
            prefer: Prefer::Text,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("auto", &self.auto)
            .field("prefer", &self.prefer)
            .finish_non_exhaustive()
    }
}

/// One endpoint with options of its own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// Endpoint. A path and a query are kept; without a path it is `/metrics`.
    pub url: String,
    /// Request headers, over those of the collector.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Token for `Authorization: Bearer`.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true, "x-secret" = true))]
    pub bearer_token: Option<String>,
    /// User and password for `Authorization: Basic`.
    #[serde(default)]
    pub basic: Option<BasicAuth>,
    /// Labels to attach to the endpoint in the results.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Time between two scrapes, such as `500ms`. Default: that of the collector.
    #[serde(default)]
    #[schemars(extend("format" = "aiperf-duration", "x-min" = "1ms"))]
    pub interval: Option<String>,
    /// TLS, where it differs from that of the collector.
    #[serde(default)]
    pub tls: TlsSettings,
}

impl fmt::Debug for TargetConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetConfig")
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

/// User and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// User name.
    pub username: String,
    /// Password.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true, "x-secret" = true))]
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Format to ask servers for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Prefer {
    /// Prometheus text: the names that dashboards use, and no `_created` lines.
    #[default]
    Text,
    /// OpenMetrics: with exemplars and units.
    OpenMetrics,
}

impl Prefer {
    /// The `Accept` header.
    pub(crate) fn accept(self) -> &'static str {
        match self {
            Self::Text => {
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6, \
                 text/plain;version=0.0.4;q=0.5, \
                 application/openmetrics-text;version=1.0.0;q=0.3, */*;q=0.1"
            }
            // 0.0.1 is what Go's client library knew until 2024.
            Self::OpenMetrics => {
                "application/openmetrics-text;version=1.0.0;q=0.6, \
                 application/openmetrics-text;version=0.0.1;q=0.5, \
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4, \
                 text/plain;version=0.0.4;q=0.3, */*;q=0.1"
            }
        }
    }
}

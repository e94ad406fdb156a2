//! `[server_metrics]`.

use std::time::Duration;

use aiperf_plugin_sdk::TlsSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UrlText;
use crate::config::quantity::UnitDuration;

/// Metrics of the server side, found automatically or by URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches are what users write"
)]
pub struct ServerMetricsConfig {
    /// Collect server metrics at all. Collectors that have only what they find by themselves are off
    /// without it.
    pub enabled: bool,
    /// Try the `/metrics` of `endpoint.url` and the `default_endpoints`. One that never answers is
    /// left out silently. Also the default of the option `auto` of other collectors that have it.
    pub auto: bool,
    /// Further endpoints. A path and a query are kept; one that does not answer is reported.
    #[schemars(with = "Vec<UrlText>")]
    pub urls: Vec<String>,
    /// Tried in every run, beside the `/metrics` of `endpoint.url`.
    #[schemars(with = "Vec<UrlText>")]
    pub default_endpoints: Vec<String>,
    /// Time between two scrapes of an endpoint. Also the default of `[collectors.NAME]`.
    #[schemars(extend("x-min" = "1ms"))]
    pub interval: UnitDuration,
    /// Limit for one scrape. Default: the interval, at most 5s.
    #[schemars(extend("x-min" = "1ms"))]
    pub timeout: Option<UnitDuration>,
    /// Keep only metrics whose family name matches one of these patterns, such as `vllm:*`
    /// (`*` any text, `?` any character). Empty: keep all.
    #[schemars(inner(length(min = 1)))]
    pub include: Vec<String>,
    /// Drop metrics whose family name matches one of these patterns.
    #[schemars(inner(length(min = 1)))]
    pub exclude: Vec<String>,
    /// Keep what is known of each scrape as well: `up`, `scrape_duration_seconds`,
    /// `scrape_samples_scraped`, `scrape_body_size_bytes`.
    pub scrape_metrics: bool,
    /// Label that tells servers apart where one endpoint speaks for several.
    #[schemars(length(min = 1))]
    pub server_label: String,
    /// How long to wait, after a phase's last response, until the server's counters stand still.
    /// Default: 1s, or 5s if requests were cancelled.
    pub settle_timeout: Option<UnitDuration>,
    /// Scrape at a random moment of each interval. `false`: at regular times, which can fall into
    /// step with waves of the load.
    pub jitter: bool,
    /// Follow redirects of metrics endpoints, five at most. Headers and certificates of ours go to the same
    /// scheme, host and port only. `false`: a redirect is an error that says where to.
    pub follow_redirects: bool,
    /// What is different from `[tls]` for metrics endpoints; the same keys.
    pub tls: TlsSettings,
}

impl Default for ServerMetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            auto: true,
            urls: Vec::new(),
            default_endpoints: ["localhost:8081", "localhost:7777", "localhost:2379"]
                .map(|authority| format!("{authority}/metrics"))
                .into(),
            interval: UnitDuration(Duration::from_millis(500)),
            timeout: None,
            include: Vec::new(),
            exclude: Vec::new(),
            scrape_metrics: true,
            server_label: "server_id".to_owned(),
            settle_timeout: None,
            jitter: true,
            follow_redirects: false,
            tls: TlsSettings::default(),
        }
    }
}

//! `[collectors.NAME]`, `[parsers.NAME]`, `[exporters.NAME]` and `[plugins.NAME]`.

use std::path::PathBuf;
use std::time::Duration;

use aiperf_plugin_sdk::TlsSettings;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::quantity::{ByteSize, UnitDuration};

/// Options of a plugin, in its own terms.
pub type Options = serde_json::Map<String, serde_json::Value>;

/// What happens if a plugin cannot start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnStartError {
    /// The run does not begin.
    #[default]
    Error,
    /// The run begins, and the plugin is tried again while it lasts.
    Retry,
    /// The run begins without the plugin.
    Ignore,
}

/// A source of metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CollectorConfig {
    /// Id of the collector plugin. Default: the table's name.
    #[serde(rename = "use")]
    #[schemars(length(min = 1))]
    pub plugin: Option<String>,
    /// Whether it takes part.
    pub enabled: bool,
    /// Time between two readings. Default: that of `[server_metrics]`.
    #[schemars(extend("x-min" = "1ms"))]
    pub interval: Option<UnitDuration>,
    /// Limit for one reading. Default: the interval, at most 5s.
    #[schemars(extend("x-min" = "1ms"))]
    pub timeout: Option<UnitDuration>,
    /// What happens if it cannot start.
    pub on_start_error: OnStartError,
    /// Name of a `[parsers.NAME]` or id of a parser plugin. Default: by content type.
    #[schemars(length(min = 1))]
    pub parser: Option<String>,
    /// Added to each of its endpoints in the report. `server_id`, `server_type`, `hostname` and
    /// `instance` replace what its pages say.
    pub labels: IndexMap<String, String>,
    /// Keep only its metrics whose family name matches one of these patterns; empty: keep all.
    /// Default: those of `[server_metrics]`.
    #[schemars(inner(length(min = 1)))]
    pub include: Option<Vec<String>>,
    /// Drop its metrics whose family name matches one of these patterns. Default: those of
    /// `[server_metrics]`.
    #[schemars(inner(length(min = 1)))]
    pub exclude: Option<Vec<String>>,
    /// Follow redirects of its endpoints. Default: as `[server_metrics]`.
    pub follow_redirects: Option<bool>,
    /// What is different from `[tls]` and `[server_metrics.tls]` for its endpoints; the same keys.
    pub tls: TlsSettings,
    /// Options of the plugin, in its own terms.
    pub options: Options,
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self {
            plugin: None,
            enabled: true,
            interval: None,
            timeout: None,
            on_start_error: OnStartError::Error,
            parser: None,
            labels: IndexMap::new(),
            include: None,
            exclude: None,
            follow_redirects: None,
            tls: TlsSettings::default(),
            options: Options::new(),
        }
    }
}

/// A parser with options of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParserConfig {
    /// Id of the parser plugin. Default: the table's name.
    #[serde(rename = "use")]
    #[schemars(length(min = 1))]
    pub plugin: Option<String>,
    /// Options of the plugin, in its own terms.
    pub options: Options,
}

/// Something that is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExporterConfig {
    /// Id of the exporter plugin. Default: the table's name.
    #[serde(rename = "use")]
    #[schemars(length(min = 1))]
    pub plugin: Option<String>,
    /// Whether it takes part.
    pub enabled: bool,
    /// What happens if it cannot start.
    pub on_start_error: OnStartError,
    /// Room on disk for what the exporter has not taken yet, in the artifact folder while the run
    /// lasts. What is beyond is dropped, counted and reported. `"0 B"`: nothing waits on disk.
    pub spill_limit: ByteSize,
    /// How long it may take to finish when the run is over.
    #[schemars(extend("x-min" = "1ms"))]
    pub finish_timeout: UnitDuration,
    /// Options of the plugin, in its own terms.
    pub options: Options,
}

impl Default for ExporterConfig {
    fn default() -> Self {
        Self {
            plugin: None,
            enabled: true,
            on_start_error: OnStartError::Error,
            spill_limit: ByteSize(1 << 30),
            finish_timeout: UnitDuration(Duration::from_mins(1)),
            options: Options::new(),
        }
    }
}

/// How a plugin library is kept apart from the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In this process: a crash ends the run.
    #[default]
    Thread,
    /// In processes of its own, one for each instance: a crash costs that instance only.
    Process,
}

/// A plugin library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginFileConfig {
    /// The library, relative to the file that names it.
    pub path: PathBuf,
    /// SHA-256 that the library must have, in hex. Without it, any. `run.log` of a run says which it had.
    #[schemars(length(min = 64, max = 64))]
    pub sha256: Option<String>,
    /// How it is kept apart from the run: in this process, where a crash ends the run, or in a process for
    /// each instance, which is started again. Processes are for collectors and parsers, on Linux.
    #[serde(default)]
    pub isolation: Isolation,
    /// Refuse a library whose panics would end the process.
    #[serde(default = "yes")]
    pub require_unwind: bool,
    /// Load it in a child process first, so that a crash while loading is an error message.
    #[serde(default = "yes")]
    pub probe: bool,
    /// Let its plugins take the place of built-in ones with the same id.
    #[serde(default, rename = "override")]
    pub overrides: bool,
}

fn yes() -> bool {
    true
}

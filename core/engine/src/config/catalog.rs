//! What the configuration needs to know of the installed plugins.

use aiperf_plugin_sdk::{PluginError, PluginKind};
use serde_json::Value as Json;

/// The installed plugins.
pub trait Catalog {
    /// Ids of one kind.
    fn ids(&self, kind: PluginKind) -> Vec<String>;

    /// JSON schema of a plugin's options; `None` if there is no such plugin or it gave none.
    fn schema(&self, kind: PluginKind, id: &str) -> Option<Json>;

    /// Errors that the plugin finds in its options, with paths relative to them.
    fn validate(&self, kind: PluginKind, id: &str, options: &Json) -> Vec<PluginError>;
}

/// Name of the top-level table that holds the instances of a kind.
pub(crate) fn table_of(kind: PluginKind) -> &'static str {
    match kind {
        PluginKind::Collector => "collectors",
        PluginKind::Parser => "parsers",
        PluginKind::Exporter => "exporters",
    }
}

//! What a plugin says of itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::collector::CollectorMode;
use crate::plugin::Stability;

/// The three kinds of plugin.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PluginKind {
    /// Brings data in.
    Collector,
    /// Turns bytes into batches.
    Parser,
    /// Carries data out.
    Exporter,
}

impl PluginKind {
    /// The name used in messages, such as `collector`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Parser => "parser",
            Self::Exporter => "exporter",
        }
    }
}

/// Declaration of a plugin. Crosses as JSON, so that it can grow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// What kind of plugin it is.
    pub kind: PluginKind,
    /// Unique within the kind.
    pub id: String,
    /// One sentence.
    pub summary: String,
    /// Version of the plugin.
    pub version: String,
    /// How far it can be relied on.
    pub stability: Stability,
    /// Collectors: how the host drives it.
    #[serde(default)]
    pub mode: Option<CollectorMode>,
    /// Parsers: MIME types that it reads.
    #[serde(default)]
    pub content_types: Vec<String>,
    /// Sample TOML of the options.
    #[serde(default)]
    pub sample: String,
    /// JSON schema of the options.
    #[serde(default)]
    pub schema: serde_json::Value,
    /// Version of the SDK it was built with.
    #[serde(default)]
    pub sdk: String,
    /// Compiler it was built with.
    #[serde(default)]
    pub rustc: String,
    /// True if its panics end the process.
    #[serde(default)]
    pub panic_abort: bool,
}

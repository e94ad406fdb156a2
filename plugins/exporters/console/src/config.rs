//! Options.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Options of the `console` exporter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Tables of server metrics: `true`, `false`, or `"auto"` (as the command line wants it).
    pub server_metrics: Show,
    /// Leave out rows that have nothing but zeros and unknown values.
    pub hide_zero: bool,
    /// Metrics of a server that are shown: `"main"` (requests, latencies, tokens, queue, cache, GPU
    /// and what else moved during the run) or `"all"` (also internals of the runtime, constants, what
    /// nothing happened to, and further percentiles of the clients).
    pub rows: Rows,
}

/// Which metrics of a server are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// What people look at first; the rest is counted.
    #[default]
    Main,
    /// Everything.
    All,
}

/// Whether something is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    /// As the command line wants it, which sets the option; else not.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

impl Serialize for Show {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Yes => serializer.serialize_bool(true),
            Self::No => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Show {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShowVisitor;
        impl Visitor<'_> for ShowVisitor {
            type Value = Show;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"auto\"")
            }
            fn visit_bool<E: Error>(self, show: bool) -> Result<Show, E> {
                Ok(if show { Show::Yes } else { Show::No })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Show, E> {
                match text {
                    "auto" => Ok(Show::Auto),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(ShowVisitor)
    }
}

impl JsonSchema for Show {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Show".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whether something is shown.",
            "enum": [true, false, "auto"]
        })
    }
}

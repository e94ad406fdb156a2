//! What a plugin says of itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::abi::one_line;
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

/// A declaration that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Described {
    /// Of a plugin that this SDK can drive.
    Known(Box<Descriptor>),
    /// Of one that only a newer SDK can.
    Unknown {
        /// Its id.
        id: String,
        /// Why; a predicate of the plugin.
        reason: String,
    },
}

impl Descriptor {
    /// Reads a declaration that came across. One of a kind or mode that only a newer SDK knows must
    /// not cost the library its other plugins.
    ///
    /// # Errors
    /// If it is no declaration.
    pub fn from_json(text: &str) -> serde_json::Result<Described> {
        #[derive(Deserialize)]
        struct Head {
            id: String,
            kind: String,
            #[serde(default)]
            mode: Option<String>,
        }
        let Head { id, kind, mode } = serde_json::from_str(text)?;
        let unknown = |reason: String| {
            Ok(Described::Unknown {
                id: one_line(&id),
                reason,
            })
        };
        if !is_word::<PluginKind>(&kind) {
            return unknown(format!(
                "is of the kind `{}`, which this version does not know",
                one_line(&kind)
            ));
        }
        match mode.filter(|mode| !is_word::<CollectorMode>(mode)) {
            Some(mode) => unknown(format!(
                "works in mode `{}`, which this version does not know",
                one_line(&mode)
            )),
            None => Ok(Described::Known(serde_json::from_str(text)?)),
        }
    }
}

/// Whether `text` is one of the names of an enum.
fn is_word<T: serde::de::DeserializeOwned>(text: &str) -> bool {
    serde_json::from_value::<T>(text.into()).is_ok()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(changes: &serde_json::Value) -> Described {
        let mut text = json!({
            "kind": "parser", "id": "a", "summary": "", "version": "1", "stability": "stable",
        });
        for (key, value) in changes.as_object().into_iter().flatten() {
            text[key] = value.clone();
        }
        Descriptor::from_json(&text.to_string()).unwrap()
    }

    #[test]
    fn what_only_a_newer_version_knows_is_named() {
        let reason = |described| match described {
            Described::Unknown { reason, .. } => reason,
            Described::Known(known) => known.id,
        };
        assert_eq!(reason(read(&json!({ "news": [1] }))), "a");
        let kind = reason(read(&json!({ "kind": "oracle" })));
        assert_eq!(
            kind,
            "is of the kind `oracle`, which this version does not know"
        );
        let mode = reason(read(&json!({ "kind": "collector", "mode": "dream" })));
        assert_eq!(
            mode,
            "works in mode `dream`, which this version does not know"
        );
        Descriptor::from_json("{}").unwrap_err();
    }

    #[test]
    fn an_unknown_stability_promises_nothing() {
        let Described::Known(known) = read(&json!({ "stability": "eternal" })) else {
            panic!("it is a parser");
        };
        assert_eq!(known.stability, Stability::Experimental);
    }
}

//! What every plugin has, whatever its kind.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Host, PluginError, Result};

/// How far a plugin can be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stability {
    /// Options and output change only with a new major version.
    Stable,
    /// Will go; its docs name the successor.
    Deprecated,
    /// Options and output may change in any release. Also what another version says that is not
    /// known here.
    #[default]
    #[serde(other)]
    Experimental,
}

/// Identity, options and life cycle of a plugin.
///
/// The host calls `validate` (no side effects), `open` (may open files and connections, must not
/// spawn threads that outlive `close`), the methods of the kind, then `close` once. All calls of
/// one instance come from one thread at a time. A panic in any of them, also in `Drop`, is caught
/// and costs this instance only.
pub trait Plugin: Send + Sized + 'static {
    /// Unique within its kind; a lower-case noun such as `prometheus`.
    const ID: &'static str;
    /// One sentence for `aiperf plugins list`.
    const SUMMARY: &'static str;
    /// How far it can be relied on.
    const STABILITY: Stability = Stability::Experimental;
    /// Version of the plugin; usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// Sample TOML of the options, with every option at its default.
    const SAMPLE: &'static str = "";

    /// Options that users may write. Use `#[serde(deny_unknown_fields)]` and doc comments: they
    /// become error messages and reference text.
    type Config: DeserializeOwned + JsonSchema;

    /// Finds what serde cannot: values that do not fit together. All errors at once.
    fn validate(config: &Self::Config) -> Vec<PluginError> {
        let _ = config;
        Vec::new()
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// Mark those that may pass (a device that is not up yet) as
    /// [`retriable`](PluginError::retriable); the user decides by `on_start_error`.
    fn open(config: Self::Config, host: &Host) -> Result<Self>;

    /// Releases what `open` took. Called once, also after errors.
    ///
    /// # Errors
    /// Are logged.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

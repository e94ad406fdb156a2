//! A plugin in C as a factory, and what it says of itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::abi::{CError, CPlugin};
use super::host::Host;
use super::instance::Instance;
use super::text::{string, strings};
use crate::hosting::{CollectorObject, FactoryObject, HostServices, Nobody, ParserObject};
use crate::{
    CollectorMode, Context, Described, Descriptor, ErrorKind, PluginError, PluginKind, Result,
    Stability,
};

pub(super) const COLLECTOR: i32 = 1;
pub(super) const PARSER: i32 = 2;

/// Codes of stability. Every other one is read as experimental, which is 0.
pub(super) const STABLE: i32 = 1;
pub(super) const DEPRECATED: i32 = 2;

/// A plugin of a C library.
pub(super) struct CFactory {
    plugin: CPlugin,
    compiler: String,
}

// SAFETY: its addresses are those of a library that stays for ever and of what that never changes; the
// functions of a plugin itself, `open` and `validate`, may be called from any thread.
unsafe impl Send for CFactory {}
// SAFETY: as above.
unsafe impl Sync for CFactory {}

impl CFactory {
    pub(super) fn new(plugin: CPlugin, compiler: &str) -> Self {
        let compiler = compiler.to_owned();
        Self { plugin, compiler }
    }

    /// The text of a field that every plugin has.
    fn text(text: *const std::ffi::c_char, field: &str) -> Result<String> {
        // SAFETY: texts of a plugin are null or end with a NUL, and stay as long as the library.
        let text = unsafe { string(text) }.filter(|text| !text.is_empty());
        text.ok_or_else(|| super::lacks(field))
    }

    /// Whether it has the functions that its kind needs.
    fn is_whole(&self, kind: PluginKind) -> Result<()> {
        let plugin = &self.plugin;
        let lacks = match kind {
            _ if plugin.open.is_none() => "open",
            PluginKind::Collector if plugin.collect.is_none() => "collect",
            PluginKind::Parser if plugin.parse.is_none() => "parse",
            _ => return Ok(()),
        };
        Err(super::lacks(lacks))
    }

    fn open(
        &self,
        kind: i32,
        options: &Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Instance> {
        if self.plugin.kind != kind {
            let message = "it is a plugin of another kind";
            return Err(PluginError::new(ErrorKind::Unsupported, message));
        }
        Instance::open(self.plugin, options, context, services)
    }

    fn schema(&self) -> Result<Value> {
        // SAFETY: as in `text`.
        let Some(schema) = (unsafe { string(self.plugin.schema) }) else {
            return Ok(json!({
                "type": "object",
                "properties": {},
                "additionalProperties": false,
            }));
        };
        serde_json::from_str(&schema).map_err(|error| {
            let message = format!("its `schema` is no JSON: {error}");
            PluginError::new(ErrorKind::Format, message)
        })
    }
}

impl FactoryObject for CFactory {
    fn describe(&self) -> Result<Described> {
        let plugin = &self.plugin;
        let id = Self::text(plugin.id, "id")?;
        let (kind, mode) = match plugin.kind {
            COLLECTOR => (PluginKind::Collector, Some(CollectorMode::Poll)),
            PARSER => (PluginKind::Parser, None),
            other => {
                let reason = format!("is of the kind {other}, which this version does not know");
                return Ok(Described::Unknown { id, reason });
            }
        };
        self.is_whole(kind)?;
        Ok(Described::Known(Box::new(Descriptor {
            kind,
            id,
            summary: Self::text(plugin.summary, "summary")?,
            version: Self::text(plugin.version, "version")?,
            stability: match plugin.stability {
                STABLE => Stability::Stable,
                DEPRECATED => Stability::Deprecated,
                _ => Stability::Experimental,
            },
            mode,
            // SAFETY: a list of a plugin is null or ends with NULL, and stays as long as the library.
            content_types: unsafe { strings(plugin.content_types) },
            // SAFETY: as in `text`.
            sample: unsafe { string(plugin.sample) }.unwrap_or_default(),
            schema: self.schema()?,
            sdk: super::C_SDK.to_owned(),
            rustc: self.compiler.clone(),
            panic_abort: false,
        })))
    }

    fn validate(&self, options: &Value) -> Vec<PluginError> {
        let Some(validate) = self.plugin.validate else {
            return Vec::new();
        };
        let host = Host::new(Arc::new(Nobody), options, String::new());
        let mut error = CError::empty();
        // SAFETY: both are what the header says, and are there until it returns.
        let failed = unsafe { validate(host.table(), &raw mut error) };
        Vec::from_iter((failed != 0).then(|| error.read()))
    }

    fn open_collector(
        &self,
        options: &Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn CollectorObject>> {
        Ok(Box::new(self.open(COLLECTOR, options, context, services)?))
    }

    fn open_parser(
        &self,
        options: &Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn ParserObject>> {
        Ok(Box::new(self.open(PARSER, options, context, services)?))
    }
}

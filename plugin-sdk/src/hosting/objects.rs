//! What stands behind a handle. Plugins that speak the boundary are one kind of it; a host makes
//! others for plugins that come through another door, such as a process of their own.

use std::sync::Arc;

use super::handles::ExporterHandle;
use super::services::{HostServices, SinkServices};
use crate::collector::{Response, Targets, Verdict};
use crate::{Context, Described, ErrorKind, Payload, PluginError, Result};

/// Makes instances of one plugin.
pub trait FactoryObject: Send + Sync + 'static {
    /// What the plugin says of itself.
    ///
    /// # Errors
    /// If it does not.
    fn describe(&self) -> Result<Described>;

    /// Every option that is wrong. Opens nothing.
    fn validate(&self, options: &serde_json::Value) -> Vec<PluginError>;

    /// Opens a collector.
    ///
    /// # Errors
    /// As the plugin says, or if it is of another kind.
    fn open_collector(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn CollectorObject>>;

    /// Opens a parser.
    ///
    /// # Errors
    /// As [`FactoryObject::open_collector`].
    fn open_parser(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn ParserObject>>;

    /// Opens an exporter. Only plugins that speak the boundary can be one.
    ///
    /// # Errors
    /// As [`FactoryObject::open_collector`].
    fn open_exporter(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<ExporterHandle> {
        let _ = (options, context, services);
        let message = "exporters cannot come through this door";
        Err(PluginError::new(ErrorKind::Unsupported, message))
    }
}

/// An open collector. See [`CollectorHandle`](super::CollectorHandle) for the methods.
#[expect(missing_docs, clippy::missing_errors_doc, reason = "documented there")]
pub trait CollectorObject: Send {
    fn targets(&mut self) -> Result<Targets>;
    fn on_response(&mut self, response: &Response<'_>) -> Result<Verdict>;
    fn collect(&mut self, sink: &mut dyn SinkServices) -> Result<()>;
    fn run(&mut self, sink: &mut dyn SinkServices) -> Result<()>;
    fn close(&mut self) -> Result<()>;
}

/// An open parser. See [`ParserHandle`](super::ParserHandle) for the methods.
#[expect(missing_docs, clippy::missing_errors_doc, reason = "documented there")]
pub trait ParserObject: Send {
    fn sniff(&mut self, head: &[u8]) -> bool;
    fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> Result<()>;
    fn close(&mut self) -> Result<()>;
}

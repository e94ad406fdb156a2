//! What a host drives.

use std::fmt;
use std::sync::Arc;

use super::boundary::plain;
use super::objects::{CollectorObject, FactoryObject, ParserObject};
use super::services::{HostServices, SinkServices};
use crate::abi::ExporterBox;
use crate::adapters::Offered;
use crate::collector::{Response, Targets, Verdict};
use crate::report::{ChunkRef, Report};
use crate::run::{PhaseEvent, RunInfo};
use crate::view::{RequestBlock, ScrapeRecord};
use crate::{Context, Described, Descriptor, ErrorKind, Payload, PluginError, Result};

/// Factories of the plugins linked into this binary.
pub fn builtin_factories() -> Vec<Factory> {
    crate::registry::factories().map(Factory::new).collect()
}

/// Makes instances of one plugin. Clones are the same plugin.
#[derive(Clone)]
pub struct Factory(Arc<dyn FactoryObject>);

macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
opaque_debug!(Factory, CollectorHandle, ParserHandle, ExporterHandle);

impl Factory {
    /// A plugin that stands behind `object`.
    pub fn new(object: impl FactoryObject) -> Self {
        Self(Arc::new(object))
    }

    /// What the plugin says of itself, if this SDK knows what it is.
    ///
    /// # Errors
    /// If it panics or does not speak this SDK's JSON.
    pub fn describe(&self) -> Result<Described> {
        self.0.describe()
    }

    /// As [`Factory::describe`], for plugins that have to be known.
    ///
    /// # Errors
    /// Also if it is of a kind or mode that only a newer SDK knows.
    pub fn descriptor(&self) -> Result<Descriptor> {
        match self.describe()? {
            Described::Known(descriptor) => Ok(*descriptor),
            Described::Unknown { id, reason } => {
                let message = format!("`{id}` {reason}");
                Err(PluginError::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// Every option that is wrong. Opens nothing.
    pub fn validate(&self, options: &serde_json::Value) -> Vec<PluginError> {
        self.0.validate(options)
    }

    /// Opens a collector.
    ///
    /// # Errors
    /// As the plugin says, or if it is of another kind.
    pub fn open_collector(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<CollectorHandle> {
        self.0
            .open_collector(options, context, services)
            .map(CollectorHandle)
    }

    /// Opens a parser.
    ///
    /// # Errors
    /// As [`Factory::open_collector`].
    pub fn open_parser(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<ParserHandle> {
        self.0
            .open_parser(options, context, services)
            .map(ParserHandle)
    }

    /// Opens an exporter.
    ///
    /// # Errors
    /// As [`Factory::open_collector`].
    pub fn open_exporter(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<ExporterHandle> {
        self.0.open_exporter(options, context, services)
    }
}

/// An open collector.
pub struct CollectorHandle(Box<dyn CollectorObject>);

impl CollectorHandle {
    /// Targets mode: the targets.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn targets(&mut self) -> Result<Targets> {
        self.0.targets()
    }

    /// Targets mode: what to do after an answer.
    ///
    /// # Errors
    /// If the plugin panics.
    pub fn on_response(&mut self, response: &Response<'_>) -> Result<Verdict> {
        self.0.on_response(response)
    }

    /// Poll mode: reads all sources once.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn collect(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        self.0.collect(sink)
    }

    /// Stream mode: runs until the host says stop.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn run(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        self.0.run(sink)
    }

    /// Releases what `open` took.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// An open parser.
pub struct ParserHandle(Box<dyn ParserObject>);

impl ParserHandle {
    /// True if `head` looks like the parser's format.
    pub fn sniff(&mut self, head: &[u8]) -> bool {
        self.0.sniff(head)
    }

    /// Parses `payload` into `sink`, which gets one batch.
    ///
    /// # Errors
    /// If nothing can be read, or the batch is malformed.
    pub fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> Result<()> {
        self.0.parse(payload, sink)
    }

    /// Releases what `open` took.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

/// An open exporter.
pub struct ExporterHandle(pub(super) ExporterBox);

impl ExporterHandle {
    /// The run is about to start.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn begin(&mut self, run: &RunInfo) -> Result<()> {
        plain(self.0.begin(serde_json::to_string(run)?.as_str().into()))
    }

    /// One scrape.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn scrape(&mut self, record: &ScrapeRecord) -> Result<()> {
        record.with_abi(|batch| plain(self.0.scrape(batch)))?
    }

    /// Finished requests.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn requests(&mut self, block: &RequestBlock) -> Result<()> {
        block.with_abi(|batch| plain(self.0.requests(batch)))
    }

    /// A phase began or ended.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn phase(&mut self, event: &PhaseEvent) -> Result<()> {
        plain(self.0.phase(serde_json::to_string(event)?.as_str().into()))
    }

    /// The report, in parts, then the end.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn finish(&mut self, report: &Report) -> Result<()> {
        self.parts(report, |_, _| ())
    }

    /// As [`finish`](Self::finish). Exporters in this program that get this report do not make one of
    /// their own from its parts.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn finish_shared(&mut self, report: &Arc<Report>) -> Result<()> {
        let mut offered = Offered::new(report);
        self.parts(report, |text, servers| offered.show(text, servers))
    }

    /// Shows each part to `before`, with the number of servers up to it, and hands it over.
    fn parts(&mut self, report: &Report, mut before: impl FnMut(&str, usize)) -> Result<()> {
        if !self.0.wants_report() {
            return plain(self.0.finish());
        }
        let head = report.without_servers();
        let servers = report.servers.iter().map(ChunkRef::Server);
        let chunks = std::iter::once(ChunkRef::Head(&head)).chain(servers);
        for (servers, chunk) in chunks.enumerate() {
            let text = serde_json::to_string(&chunk)?;
            before(&text, servers);
            plain(self.0.report(text.as_str().into()))?;
        }
        plain(self.0.finish())
    }

    /// The run ends without a report.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn abort(&mut self, reason: &str) -> Result<()> {
        plain(self.0.abort(reason.into()))
    }

    /// Releases what `open` took.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn close(&mut self) -> Result<()> {
        plain(self.0.close())
    }
}

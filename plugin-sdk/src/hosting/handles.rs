//! What a host drives.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use abi_stable::RMut;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::RResult;

use super::services::{HostAdapter, HostServices, SinkAdapter, SinkServices};
use crate::abi::{
    AbiError, AbiPayload, AbiResponse, AbiSink_TO, AbiVerdict, CollectorBox, ExporterBox,
    FactoryBox, ParserBox, SinkMut,
};
use crate::collector::{Response, Targets, Verdict};
use crate::report::{Chunk, Report};
use crate::run::{PhaseEvent, RunInfo};
use crate::view::{RequestBlock, ScrapeRecord};
use crate::{Context, Described, Descriptor, ErrorKind, Payload, PluginError, Result};

/// Factories of the plugins linked into this binary.
pub fn builtin_factories() -> Vec<Factory> {
    crate::registry::factories().map(Factory::new).collect()
}

/// Makes instances of one plugin. Clones are the same plugin.
#[derive(Clone)]
pub struct Factory(Arc<FactoryBox>);

fn plain<T>(result: RResult<T, AbiError>) -> Result<T> {
    result.into_result().map_err(PluginError::from)
}

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
    pub(super) fn new(object: FactoryBox) -> Self {
        Self(Arc::new(object))
    }

    /// What the plugin says of itself, if this SDK knows what it is.
    ///
    /// # Errors
    /// If it panics or does not speak this SDK's JSON.
    pub fn describe(&self) -> Result<Described> {
        Ok(Descriptor::from_json(plain(self.0.descriptor())?.as_str())?)
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
        let options = options.to_string();
        let errors = self.0.validate(options.as_str().into());
        errors.into_iter().map(PluginError::from).collect()
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
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        plain(self.0.open_collector(options, context, host)).map(CollectorHandle)
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
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        plain(self.0.open_parser(options, context, host)).map(ParserHandle)
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
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        plain(self.0.open_exporter(options, context, host)).map(ExporterHandle)
    }
}

/// An open collector.
pub struct CollectorHandle(CollectorBox);

impl CollectorHandle {
    /// Targets mode: the targets.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn targets(&mut self) -> Result<Targets> {
        Ok(serde_json::from_str(plain(self.0.targets())?.as_str())?)
    }

    /// Targets mode: what to do after an answer.
    ///
    /// # Errors
    /// If the plugin panics.
    pub fn on_response(&mut self, response: &Response<'_>) -> Result<Verdict> {
        plain(self.0.on_response(response.into())).map(Verdict::from)
    }

    /// Poll mode: reads all sources once.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn collect(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| plain(self.0.collect(sink)))
    }

    /// Stream mode: runs until the host says stop.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn run(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| plain(self.0.run(sink)))
    }

    /// Releases what `open` took.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn close(&mut self) -> Result<()> {
        plain(self.0.close())
    }
}

fn with_sink<T>(sink: &mut dyn SinkServices, work: impl FnOnce(&mut SinkMut<'_>) -> T) -> T {
    let mut adapter = SinkAdapter(sink);
    let mut object = AbiSink_TO::from_ptr(RMut::new(&mut adapter), TD_Opaque);
    work(&mut object)
}

/// An open parser.
pub struct ParserHandle(ParserBox);

impl ParserHandle {
    /// True if `head` looks like the parser's format.
    pub fn sniff(&self, head: &[u8]) -> bool {
        self.0.sniff(head.into())
    }

    /// Parses `payload` into `sink`, which gets one batch.
    ///
    /// # Errors
    /// If nothing can be read, or the batch is malformed.
    pub fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| {
            plain(self.0.parse(AbiPayload::from(payload), sink))
        })
    }

    /// Releases what `open` took.
    ///
    /// # Errors
    /// As the plugin says.
    pub fn close(&mut self) -> Result<()> {
        plain(self.0.close())
    }
}

/// An open exporter.
pub struct ExporterHandle(ExporterBox);

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
        let head = Report {
            servers: Vec::new(),
            ..report.clone()
        };
        self.chunk(&Chunk::Head(Box::new(head)))?;
        for server in &report.servers {
            self.chunk(&Chunk::Server(Box::new(server.clone())))?;
        }
        plain(self.0.finish())
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        plain(self.0.report(serde_json::to_string(chunk)?.as_str().into()))
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

impl<'a> From<&Response<'a>> for AbiResponse<'a> {
    fn from(response: &Response<'a>) -> Self {
        Self {
            target_id: response.target_id.into(),
            status: response.status.unwrap_or_default(),
            content_type: response.content_type.into(),
            head: response.head.into(),
            error: response.error.into(),
            headers: response.headers.into(),
        }
    }
}

impl From<AbiVerdict> for Verdict {
    fn from(verdict: AbiVerdict) -> Self {
        match verdict.action {
            1 => Self::Replace(verdict.text.into()),
            2 => Self::Pause(Duration::from_nanos(verdict.pause_ns)),
            3 => Self::Disable(verdict.text.into()),
            _ => Self::Keep,
        }
    }
}

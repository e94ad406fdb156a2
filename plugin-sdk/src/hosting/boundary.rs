//! Plugins that speak the boundary, as objects of a host.

use std::sync::Arc;
use std::time::Duration;

use abi_stable::RMut;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::RResult;

use super::handles::ExporterHandle;
use super::objects::{CollectorObject, FactoryObject, ParserObject};
use super::services::{HostAdapter, HostServices, SinkAdapter, SinkServices};
use crate::abi::{
    AbiError, AbiPayload, AbiResponse, AbiSink_TO, AbiVerdict, CollectorBox, FactoryBox, ParserBox,
    SinkMut, one_line,
};
use crate::collector::{Response, Targets, Verdict};
use crate::{Context, Described, Descriptor, Payload, PluginError, Result};

pub(super) fn plain<T>(result: RResult<T, AbiError>) -> Result<T> {
    result.into_result().map_err(PluginError::from)
}

impl FactoryObject for FactoryBox {
    fn describe(&self) -> Result<Described> {
        Ok(Descriptor::from_json(plain(self.descriptor())?.as_str())?)
    }

    fn validate(&self, options: &serde_json::Value) -> Vec<PluginError> {
        let options = options.to_string();
        let errors = self.validate(options.as_str().into());
        errors.into_iter().map(PluginError::from).collect()
    }

    fn open_collector(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn CollectorObject>> {
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        Ok(Box::new(plain(
            self.open_collector(options, context, host),
        )?))
    }

    fn open_parser(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Box<dyn ParserObject>> {
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        Ok(Box::new(plain(self.open_parser(options, context, host))?))
    }

    fn open_exporter(
        &self,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<ExporterHandle> {
        let (options, context) = (options.to_string(), serde_json::to_string(context)?);
        let host = HostAdapter::boxed(services);
        let (options, context) = (options.as_str().into(), context.as_str().into());
        plain(self.open_exporter(options, context, host)).map(ExporterHandle)
    }
}

impl CollectorObject for CollectorBox {
    fn targets(&mut self) -> Result<Targets> {
        Ok(serde_json::from_str(plain(self.targets())?.as_str())?)
    }

    fn on_response(&mut self, response: &Response<'_>) -> Result<Verdict> {
        plain(self.on_response(response.into())).map(Verdict::from)
    }

    fn collect(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| plain(self.collect(sink)))
    }

    fn run(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| plain(self.run(sink)))
    }

    fn close(&mut self) -> Result<()> {
        plain(self.close())
    }
}

impl ParserObject for ParserBox {
    fn sniff(&mut self, head: &[u8]) -> bool {
        // By a shared reference it is the boundary's method that is meant.
        let parser: &Self = self;
        parser.sniff(head.into())
    }

    fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> Result<()> {
        with_sink(sink, |sink| {
            plain(self.parse(AbiPayload::from(payload), sink))
        })
    }

    fn close(&mut self) -> Result<()> {
        plain(self.close())
    }
}

fn with_sink<T>(sink: &mut dyn SinkServices, work: impl FnOnce(&mut SinkMut<'_>) -> T) -> T {
    let mut adapter = SinkAdapter(sink);
    let mut object = AbiSink_TO::from_ptr(RMut::new(&mut adapter), TD_Opaque);
    work(&mut object)
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
            3 => Self::Disable(one_line(verdict.text.as_str())),
            _ => Self::Keep,
        }
    }
}

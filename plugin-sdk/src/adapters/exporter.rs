//! An exporter behind its boundary object. Keeps the schema, so that authors see names, not ids.

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RResult, RStr};

use super::shared_report::SharedReport;
use super::{Guarded, Role};
use crate::abi::{AbiBatch, AbiError, AbiExporter, AbiExporter_TO, ExporterBox};
use crate::view::{RequestView, Schema, ScrapeView};
use crate::{Exporter, PluginKind};

/// Role of an [`Exporter`].
#[derive(Debug)]
pub struct Export;

impl<P: Exporter> Role<P> for Export {
    const KIND: PluginKind = PluginKind::Exporter;
    fn exporter(plugin: P) -> Option<ExporterBox> {
        let adapter = Adapter {
            plugin: Guarded::new(plugin),
            schema: Schema::default(),
            report: SharedReport::default(),
        };
        Some(AbiExporter_TO::from_value(adapter, TD_Opaque))
    }
}

struct Adapter<P: Exporter> {
    plugin: Guarded<P>,
    schema: Schema,
    report: SharedReport,
}

impl<P: Exporter> AbiExporter for Adapter<P> {
    fn begin(&mut self, run: RStr<'_>) -> RResult<(), AbiError> {
        self.plugin
            .run(|plugin| plugin.begin(&serde_json::from_str(run.as_str())?))
    }

    fn scrape(&mut self, view: AbiBatch<'_>) -> RResult<(), AbiError> {
        let schema = &mut self.schema;
        self.plugin
            .run(|plugin| plugin.scrape(&ScrapeView::read(view, schema)?))
    }

    fn requests(&mut self, records: AbiBatch<'_>) -> RResult<(), AbiError> {
        self.plugin
            .run(|plugin| plugin.requests(&RequestView::read(records)?))
    }

    fn phase(&mut self, event: RStr<'_>) -> RResult<(), AbiError> {
        self.plugin
            .run(|plugin| plugin.phase(&serde_json::from_str(event.as_str())?))
    }

    fn report(&mut self, chunk: RStr<'_>) -> RResult<(), AbiError> {
        let report = &mut self.report;
        self.plugin.run(|_| Ok(report.add(chunk.as_str())?))
    }

    fn finish(&mut self) -> RResult<(), AbiError> {
        let (plugin, report) = (&mut self.plugin, &mut self.report);
        report.show(|report| plugin.run(|plugin| plugin.finish(report)))
    }

    fn abort(&mut self, reason: RStr<'_>) -> RResult<(), AbiError> {
        self.plugin.run(|plugin| plugin.abort(reason.as_str()))
    }

    fn close(&mut self) -> RResult<(), AbiError> {
        self.plugin.close()
    }

    fn wants_report(&self) -> bool {
        let wants = self.plugin.ask(|plugin| Ok(plugin.wants_report()));
        wants.into_result().unwrap_or(true)
    }
}

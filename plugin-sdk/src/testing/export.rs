//! Runs of an exporter with its files in memory.

use serde_json::Value;

use super::{FakeHost, conformance};
use crate::hosting::ExporterHandle;
use crate::report::Report;
use crate::run::RunInfo;
use crate::{Context, PluginKind, Result};

/// Opens the exporter `id` with `options` on `host`, as a run does, and begins the run.
///
/// # Errors
/// As the plugin says.
///
/// # Panics
/// If no such exporter is linked into the test.
pub fn begin_exporter(
    id: &str,
    options: &Value,
    host: &FakeHost,
    run: &RunInfo,
) -> Result<ExporterHandle> {
    let (factory, _) = conformance::linked(PluginKind::Exporter, id);
    let mut exporter = factory.open_exporter(options, &Context::new(id), host.services())?;
    exporter.begin(run)?;
    Ok(exporter)
}

/// Has the exporter `id` write `report`, and returns the host that has the files.
///
/// # Errors
/// As the plugin says.
///
/// # Panics
/// If no such exporter is linked into the test.
pub fn export(id: &str, options: &Value, run: &RunInfo, report: &Report) -> Result<FakeHost> {
    let host = FakeHost::new();
    let mut exporter = begin_exporter(id, options, &host, run)?;
    exporter.finish(report)?;
    exporter.close()?;
    Ok(host)
}

/// Messages of what is wrong with `options` of the exporter `id`, each after the option's name.
///
/// # Panics
/// If no such exporter is linked into the test.
pub fn exporter_option_problems(id: &str, options: &Value) -> Vec<String> {
    let (factory, _) = conformance::linked(PluginKind::Exporter, id);
    let problems = factory.validate(options);
    problems.iter().map(ToString::to_string).collect()
}

//! Sections of the file.

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{Report, ServerReport};

use crate::cell::owned_text;
use crate::cell::text;
use crate::sheet::{Row, Sheet, header, heading};
use crate::{device_sections, metric, run_sections, steady_sections, truth_sections};

/// The file that shows `report`.
///
/// # Errors
/// If rows cannot be written to memory, which does not happen.
pub fn render(report: &Report) -> Result<Vec<u8>> {
    let mut sheet = Sheet::default();
    sheet.block([header(metric::columns())])?;
    llm_metrics(&mut sheet, report)?;
    server_metrics(&mut sheet, &report.servers)?;
    run_sections::write(&mut sheet, report)?;
    steady_sections::write(&mut sheet, report)?;
    truth_sections::write(&mut sheet, report)?;
    device_sections::write(&mut sheet, report)?;
    Ok(sheet.into_bytes())
}

fn llm_metrics(sheet: &mut Sheet, report: &Report) -> Result<()> {
    if report.llm_metrics.is_empty() {
        return Ok(());
    }
    sheet.block([heading("# LLM Metrics")])?;
    report
        .llm_metrics
        .iter()
        .try_for_each(|(key, value)| sheet.block(metric::client(key, value)))?;
    let rows = report.llm_metrics.iter();
    let rows = rows.flat_map(|(key, value)| metric::percentiles(key, value));
    let columns = metric::PERCENTILE_COLUMNS;
    sheet.section("# LLM Percentiles", columns, rows.collect())
}

fn server_metrics(sheet: &mut Sheet, servers: &[ServerReport]) -> Result<()> {
    for (index, server) in servers.iter().enumerate() {
        let section = (index == 0).then(|| heading("# Server Metrics"));
        sheet.block(section.into_iter().chain(server_head(server)))?;
        server
            .metrics
            .iter()
            .try_for_each(|metric| sheet.block(metric::server(metric)))?;
        info(sheet, server)?;
    }
    Ok(())
}

fn server_head(server: &ServerReport) -> [Row<'_>; 6] {
    let pair = |name: &'static str, value| -> Row<'_> { vec![name.into(), text(value)] };
    let url = server.endpoint_url.as_str();
    let endpoint = url.split_once("://").map_or(url, |(_, rest)| rest);
    [
        heading(owned_text(&format!(
            "## Server: {}",
            server.endpoint_display
        ))),
        pair("server_endpoint", endpoint),
        pair("server_id", &server.server_id),
        pair("server_type", &server.metadata.server_type),
        pair("hostname", &server.metadata.hostname),
        pair("instance", &server.metadata.instance),
    ]
}

/// Labels of info families, and of the states that are on.
fn info(sheet: &mut Sheet, server: &ServerReport) -> Result<()> {
    let rows = server.info.iter().flat_map(|(family, entries)| {
        let facts = entries.iter().filter(|entry| entry.value != 0.0);
        let labels = facts.flat_map(|entry| &entry.labels);
        labels.map(|(label, value)| vec![text(family), text(label), text(value)])
    });
    let columns = ["family", "label", "value"];
    sheet.section("### Info", columns, rows.collect())
}

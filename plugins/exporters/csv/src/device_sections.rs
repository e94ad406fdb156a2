//! Sections about devices, and about numbers made of what servers and clients say.

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::report::{DerivedReport, DeviceReport, DeviceValue, Report, Stats};

use crate::cell::{number, owned_text, text};
use crate::sheet::{Row, Sheet};

/// What tells devices apart or describes them, one column each.
const LABELS: [&str; 8] = [
    "host",
    "index",
    "model",
    "profile",
    "namespace",
    "pod",
    "container",
    "vgpu",
];

/// Appends them all.
pub(crate) fn write(sheet: &mut Sheet, report: &Report) -> Result<()> {
    devices(sheet, &report.devices)?;
    derived(sheet, &report.derived)
}

fn devices(sheet: &mut Sheet, devices: &[DeviceReport]) -> Result<()> {
    let columns = ["kind", "id", "part"].into_iter().chain(LABELS);
    let columns = columns.chain(["server_id", "value", "unit", "total", "last"]);
    let columns = columns.chain(Stats::NAMES);
    let rows = devices.iter().flat_map(|device| {
        let values = device.values.iter();
        values.map(move |(name, value)| device_row(device, name, value))
    });
    sheet.section("# Devices", columns, rows.collect())
}

fn device_row<'a>(device: &'a DeviceReport, name: &'a str, value: &'a DeviceValue) -> Row<'a> {
    let part = device.part.as_deref().unwrap_or_default();
    let mut row = vec![text(&device.kind), text(&device.id), text(part)];
    row.extend(
        LABELS
            .map(|label| device.labels.get(label).map_or("", String::as_str))
            .map(text),
    );
    row.extend([text(&device.server_id), text(name), text(&value.unit)]);
    row.extend([number(value.total), number(value.last)]);
    row.extend(value.stats.seven().map(number));
    row
}

fn derived(sheet: &mut Sheet, derived: &[DerivedReport]) -> Result<()> {
    let columns = [
        "derived",
        "unit",
        "value",
        "numerator",
        "per",
        "denominator",
        "devices",
        "estimated",
        "formula",
        "software",
        "servers",
    ];
    let rows = derived.iter().map(|one| {
        vec![
            text(&one.name),
            text(&one.unit),
            number(one.value),
            number(one.numerator),
            text(&one.per),
            number(one.denominator),
            owned_text(&one.devices.to_string()),
            owned_text(&one.estimated.to_string()),
            text(&one.formula),
            text(&one.software),
            owned_text(&one.servers.join(" ")),
        ]
    });
    sheet.section("# Derived", columns, rows.collect())
}

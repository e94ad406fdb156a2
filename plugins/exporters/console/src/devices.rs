//! Devices, and numbers made of what servers and clients say.

use aiperf_plugin_sdk::report::{DerivedReport, DeviceReport, DeviceValue};

use crate::number::{Scale, largest};
use crate::rows::{CLIENT_DIGITS, mark_estimate};
use crate::table::{Columns, Row, Table};
use crate::text::neutral;

/// Significant digits of a device's values.
const DIGITS: i32 = 3;
const MIB_IN_GIB: f64 = 1024.0;

/// Units stand in the heads: the values of a kind of device have the same everywhere. A last error is no
/// column but a warning.
const DEVICES: Columns = Columns {
    first: "Device",
    names: &["util %", "mem GiB", "power W", "°C", "SM MHz", "energy J"],
    given_up: &[4, 3, 5, 2],
};

const DERIVED: Columns = Columns {
    first: "Quantity",
    names: &["value", "of", "by"],
    given_up: &[2, 1],
};

/// One row for each device; `None` if there are none.
pub(crate) fn table(devices: &[DeviceReport], available: usize) -> Option<Table> {
    let rows: Vec<_> = devices.iter().map(row).collect();
    (!rows.is_empty()).then(|| Table::new(&DEVICES, rows, available))
}

fn row(device: &DeviceReport) -> Row {
    let value = |name: &str| cell(device.values.get(name));
    Row {
        name: neutral(&name(device)),
        indent: if device.part.is_some() { 2 } else { 0 },
        cells: vec![
            value("utilization"),
            memory(device),
            value("power"),
            value("temperature"),
            value("sm_clock"),
            value("energy"),
        ],
        ..Row::default()
    }
}

/// `gpu-node-1 GPU 0 MIG 1 (3g.20gb) pod vllm-0`: as much as tells devices apart at a glance. The id
/// stands where there is no index.
fn name(device: &DeviceReport) -> String {
    let label = |name: &str| device.labels.get(name).map(String::as_str);
    let index = label("index").unwrap_or(&device.id);
    let mut words: Vec<String> = label("host").map(str::to_owned).into_iter().collect();
    words.push(format!("{} {index}", device.kind));
    if let Some(part) = &device.part {
        words.push(format!("{} {part}", device.part_kind));
    }
    words.extend(label("profile").map(|profile| format!("({profile})")));
    words.extend(label("pod").map(|pod| format!("pod {pod}")));
    words.extend(label("vgpu").map(|vgpu| format!("share {vgpu}")));
    words.join(" ")
}

fn cell(value: Option<&DeviceValue>) -> String {
    let single = value.and_then(DeviceValue::single);
    let [number] = Scale::counted("", 0.0).cells([single], DIGITS);
    number
}

/// Used of all, as people know the size of their devices.
fn memory(device: &DeviceReport) -> String {
    let gib = |name: &str| {
        let value = device.values.get(name).and_then(DeviceValue::single);
        value.map(|mib| mib / MIB_IN_GIB)
    };
    let [used, total] =
        Scale::counted("", 0.0).cells([gib("memory_used"), gib("memory_total")], DIGITS);
    match gib("memory_total") {
        Some(_) => format!("{used}/{total}"),
        None => used,
    }
}

/// One row for each derived number; `None` if there are none.
pub(crate) fn derived_table(derived: &[DerivedReport], available: usize) -> Option<Table> {
    let rows: Vec<_> = derived.iter().map(derived_row).collect();
    (!rows.is_empty()).then(|| Table::new(&DERIVED, rows, available))
}

fn derived_row(derived: &DerivedReport) -> Row {
    let scale = Scale::counted(&derived.unit, largest([derived.value]));
    let [mut value] = scale.cells([derived.value], CLIENT_DIGITS);
    if derived.estimated {
        mark_estimate(&mut value);
    }
    let whole = |amount: Option<f64>| {
        let [text] = Scale::counted("", largest([amount])).cells([amount], CLIENT_DIGITS);
        text
    };
    let devices = match derived.devices {
        1 => "1 device".to_owned(),
        devices => format!("{devices} devices"),
    };
    let by = match derived.per.as_str() {
        "" => String::new(),
        per => format!("{}: {}", per.replace('_', " "), whole(derived.denominator)),
    };
    Row {
        name: neutral(&format!("{} ({})", derived.display_name, scale.unit)),
        cells: vec![value, devices, neutral(&by)],
        ..Row::default()
    }
}

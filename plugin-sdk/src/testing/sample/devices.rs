//! A GPU with one MIG instance, and what it cost.

use std::collections::BTreeMap;

use super::stats;
use crate::report::{DerivedReport, DeviceReport, DeviceValue, Stats};

const ENDPOINT: &str = "http://127.0.0.1:9400/metrics";

pub(super) fn devices() -> Vec<DeviceReport> {
    let mut instance = device(&[("profile", "3g.20gb")]);
    instance.part = Some("1".to_owned());
    "MIG".clone_into(&mut instance.part_kind);
    let add = |device: &mut DeviceReport, name: &str, value: DeviceValue| {
        device.values.insert(name.to_owned(), value);
    };
    let mut gpu = device(&[]);
    for (name, title, unit, value) in [
        ("utilization", "Utilization", "%", 87.5),
        ("memory_used", "Memory Used", "MiB", 21_504.0),
        ("memory_total", "Memory Total", "MiB", 40_536.0),
        ("power", "Power", "W", 310.5),
        ("temperature", "Temperature", "C", 61.0),
        ("sm_clock", "SM Clock", "MHz", 1_410.0),
    ] {
        let spread = [value, 0.5 * value, value, value, value, value, 0.0];
        let value = level(title, unit, stats(spread));
        add(&mut gpu, name, value);
    }
    let energy = DeviceValue {
        total: Some(4_484.9),
        ..level("Energy", "J", Stats::default())
    };
    add(&mut gpu, "energy", energy);
    let xid = DeviceValue {
        last: Some(0.0),
        ..level("Last XID", "code", Stats::default())
    };
    add(&mut gpu, "xid", xid);
    let used = level("Utilization", "%", Stats::single(Some(91.2)));
    add(&mut instance, "utilization", used);
    vec![gpu, instance]
}

fn device(more: &[(&str, &str)]) -> DeviceReport {
    let labels = [
        ("host", "gpu-node-1"),
        ("index", "0"),
        ("model", "NVIDIA A100-SXM4-40GB"),
    ];
    let labels = labels.iter().chain(more);
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    DeviceReport {
        kind: "GPU".to_owned(),
        id: "GPU-5e1f0c3a-0000-4000-8000-000000000000".to_owned(),
        labels: labels.map(own).collect::<BTreeMap<_, _>>(),
        endpoint_url: ENDPOINT.to_owned(),
        server_id: "server-2".to_owned(),
        ..DeviceReport::default()
    }
}

fn level(title: &str, unit: &str, stats: Stats) -> DeviceValue {
    DeviceValue {
        display_name: title.to_owned(),
        unit: unit.to_owned(),
        stats,
        ..DeviceValue::default()
    }
}

pub(super) fn derived() -> Vec<DerivedReport> {
    let power = DerivedReport {
        name: "gpu_power".to_owned(),
        display_name: "GPU Power".to_owned(),
        unit: "W".to_owned(),
        value: Some(310.5),
        numerator: Some(310.5),
        formula: "average(DCGM_FI_DEV_POWER_USAGE)".to_owned(),
        devices: 1,
        software: "dcgm".to_owned(),
        servers: vec!["server-2".to_owned()],
        ..DerivedReport::default()
    };
    let per_request = DerivedReport {
        name: "energy_per_request".to_owned(),
        display_name: "Energy per Request".to_owned(),
        unit: "J/request".to_owned(),
        value: Some(44.849),
        numerator: Some(4_484.9),
        per: "request_count".to_owned(),
        denominator: Some(100.0),
        formula: "increase(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION) * 0.001".to_owned(),
        ..power.clone()
    };
    vec![power, per_request]
}

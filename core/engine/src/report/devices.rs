//! Devices that servers show, one row each. See `docs/metrics.md#devices`.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::report::{
    DeviceReport, DeviceValue, MetricReport, ServerReport, Stats, Warning,
};

use super::warnings::warn;
use crate::knowledge::{DeviceId, DeviceRule, Knowledge, Software, ValueRule};

/// Host of a server that says nothing of itself.
const UNKNOWN: &str = "unknown";

/// All devices: by server in the order of the report, then by host, index, id and part.
pub(super) fn of(servers: &[ServerReport], knowledge: &Knowledge) -> Vec<DeviceReport> {
    let mut all = Vec::new();
    for (software, rule) in rules(knowledge) {
        for server in servers {
            let mut devices = of_server(server, software, rule);
            devices.sort_by_cached_key(place);
            all.extend(devices);
        }
    }
    all
}

/// Warns of devices that report errors.
pub(super) fn alarms(to: &mut Vec<Warning>, devices: &[DeviceReport], knowledge: &Knowledge) {
    let values = rules(knowledge).flat_map(|(_, rule)| &rule.values);
    let alarms: Vec<&ValueRule> = values.filter(|value| !value.alarm.is_empty()).collect();
    for device in devices {
        for rule in &alarms {
            alarm(to, device, rule);
        }
    }
}

fn alarm(to: &mut Vec<Warning>, device: &DeviceReport, rule: &ValueRule) {
    let value = device.values.get(&rule.name).and_then(DeviceValue::single);
    let Some(value) = value.filter(|value| *value != 0.0) else {
        return;
    };
    let part = device.part.as_ref();
    let part = part.map_or_else(String::new, |part| format!(" {} {part}", device.part_kind));
    let subject = format!("{} {}{part}", device.kind, device.id);
    let message = format!("{} {value}, which may be older than the run", rule.alarm);
    let remedy = "see the system's log, and run again on a sound device";
    warn(to, "device_error", &subject, message, remedy);
}

fn rules(knowledge: &Knowledge) -> impl Iterator<Item = (&Software, &DeviceRule)> {
    let software = knowledge.software().iter();
    software.filter_map(|one| Some((one, one.device.as_ref()?)))
}

/// Where a device stands in the list. Indices are numbers.
fn place(device: &DeviceReport) -> (String, u64, String, Option<u64>, Option<String>) {
    let label = |name: &str| device.labels.get(name).cloned().unwrap_or_default();
    let number = |text: &str| text.parse::<u64>().ok();
    let part = device.part.clone();
    (
        label("host"),
        number(&label("index")).unwrap_or(u64::MAX),
        device.id.clone(),
        part.as_deref().and_then(number),
        part,
    )
}

/// Series of one device.
#[derive(Default)]
struct Shown<'a> {
    metrics: Vec<&'a MetricReport>,
    /// Last values of families of codes.
    codes: BTreeMap<&'a str, f64>,
}

fn of_server(server: &ServerReport, software: &Software, rule: &DeviceRule) -> Vec<DeviceReport> {
    // Any of its families: a device without the values below is there all the same.
    let mut shown: BTreeMap<DeviceId, Shown<'_>> = BTreeMap::new();
    for metric in &server.metrics {
        let is_wanted = !metric.sum_over_series && software.is_shown_by(&metric.name);
        if let Some(id) = rule.id_of(&metric.labels).filter(|_| is_wanted) {
            shown.entry(id).or_default().metrics.push(metric);
        }
    }
    for (family, facts) in &server.info {
        for fact in facts.iter().filter(|_| software.is_shown_by(family)) {
            if let Some(id) = rule.id_of(&fact.labels) {
                let codes = &mut shown.entry(id).or_default().codes;
                codes.insert(family, fact.value);
            }
        }
    }
    let devices = shown.into_iter();
    devices
        .map(|(id, shown)| report(server, rule, id, &shown))
        .collect()
}

fn report(
    server: &ServerReport,
    rule: &DeviceRule,
    id: DeviceId,
    shown: &Shown<'_>,
) -> DeviceReport {
    let mut labels = BTreeMap::new();
    if server.metadata.hostname != UNKNOWN {
        labels.insert("host".to_owned(), server.metadata.hostname.clone());
    }
    for metric in &shown.metrics {
        labels.extend(rule.about(&metric.labels));
    }
    labels.extend(id.apart);
    let mut device = DeviceReport {
        kind: rule.kind.clone(),
        part_kind: id
            .part
            .as_ref()
            .map_or_else(String::new, |_| rule.part_kind.clone()),
        id: id.device,
        part: id.part,
        labels,
        endpoint_url: server.endpoint_url.clone(),
        server_id: server.server_id.clone(),
        ..DeviceReport::default()
    };
    for rule in &rule.values {
        if !device.values.contains_key(&rule.name)
            && let Some(value) = shown.value(rule)
        {
            device.values.insert(rule.name.clone(), value);
        }
    }
    device
}

impl Shown<'_> {
    /// `None` unless the device has all families of the rule.
    fn value(&self, rule: &ValueRule) -> Option<DeviceValue> {
        let of = |family: &String| self.metrics.iter().find(|metric| metric.name == *family);
        let metrics: Option<Vec<&MetricReport>> = rule
            .families
            .iter()
            .map(|family| of(family).copied())
            .collect();
        let metrics = metrics?;
        let last = rule.families.first();
        let last = last.and_then(|family| self.codes.get(family.as_str()).copied());
        let scaled = |value: Option<f64>| value.map(|value| value * rule.scale);
        let (stats, total) = match metrics.as_slice() {
            [one] if one.total.is_some() => (Stats::default(), one.total),
            [one] => (scaled_stats(&one.stats, rule.scale), None),
            several => {
                let sum: Option<f64> = several.iter().map(|metric| metric.stats.avg).sum();
                (Stats::single(scaled(sum)), None)
            }
        };
        Some(DeviceValue {
            display_name: rule.title.clone(),
            unit: rule.unit.clone(),
            family: rule.families.join(" + "),
            stats,
            total: scaled(total),
            last: last.filter(|last| last.is_finite()),
        })
    }
}

fn scaled_stats(stats: &Stats, scale: f64) -> Stats {
    let [avg, min, max, p99, p90, p50, std] =
        stats.seven().map(|value| value.map(|value| value * scale));
    Stats {
        avg,
        min,
        max,
        p99,
        p90,
        p50,
        std,
    }
}

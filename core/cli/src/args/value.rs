//! Values with a form of their own.

use std::fmt;
use std::time::Duration;

use aiperf_core::config::{QuantityError, UnitDuration};
use serde_json::Value;

use super::flags::Flags;

/// A value that may be or hold a secret, so that `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Hidden(String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Reads a duration: seconds, or a number with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, QuantityError> {
    UnitDuration::parse_or_seconds(text).map(|duration| duration.0)
}

/// Takes `Name: value` apart.
pub(super) fn header(flags: &mut Flags, written: &Hidden) {
    const FLAG: &str = "--header";
    let written = written.0.as_str();
    match written
        .split_once(':')
        .map(|(name, value)| (name.trim(), value.trim()))
    {
        Some((name, value)) if !name.is_empty() => {
            flags.entry(FLAG, "endpoint.headers", name, value.into(), written);
        }
        _ => {
            let help = "write it as in --header 'X-Tenant: a'";
            flags.reject(FLAG, format!("`{FLAG}` must be `Name: value`"), help);
        }
    }
}

/// Takes `key:value` or a JSON object apart. A value that is JSON is taken as such.
pub(super) fn extra_inputs(flags: &mut Flags, written: &str) {
    const FLAG: &str = "--extra-inputs";
    let Some(entries) = read_entries(written) else {
        let help = "write it as in --extra-inputs temperature:0.5, or as a JSON object";
        flags.reject(FLAG, format!("`{FLAG}` must be `key:value`"), help);
        return;
    };
    for (key, value) in entries {
        if value.is_null() {
            let help = "leave the key out: a file could not hold it either";
            flags.reject(FLAG, format!("`{FLAG}` cannot set `{key}` to null"), help);
        } else {
            flags.entry(FLAG, "endpoint.extra_inputs", &key, value, written);
        }
    }
}

fn read_entries(written: &str) -> Option<Vec<(String, Value)>> {
    if written.trim_start().starts_with('{') {
        let object: serde_json::Map<String, Value> = serde_json::from_str(written).ok()?;
        return Some(object.into_iter().collect());
    }
    let (key, value) = written.split_once(':')?;
    let key = key.trim();
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    (!key.is_empty()).then(|| vec![(key.to_owned(), value)])
}

/// Names of metrics that other benchmarks have for short.
const SHORT: [(&str, &str); 4] = [
    ("ttft", "time_to_first_token"),
    ("itl", "inter_token_latency"),
    ("tpot", "inter_token_latency"),
    ("e2el", "request_latency"),
];

/// Takes `METRIC:LIMIT METRIC:LIMIT` apart.
pub(super) fn goodput(flags: &mut Flags, written: &str) {
    const FLAG: &str = "--goodput";
    let limits = written.split_whitespace().map(|pair| {
        let (metric, limit) = pair.split_once(':')?;
        let limit: f64 = limit.parse().ok().filter(|limit: &f64| limit.is_finite())?;
        let short = SHORT.iter().find(|(short, _)| *short == metric);
        let metric = short.map_or(metric, |(_, metric)| metric);
        (!metric.is_empty()).then_some((metric, limit))
    });
    match limits.collect::<Option<Vec<_>>>() {
        Some(limits) if !limits.is_empty() => {
            for (metric, limit) in limits {
                flags.entry(FLAG, "goodput", metric, limit.into(), written);
            }
        }
        _ => {
            let message = format!("`{FLAG}` must be `METRIC:LIMIT METRIC:LIMIT ...`");
            let help = "write it as in --goodput 'time_to_first_token:200 inter_token_latency:30'";
            flags.reject(FLAG, message, help);
        }
    }
}

/// Takes `ID` or `ID=FILE` apart: the exporter is on, and writes there.
pub(super) fn exporter(flags: &mut Flags, written: &str) {
    const FLAG: &str = "--exporter";
    let (id, path) = exporter_of(written);
    if id.is_empty() || path == Some("") {
        let help = "write it as in --exporter csv or --exporter csv=numbers.csv";
        flags.reject(FLAG, format!("`{FLAG}` must be `ID` or `ID=FILE`"), help);
        return;
    }
    let exporter = ("exporters", id);
    flags.instance(FLAG, exporter, &["enabled"], true.into(), written);
    if let Some(path) = path {
        flags.instance(FLAG, exporter, &["options", "path"], path.into(), written);
    }
}

/// The exporter is off. `wanted`: what was written after `--exporter`.
pub(super) fn without_exporter(flags: &mut Flags, id: &str, wanted: &[String]) {
    const FLAG: &str = "--no-exporter";
    if wanted.iter().any(|written| exporter_of(written).0 == id) {
        let message = format!("`{id}` is wanted by `--exporter` and not by `{FLAG}`");
        flags.reject(FLAG, message, "leave one of them out");
        return;
    }
    flags.instance(FLAG, ("exporters", id), &["enabled"], false.into(), id);
}

fn exporter_of(written: &str) -> (&str, Option<&str>) {
    match written.split_once('=') {
        Some((id, path)) => (id, Some(path)),
        None => (written, None),
    }
}

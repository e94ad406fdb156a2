//! Parser `influx`: every number in a line is a sample.

use std::collections::HashMap;

use aiperf_plugin_sdk::batch::{FamilyRow, NO_TIME, SampleRow};
use aiperf_plugin_sdk::prelude::*;

use crate::CONTENT_TYPE;
use crate::line::{Line, number, unescaped};

/// Options of the `influx` parser.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ParserConfig {
    /// Unit of timestamps.
    pub precision: Precision,
}

/// Unit of timestamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Nanoseconds.
    #[default]
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

impl Precision {
    fn nanoseconds(self) -> i64 {
        match self {
            Self::Ns => 1,
            Self::Us => 1_000,
            Self::Ms => 1_000_000,
            Self::S => 1_000_000_000,
        }
    }
}

/// The parser. See the [module](self).
#[derive(Debug)]
pub struct InfluxParser(ParserConfig);

impl Plugin for InfluxParser {
    const ID: &'static str = "influx";
    const SUMMARY: &'static str = "Lines of the InfluxDB line protocol.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../parser.toml");
    type Config = ParserConfig;

    fn open(config: ParserConfig, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Parser for InfluxParser {
    const CONTENT_TYPES: &'static [&'static str] = &[CONTENT_TYPE];

    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        let mut families = HashMap::new();
        for (number, line) in (1..).zip(std::str::from_utf8(payload.body)?.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Line::parse(line) {
                Ok(line) => self.push(&line, &mut families, batch),
                // It costs itself only.
                Err(reason) => batch.diagnostic(number, reason),
            }
        }
        Ok(())
    }
}

impl InfluxParser {
    fn push(&self, line: &Line<'_>, families: &mut HashMap<String, u32>, batch: &mut Batch) {
        let time_ns = line
            .time
            .and_then(|time| time.checked_mul(self.0.precision.nanoseconds()));
        for (field, value) in &line.fields {
            let Some(value) = number(value) else {
                continue;
            };
            let name = metric_name(line.measurement, field);
            let span = batch.push_extra(name.as_bytes());
            let family = *families.entry(name).or_insert_with(|| {
                // The protocol does not tell counters from gauges.
                batch.push_family(FamilyRow::new(span, MetricKind::Unknown))
            });
            for (tag, text) in &line.tags {
                let tag = batch.push_extra(plain(tag).as_bytes());
                let text = batch.push_extra(unescaped(text).as_bytes());
                batch.push_label(tag, text);
            }
            let time_ns = time_ns.unwrap_or(NO_TIME);
            batch.push_sample(SampleRow::new(family, span, value).at(time_ns));
        }
    }
}

/// `cpu` and `usage_idle` are `cpu_usage_idle`; a field called `value` adds nothing.
fn metric_name(measurement: &str, field: &str) -> String {
    match field {
        "value" => plain(measurement),
        field => format!("{}_{}", plain(measurement), plain(field)),
    }
}

/// A name that metrics may have.
fn plain(text: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    unescaped(text).chars().map(fit).collect()
}

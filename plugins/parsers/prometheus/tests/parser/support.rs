//! Reads pages into owned rows, so that tests can compare them.

use aiperf_parser_prometheus::{Format, parse_page};
use aiperf_plugin_sdk::{Batch, MetricKind};

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) family: String,
    pub(crate) kind: MetricKind,
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
    pub(crate) time_ns: Option<i64>,
    /// The page's bytes that the value span and the time span name.
    pub(crate) value_text: String,
    pub(crate) time_text: String,
}

/// One family: name, type, help, unit.
pub(crate) type Family = (String, MetricKind, String, String);

/// All rows of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) families: Vec<Family>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) exemplars: Vec<(usize, f64, Option<i64>)>,
    pub(crate) diagnostics: Vec<(u32, String)>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Reads `page` as a host would.
pub(crate) fn read(page: &[u8], format: Format) -> Reading {
    let mut batch = Batch::new();
    parse_page(page, format, &mut batch);
    batch.read(page, |view| rows(page, view)).unwrap()
}

fn rows(page: &[u8], view: &aiperf_plugin_sdk::batch::BatchView<'_>) -> Reading {
    let family = |row| text(view.family_name(row).unwrap());
    let slice = |range: Option<std::ops::Range<usize>>| text(&page[range.unwrap_or_default()]);
    let samples = (0..view.len()).map(|row| {
        let sample = view.sample(row).unwrap();
        let labels = sample.labels.map(|label| label.unwrap());
        Sample {
            family: family(sample.family),
            kind: view.family_kind(sample.family),
            name: text(sample.name),
            labels: labels
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            value: sample.value,
            time_ns: sample.time_ns,
            value_text: slice(view.value_range(row)),
            time_text: slice(view.time_range(row)),
        }
    });
    Reading {
        samples: samples.collect(),
        families: (0..view.families())
            .map(|row| {
                let (help, unit) = (view.family_help(row), view.family_unit(row));
                (family(row), view.family_kind(row), text(help), text(unit))
            })
            .collect(),
        exemplars: view.exemplars().collect(),
        diagnostics: view.diagnostics().collect(),
    }
}

/// Lines that are neither blank nor begin with `#`.
pub(crate) fn count_sample_lines(page: &[u8]) -> usize {
    let lines = page.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .count()
}

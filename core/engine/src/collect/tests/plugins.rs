//! Plugins of these tests. They register as any plugin does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::view::ScrapeMeta;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Urls {
    urls: Vec<String>,
}

/// Scrapes what it is told to.
struct TestTargets(Vec<Target>);

impl Plugin for TestTargets {
    const ID: &'static str = "test_targets";
    const SUMMARY: &'static str = "Scrapes what it is told to.";
    const VERSION: &'static str = "0.0.0";
    type Config = Urls;

    fn open(config: Urls, _: &Host) -> Result<Self> {
        let target = |url: String| Target::new(url.clone(), url);
        Ok(Self(config.urls.into_iter().map(target).collect()))
    }
}

impl TargetsCollector for TestTargets {
    fn targets(&mut self) -> Result<Targets> {
        Ok(Targets::new(1, self.0.clone()))
    }
}

/// How often collectors of a name have been opened.
static OPENED: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);

/// Attempts to open the collector called `name` so far.
pub(super) fn attempts(name: &str) -> u64 {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.as_ref();
    opened
        .and_then(|opened| opened.get(name).copied())
        .unwrap_or_default()
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LateConfig {
    /// Unique, to count attempts by.
    name: String,
    /// Attempts that fail.
    failures: u64,
    /// Whether such a failure may pass.
    retriable: bool,
}

/// Opens late, if at all.
struct TestLate(f64);

impl Plugin for TestLate {
    const ID: &'static str = "test_late";
    const SUMMARY: &'static str = "Opens late, if at all.";
    const VERSION: &'static str = "0.0.0";
    type Config = LateConfig;

    fn open(config: LateConfig, _: &Host) -> Result<Self> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = opened
            .get_or_insert_default()
            .entry(config.name)
            .or_default();
        *attempts += 1;
        if *attempts > config.failures {
            return Ok(Self(0.0));
        }
        let mut error = PluginError::new(ErrorKind::Io, format!("no device at attempt {attempts}"));
        if config.retriable {
            error = error.retry_after(std::time::Duration::from_millis(1));
        }
        Err(error)
    }
}

impl PollCollector for TestLate {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.0 += 1.0;
        out.batch().gauge("late_reading", &[], self.0);
        Ok(())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

/// Reads a page that is one number, as the counter `c_total`.
struct TestNumber;

impl Plugin for TestNumber {
    const ID: &'static str = "test_number";
    const SUMMARY: &'static str = "Reads a number.";
    const VERSION: &'static str = "0.0.0";
    type Config = NoOptions;

    fn open(_: NoOptions, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl Parser for TestNumber {
    const CONTENT_TYPES: &'static [&'static str] = &["text/x-number"];

    fn parse(&mut self, payload: &Payload<'_>, batch: &mut Batch) -> Result<()> {
        let text = std::str::from_utf8(payload.body)?;
        batch.counter("c_total", &[], text.trim().parse()?);
        Ok(())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RecorderConfig {
    /// Unique, to find its records by.
    name: String,
}

/// Keeps what it is shown.
struct TestRecorder(String);

static RECORDS: Mutex<Vec<(String, ScrapeMeta)>> = Mutex::new(Vec::new());

/// What the recorder called `name` was shown so far.
pub(super) fn records(name: &str) -> Vec<ScrapeMeta> {
    let records = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
    let own = records.iter().filter(|(owner, _)| owner == name);
    own.map(|(_, meta)| meta.clone()).collect()
}

impl Plugin for TestRecorder {
    const ID: &'static str = "test_recorder";
    const SUMMARY: &'static str = "Keeps what it is shown.";
    const VERSION: &'static str = "0.0.0";
    type Config = RecorderConfig;

    fn open(config: RecorderConfig, _: &Host) -> Result<Self> {
        Ok(Self(config.name))
    }
}

impl Exporter for TestRecorder {
    fn begin(&mut self, _: &RunInfo) -> Result<()> {
        Ok(())
    }

    fn scrape(&mut self, view: &ScrapeView<'_>) -> Result<()> {
        let mut records = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
        records.push((self.0.clone(), view.meta.clone()));
        Ok(())
    }

    fn finish(&mut self, _: &Report) -> Result<()> {
        Ok(())
    }
}

export_plugin!(targets_collector TestTargets);
export_plugin!(poll_collector TestLate);
export_plugin!(parser TestNumber);
export_plugin!(exporter TestRecorder);

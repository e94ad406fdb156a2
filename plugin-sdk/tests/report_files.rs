//! Exporters that make files of the report, through the boundary's objects.

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::{FakeHost, begin_exporter, export};
use serde_json::json;

/// Options of [`Trio`].
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

/// One file that fails, one that has nothing to say, one that is good, and one without a name.
struct Trio;

impl Plugin for Trio {
    const ID: &'static str = "trio";
    const SUMMARY: &'static str = "Three files.";
    const VERSION: &'static str = "1.0.0";
    type Config = Config;

    fn open(_: Config, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl ReportExporter for Trio {
    fn files(&self) -> Vec<&str> {
        vec!["bad", "silent", "good", ""]
    }

    fn render(&self, file: &str, report: &Report) -> Result<Option<Vec<u8>>> {
        match file {
            "bad" => Err(PluginError::new(ErrorKind::Format, "cannot be written")),
            "silent" => Ok(None),
            _ => Ok(Some(report.metadata.model.clone().into_bytes())),
        }
    }
}

export_plugin!(report_exporter Trio);

#[test]
fn a_file_that_fails_costs_no_other() {
    let mut report = Report::default();
    report.metadata.model = "m".to_owned();
    let host = FakeHost::new();
    let mut exporter = begin_exporter("trio", &json!({}), &host, &RunInfo::default()).unwrap();
    assert_eq!(host.files(), [""; 0], "nothing is there before the end");
    let error = exporter.finish(&report).unwrap_err();
    assert_eq!(error.message, "cannot be written");
    assert_eq!(host.files(), ["good"]);
    assert_eq!(host.file("good").unwrap(), "m");
}

#[test]
fn an_aborted_run_leaves_no_file() {
    let host = FakeHost::new();
    let mut exporter = begin_exporter("trio", &json!({}), &host, &RunInfo::default()).unwrap();
    exporter.abort("test").unwrap();
    exporter.close().unwrap();
    assert_eq!(host.files(), [""; 0]);
    assert!(
        export(
            "trio",
            &json!({ "x": 1 }),
            &RunInfo::default(),
            &Report::default()
        )
        .is_err()
    );
}

//! Exporter `{id}`: averages of the clients' metrics as text. Put in its place your format.

mod config;

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::ClientMetric;

pub use config::Config;

/// Makes its file of the report, when the run is over.
#[derive(Debug)]
pub struct {type}(Config);

impl Plugin for {type} {
    const ID: &'static str = "{id}";
    const SUMMARY: &'static str = "Averages as text, one metric a line.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, _host: &Host) -> Result<Self> {
        Ok(Self(config))
    }
}

impl ReportExporter for {type} {
    fn files(&self) -> Vec<&str> {
        vec![&self.0.path]
    }

    fn render(&self, _file: &str, report: &Report) -> Result<Option<Vec<u8>>> {
        let known = |(name, metric): (&String, &ClientMetric)| {
            let avg = metric.stats.avg?;
            Some(format!("{name} {avg} {}\n", metric.unit))
        };
        let text: String = report.llm_metrics.iter().filter_map(known).collect();
        Ok(Some(text.into_bytes()))
    }
}

export_plugin!(report_exporter {type});

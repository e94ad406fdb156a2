//! `aiperf collect`.

use std::path::PathBuf;

use aiperf_core::config::Command;
use clap::Args;

use super::flags::{Flags, RunArgs};
use super::groups::{MetricsArgs, OutputArgs, ProxyArgs, TlsArgs};
use super::value::Hidden;

const AFTER_HELP: &str = "\
Examples:
  aiperf collect --server-metrics http://gpu-host:9400/metrics --duration 60
  aiperf collect --once --config aiperf.toml

Durations are seconds, or have a unit: 90, 1.5s, 500ms, 2m.";

/// Flags of `aiperf collect`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CollectArgs {
    /// How long to collect [default: until Ctrl-C]
    #[arg(long, alias = "benchmark-duration", value_name = "DURATION")]
    pub(crate) duration: Option<String>,
    /// Scrape each endpoint once and end.
    #[arg(long)]
    pub(crate) once: bool,
    /// Inference server whose metrics to look for [default: localhost:8000]
    #[arg(long, short, value_name = "URL")]
    pub(crate) url: Option<Hidden>,
    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) proxy: ProxyArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl RunArgs for CollectArgs {
    const COMMAND: Command = Command::Collect;

    fn config_files(&self) -> &[PathBuf] {
        &self.output.config
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        flags.text("--duration", "collect.duration", self.duration.as_ref());
        flags.switch("--once", "collect.once", self.once, true);
        flags.text("--url", "endpoint.url", self.url.as_ref());
        self.metrics.add_to(&mut flags);
        self.tls.add_to(&mut flags);
        self.proxy.add_to(&mut flags);
        self.output.add_to(&mut flags);
        flags
    }
}

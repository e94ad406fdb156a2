//! `aiperf demo`.

use std::path::PathBuf;
use std::time::Duration;

use aiperf_core::config::Command;
use clap::Args;

use super::flags::{Flags, RunArgs};
use super::profile::ProfileArgs;
use super::value::duration;

const AFTER_HELP: &str = "\
Examples:
  aiperf demo
  aiperf demo --concurrency 32 --request-count 500 --ttft 80ms --itl 8ms
  aiperf demo --fault 429:every=3 --metrics-fault hang:after=2

Its flags are those of `aiperf profile`, but for `--url`: the simulated server has its own.";

/// Flags of `aiperf demo`. What is between this machine and a server elsewhere is not shown.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[command(mut_arg("url", |arg| arg.hide(true)))]
#[command(mut_arg("proxy", |arg| arg.hide(true)), mut_arg("no_proxy", |arg| arg.hide(true)))]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) timing: SimTiming,
    #[command(flatten)]
    pub(crate) weather: WeatherArgs,
    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
}

/// How fast the simulated server is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Simulated server")]
pub(crate) struct SimTiming {
    /// Time to first token of the simulated server.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20ms")]
    pub(crate) ttft: Duration,
    /// Time between two tokens of the simulated server.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5ms")]
    pub(crate) itl: Duration,
}

/// What goes wrong with the simulated server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Simulated server")]
pub(crate) struct WeatherArgs {
    /// What goes wrong with requests: hang, reset, drip, 429, 500:every=3, bad-json:after=10,
    /// restart:after=50, certificate-expired and more; see docs/weather.md (repeatable).
    #[arg(long, value_name = "FAULT[:WHEN]")]
    pub(crate) fault: Vec<String>,
    /// What goes wrong with the metrics page: hang, cut, gzip-bomb, types:after=5 and more.
    #[arg(long, value_name = "FAULT[:WHEN]")]
    pub(crate) metrics_fault: Option<String>,
}

impl RunArgs for DemoArgs {
    const COMMAND: Command = Command::Demo;

    fn config_files(&self) -> &[PathBuf] {
        self.profile.config_files()
    }

    fn flags(&self) -> Flags {
        self.profile.flags()
    }
}

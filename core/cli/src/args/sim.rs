//! `aiperf sim`.

use clap::Args;

use super::demo::{SimTiming, WeatherArgs};

const AFTER_HELP: &str = "\
Examples:
  aiperf sim --port 8000
  aiperf sim --port 0 --ttft 80ms --itl 8ms --model my-model
  aiperf sim --fault 500:every=10 --metrics-fault drip

`aiperf demo` takes the same faults, and runs against them.";

/// Flags of `aiperf sim`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SimArgs {
    /// Port on localhost to listen on; 0 lets the system choose.
    #[arg(long, short, value_name = "PORT", default_value_t = 8000)]
    pub(crate) port: u16,
    /// Name of the model that it serves.
    #[arg(long, short, value_name = "NAME", default_value = "sim-model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) timing: SimTiming,
    #[command(flatten)]
    pub(crate) weather: WeatherArgs,
}

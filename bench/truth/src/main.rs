//! Runs `aiperf` many times, one run after the other, and holds each report against the truth.
//!
//! ```text
//! cargo build --release -p aiperf -p aiperf-truth
//! target/release/aiperf-truth counters --runs 50
//! target/release/aiperf-truth counters --runs 50 --url http://localhost:8100 --model tiny
//! target/release/aiperf-truth gauges --runs 200
//! target/release/aiperf-truth rates --rate 200,5000
//! target/release/aiperf-truth tokens --concurrency 10,100,500
//! ```
//!
//! Exit code 1: a report differs from the truth.

#![expect(clippy::print_stdout, reason = "tables are what this program is for")]

mod client;
mod counters;
mod error;
mod gauges;
mod occupancy;
mod rates;
mod tokens;
mod wall;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Holds what aiperf reports against what the server knows.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    common: Common,
}

/// Flags of every measurement.
#[derive(Debug, Args)]
struct Common {
    /// The binary under test [default: `aiperf` beside this one].
    #[arg(long, global = true, value_name = "FILE")]
    aiperf: Option<PathBuf>,
    /// Runs of each kind.
    #[arg(long, global = true, value_name = "N", default_value_t = 5)]
    runs: u64,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Requests and tokens of each phase, by the client and by the server
    Counters(counters::Options),
    /// Averages of gauges over the profiling phase
    Gauges(gauges::Options),
    /// Arrivals at a rate: their pattern, and how late they are sent
    Rates(rates::Options),
    /// Send and arrival times of every request and chunk
    Tokens(tokens::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = client::Binary::find(cli.common.aiperf).and_then(|binary| match &cli.action {
        Action::Counters(options) => counters::measure(&binary, cli.common.runs, options),
        Action::Gauges(options) => gauges::measure(&binary, cli.common.runs, options),
        Action::Rates(options) => rates::measure(&binary, cli.common.runs, options),
        Action::Tokens(options) => tokens::measure(&binary, cli.common.runs, options),
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

//! When requests arrive at the server, held against the rate that was asked for.

use aiperf_sim::{Sim, SimConfig};
use clap::Args;
use std::time::Duration;

use crate::client::Binary;
use crate::counters::flags;
use crate::error::Error;

/// Flags of `rates`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests per second.
    #[arg(long, value_name = "RATE", value_delimiter = ',', default_values_t = [200.0])]
    rate: Vec<f64>,
    /// Requests of a run.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    count: u64,
    /// Tokens of an answer, one every 10 ms after 50 ms.
    #[arg(long, value_name = "TOKENS", default_value_t = 16)]
    osl: u32,
}

/// Largest relative difference from the rate, beyond what chance explains.
const RATE: f64 = 0.01;
/// Largest coefficient of variation of the gaps of an even rate.
const VARIATION: f64 = 0.05;
/// Largest 99th percentile from intended to actual send, in ms.
const LATENESS_MS: f64 = 0.25;
/// The Kolmogorov-Smirnov test at 1 %, times the root of the number of gaps.
const DISTANCE: f64 = 1.63;
/// Standard errors that chance explains.
const CHANCE: f64 = 3.0;
/// Window in which arrivals are counted, in seconds.
const WINDOW: f64 = 0.1;

/// True if every run has the rate and the pattern that were asked for, and is not late.
pub(crate) fn measure(binary: &Binary, runs: u64, options: &Options) -> Result<bool, Error> {
    println!(
        "pattern     rate/s  measured     CV      KS   limit  dispersion  late p50 ms   p99 ms"
    );
    let mut all_right = true;
    for rate in &options.rate {
        for pattern in ["constant", "poisson"] {
            for run in 0..runs {
                all_right &= one_run(binary, run, *rate, pattern, options)?;
            }
        }
    }
    Ok(all_right)
}

fn one_run(
    binary: &Binary,
    run: u64,
    rate: f64,
    pattern: &str,
    options: &Options,
) -> Result<bool, Error> {
    let sim = Sim::start(SimConfig {
        ttft: Duration::from_millis(50),
        itl: Duration::from_millis(10),
        max_running: u32::MAX,
        ..SimConfig::default()
    })?;
    let report = binary.profile(&flags(&[
        ("--url", sim.url()),
        ("--request-rate", rate.to_string()),
        ("--arrival-pattern", pattern.to_owned()),
        ("--request-count", options.count.to_string()),
        ("--isl", "32".to_owned()),
        ("--osl", options.osl.to_string()),
        ("--random-seed", run.to_string()),
    ]))?;
    let truth = sim.stop();
    let mut arrivals: Vec<f64> = truth
        .requests
        .iter()
        .map(|request| request.arrival_ns as f64 / 1e9)
        .collect();
    arrivals.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let late = |name: &str| report.number(&format!("/client_health/send_delay_ms/{name}"));
    let (p50, p99) = (late("p50")?, late("p99")?);
    let n = gaps.len() as f64;
    let measured = 1.0 / mean(&gaps);
    let variation = variation(&gaps);
    let distance = distance(&gaps, measured);
    let dispersion = dispersion(&arrivals);
    println!(
        "{pattern:<9} {rate:>8} {measured:>9.2} {variation:>6.3} {distance:>7.4} {:>7.4} \
         {dispersion:>11.3} {p50:>12.3} {p99:>8.3}",
        DISTANCE / n.sqrt()
    );
    let off = (measured / rate - 1.0).abs();
    let in_time = p99 <= LATENESS_MS;
    Ok(in_time
        && match pattern {
            "constant" => off <= RATE && variation <= VARIATION,
            _ => off <= RATE.max(CHANCE / n.sqrt()) && distance <= DISTANCE / n.sqrt(),
        })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean).powi(2));
    squares.sum::<f64>() / values.len() as f64
}

/// Standard deviation by mean.
fn variation(values: &[f64]) -> f64 {
    variance(values).sqrt() / mean(values)
}

/// Largest distance of the gaps' distribution from the exponential one of this rate.
fn distance(gaps: &[f64], rate: f64) -> f64 {
    let mut sorted = gaps.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distances = sorted.iter().enumerate().map(|(at, gap)| {
        let expected = 1.0 - (-rate * gap).exp();
        let (low, high) = (at as f64 / n, (at + 1) as f64 / n);
        (expected - low).max(high - expected)
    });
    distances.fold(0.0, f64::max)
}

/// Variance of the number of arrivals in a window by its mean: 0 for an even rate, 1 for a Poisson
/// process.
fn dispersion(arrivals: &[f64]) -> f64 {
    let Some(first) = arrivals.first() else {
        return f64::NAN;
    };
    let mut counts: Vec<f64> = Vec::new();
    for arrival in arrivals {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "arrivals are sorted, and a run has few windows"
        )]
        let window = ((arrival - first) / WINDOW) as usize;
        counts.resize(counts.len().max(window + 1), 0.0);
        counts[window] += 1.0;
    }
    // The last window is not full.
    counts.pop();
    variance(&counts) / mean(&counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_rate_is_neither_spread_nor_poisson() {
        // No arrival falls on the edge of a window, where rounding would decide.
        let arrivals: Vec<f64> = (0..400).map(|n| f64::from(n) / 201.0 + 1e-4).collect();
        let gaps: Vec<f64> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(variation(&gaps) < 1e-6 && dispersion(&arrivals) < 0.01);
        assert!(distance(&gaps, 201.0) > 0.6);
    }
}

//! Averages of gauges over the profiling phase, held against what the gauge really was.

use aiperf_sim::{Sim, SimConfig};
use clap::Args;
use std::time::Duration;

use crate::client::{Binary, Report};
use crate::counters::flags;
use crate::error::Error;
use crate::occupancy::Steps;
use crate::wall;

/// Flags of `gauges`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests in flight.
    #[arg(long, value_name = "N", default_value_t = 16)]
    concurrency: u64,
    /// Scrape interval, as aiperf takes it.
    #[arg(long, value_name = "DURATION", default_value = "500ms")]
    interval: String,
    /// Shortest and longest run, in seconds; runs are spread evenly between.
    #[arg(long, value_name = "S,S", value_delimiter = ',', default_values_t = [2.0, 10.0])]
    seconds: Vec<f64>,
}

/// Largest relative bias, unless it is within the noise.
const BIAS: f64 = 0.01;
/// Standard errors of the mean that are noise.
const NOISE: f64 = 2.5;
/// Share of runs in which the stated error must cover the truth.
const COVERAGE: f64 = 0.95;
/// Standard errors that make an interval of 95 %.
const INTERVAL: f64 = 1.96;

/// One gauge in one run.
#[derive(Debug, Clone, Copy)]
struct Sample {
    reported: f64,
    truth: f64,
    error: Option<f64>,
}

/// True if every gauge is unbiased, and its error honest.
pub(crate) fn measure(binary: &Binary, runs: u64, options: &Options) -> Result<bool, Error> {
    println!("load      gauge                        runs   bias %    se %     z  rms %  covered");
    let mut all_right = true;
    for lockstep in [false, true] {
        let mut gauges = [
            ("vllm:num_requests_running", Vec::new()),
            ("vllm:kv_cache_usage_perc", Vec::new()),
        ];
        for run in 0..runs {
            let samples = one_run(binary, run, runs, lockstep, options)?;
            for ((_, all), sample) in gauges.iter_mut().zip(samples) {
                all.push(sample);
            }
        }
        for (name, samples) in &gauges {
            all_right &= judge(if lockstep { "lockstep" } else { "jitter" }, name, samples);
        }
    }
    Ok(all_right)
}

fn one_run(
    binary: &Binary,
    run: u64,
    runs: u64,
    lockstep: bool,
    options: &Options,
) -> Result<[Sample; 2], Error> {
    let config = SimConfig {
        lockstep,
        jitter: if lockstep { 0.0 } else { 0.3 },
        ttft: Duration::from_millis(60),
        itl: Duration::from_millis(10),
        seed: run + 1,
        ..SimConfig::default()
    };
    let blocks = f64::from(config.kv_blocks);
    let sim = Sim::start(config)?;
    let (shortest, longest) = (
        options.seconds.first().copied().unwrap_or(2.0),
        options.seconds.last().copied().unwrap_or(10.0),
    );
    let share = (run as f64 + 0.5) / runs as f64;
    let seconds = shortest + (longest - shortest) * share;
    let report = binary.profile(&flags(&[
        ("--url", sim.url()),
        ("--concurrency", options.concurrency.to_string()),
        ("--benchmark-duration", format!("{seconds:.3}s")),
        ("--isl", "200".to_owned()),
        ("--isl-stddev", "80".to_owned()),
        ("--osl", "64".to_owned()),
        // Waves of a lockstep server stay in step as long as answers have one length.
        ("--osl-stddev", if lockstep { "0" } else { "20" }.to_owned()),
        ("--server-metrics-interval", options.interval.clone()),
        ("--random-seed", run.to_string()),
    ]))?;
    let offset = wall::offset_ns();
    let truth = sim.stop();
    let (from, to) = window(&report)?;
    let (from, to) = (from - offset, to - offset);
    let running = Steps::running(&truth.requests).average(from, to);
    let used = Steps::blocks(&truth.requests).average(from, to) / blocks;
    Ok([
        sample(&report, "vllm:num_requests_running", running)?,
        sample(&report, "vllm:kv_cache_usage_perc", used)?,
    ])
}

/// First send and last response of the only phase, wall nanoseconds.
fn window(report: &Report) -> Result<(i64, i64), Error> {
    let phase = report.list("/phases").last();
    let time = |name: &str| {
        let time = phase.and_then(|phase| phase[name].as_i64());
        time.ok_or_else(|| Error::Missing(format!("phase with {name}")))
    };
    Ok((time("start_ns")?, time("end_ns")?))
}

fn sample(report: &Report, key: &str, truth: f64) -> Result<Sample, Error> {
    let missing = || Error::Missing(format!("average of {key}"));
    let metric = report.metrics(key).next().ok_or_else(missing)?;
    Ok(Sample {
        reported: metric["avg"].as_f64().ok_or_else(missing)?,
        truth,
        error: metric["sampling_error"].as_f64(),
    })
}

fn judge(load: &str, name: &str, samples: &[Sample]) -> bool {
    let n = samples.len() as f64;
    let relative = samples
        .iter()
        .map(|sample| (sample.reported - sample.truth) / sample.truth);
    let relative: Vec<f64> = relative.collect();
    let bias = relative.iter().sum::<f64>() / n;
    let variance = relative
        .iter()
        .map(|error| (error - bias).powi(2))
        .sum::<f64>()
        / (n - 1.0);
    let noise = (variance / n).sqrt();
    let rms = (relative.iter().map(|error| error.powi(2)).sum::<f64>() / n).sqrt();
    let with_error: Vec<_> = samples.iter().filter_map(|s| Some((s, s.error?))).collect();
    let covers = |(sample, error): &&(&Sample, f64)| {
        (sample.reported - sample.truth).abs() <= INTERVAL * error
    };
    let covered = with_error.iter().filter(covers).count() as f64 / with_error.len() as f64;
    let covered = Some(covered).filter(|covered| covered.is_finite());
    let shown = covered.map_or_else(
        || "-".to_owned(),
        |covered| format!("{:.1} %", covered * 100.0),
    );
    println!(
        "{load:<9} {name:<28} {n:>4} {:>8.3} {:>7.3} {:>5.2} {:>6.2}  {shown}",
        bias * 100.0,
        noise * 100.0,
        bias / noise,
        rms * 100.0,
    );
    let unbiased = bias.abs() <= BIAS || bias.abs() <= NOISE * noise;
    unbiased && covered.is_none_or(|covered| covered >= COVERAGE)
}

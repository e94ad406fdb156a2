//! Times of every request and chunk, held one by one against those of the server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aiperf_sim::{RequestTruth, Sim, SimConfig};
use clap::Args;
use serde_json::Value;

use crate::client::{Binary, Report};
use crate::counters::flags;
use crate::error::Error;

/// Flags of `tokens`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests in flight.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10, 100])]
    concurrency: Vec<u32>,
    /// Requests of a run, for each that is in flight.
    #[arg(long, value_name = "N", default_value_t = 4)]
    turns: u32,
    /// Tokens of an answer, one every 10 ms after 50 ms.
    #[arg(long, value_name = "TOKENS", default_value_t = 32)]
    osl: u32,
    /// Version of HTTP.
    #[arg(long, value_name = "VERSION", default_value = "1.1")]
    http_version: String,
    /// Requests in flight on a connection, with HTTP/2.
    #[arg(long, value_name = "N", default_value_t = 1)]
    http2_streams: u32,
}

/// Largest mean error of the time to first token, in ms.
const MEAN_MS: f64 = 0.05;
/// Its largest 99th percentile.
const P99_MS: f64 = 0.2;
/// Largest 99th percentile of the error of a gap between chunks, in ms.
const GAP_P99_MS: f64 = 0.3;

/// Differences from the truth, in ms.
#[derive(Debug, Default)]
struct Errors {
    /// First byte sent by the client to request received by the server's kernel.
    send: Vec<f64>,
    /// Time to first token: the client's less the server's.
    ttft: Vec<f64>,
    /// Chunk handed to the server's socket to its arrival.
    chunk: Vec<f64>,
    /// Gap between two chunks: the client's less the server's, without its sign.
    gap: Vec<f64>,
    /// Requests and chunks that only one side knows.
    unmatched: usize,
}

/// True if every request and chunk is known on both sides, at times that are near enough.
pub(crate) fn measure(binary: &Binary, runs: u64, options: &Options) -> Result<bool, Error> {
    println!(
        "in flight  requests   chunks  unmatched  send p50  ttft mean     p99  chunk p99  gap p99  (ms)"
    );
    let mut all_right = true;
    for concurrency in &options.concurrency {
        for run in 0..runs {
            all_right &= one_run(binary, run, *concurrency, options)?;
        }
    }
    Ok(all_right)
}

fn one_run(binary: &Binary, run: u64, concurrency: u32, options: &Options) -> Result<bool, Error> {
    let sim = Sim::start(SimConfig {
        ttft: Duration::from_millis(50),
        itl: Duration::from_millis(10),
        max_running: u32::MAX,
        ..SimConfig::default()
    })?;
    let report = binary.profile(&flags(&[
        ("--url", sim.url()),
        ("--concurrency", concurrency.to_string()),
        ("--request-count", (concurrency * options.turns).to_string()),
        ("--isl", "32".to_owned()),
        ("--osl", options.osl.to_string()),
        ("--http-version", options.http_version.clone()),
        ("--http2-streams", options.http2_streams.to_string()),
        ("--random-seed", run.to_string()),
        ("--export-level", "tokens".to_owned()),
    ]))?;
    let mut errors = join(&report, &sim.stop().requests)?;
    let (requests, chunks) = (errors.ttft.len(), errors.chunk.len());
    let mean = errors.ttft.iter().sum::<f64>() / requests.max(1) as f64;
    let send = percentile(&mut errors.send, 0.5);
    let ttft = percentile(&mut errors.ttft, 0.99);
    let chunk = percentile(&mut errors.chunk, 0.99);
    let gap = percentile(&mut errors.gap, 0.99);
    println!(
        "{concurrency:>9} {requests:>9} {chunks:>8} {:>10} {send:>9.3} {mean:>10.3} {ttft:>7.3} \
         {chunk:>10.3} {gap:>8.3}",
        errors.unmatched
    );
    let all = (concurrency * options.turns) as usize;
    Ok(requests == all
        && errors.unmatched == 0
        && mean.abs() <= MEAN_MS
        && ttft <= P99_MS
        && gap <= GAP_P99_MS)
}

/// Puts both sides of each request together by its id.
fn join(report: &Report, truth: &[Arc<RequestTruth>]) -> Result<Errors, Error> {
    let offset = report.wall_minus_mono()?;
    let id = |request: &Arc<RequestTruth>| request.x_request_id.clone().unwrap_or_default();
    let mut of_server: HashMap<String, &RequestTruth> = truth
        .iter()
        .map(|request| (id(request), &**request))
        .collect();
    let mut errors = Errors::default();
    for line in &report.requests {
        match of_server.remove(&line["id"].to_string()) {
            Some(request) => compare(line, offset, request, &mut errors),
            None => errors.unmatched += 1,
        }
    }
    errors.unmatched += of_server.len();
    Ok(errors)
}

fn compare(line: &Value, offset: i64, request: &RequestTruth, errors: &mut Errors) {
    let mono = |value: &Value| value.as_i64().map(|wall| wall - offset);
    let times = line["token_times_ns"].as_array().map(Vec::as_slice);
    let arrived: Vec<i64> = times.unwrap_or_default().iter().filter_map(mono).collect();
    let sent = mono(&line["request_start_ns"]).unwrap_or_default();
    errors.unmatched += arrived.len().abs_diff(request.token_ns.len());
    errors.send.push(ms(request.arrival_ns - sent));
    if let Some(first) = arrived.first() {
        let of_server = request.first_token_ns - request.arrival_ns;
        errors.ttft.push(ms(first - sent - of_server));
    }
    let both = || arrived.iter().zip(&request.token_ns);
    errors
        .chunk
        .extend(both().map(|(here, there)| ms(here - there)));
    let pairs = both().zip(both().skip(1));
    errors
        .gap
        .extend(pairs.map(|((here, there), (next_here, next_there))| {
            ms((next_here - here) - (next_there - there)).abs()
        }));
}

fn ms(ns: i64) -> f64 {
    ns as f64 / 1e6
}

/// The value below which a share of all lies; 0 without values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among values"
)]
fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    values
        .get((last * share) as usize)
        .copied()
        .unwrap_or_default()
}

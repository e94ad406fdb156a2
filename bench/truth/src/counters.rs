//! Requests and tokens of each phase: the client's, the server's, and what really happened.

use std::collections::BTreeMap;

use aiperf_sim::{Families, RequestTruth, Sim, SimConfig};
use clap::Args;
use serde_json::Value;

use crate::client::{Binary, Report};
use crate::error::Error;

/// Flags of `counters`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Requests in flight, one series of runs for each.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 64, 256])]
    concurrency: Vec<u64>,
    /// Requests of the profiling phase; at least twice the concurrency is sent.
    #[arg(long, value_name = "N", default_value_t = 200)]
    requests: u64,
    /// A server to use instead of the simulated one. Its own counters are then held against the
    /// client's numbers alone, so nobody else may use it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Model of that server.
    #[arg(long, value_name = "NAME", default_value = "tiny")]
    model: String,
}

/// Requests, prompt tokens and completion tokens of one phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    requests: u64,
    prompt: u64,
    completion: u64,
}

/// What a family of a server counts.
#[derive(Debug, Clone, Copy)]
enum Quantity {
    Requests,
    Prompt,
    Completion,
}

/// Keys whose `total` (or `sum`) over a phase of complete requests is one of the [`Sums`].
const FAMILIES: [(&str, &str, Quantity); 8] = [
    ("vllm:request_success", "total", Quantity::Requests),
    ("vllm:prompt_tokens", "total", Quantity::Prompt),
    ("vllm:generation_tokens", "total", Quantity::Completion),
    (
        "vllm:time_to_first_token_seconds",
        "count",
        Quantity::Requests,
    ),
    ("dynamo_frontend_requests", "total", Quantity::Requests),
    (
        "dynamo_frontend_input_sequence_tokens",
        "sum",
        Quantity::Prompt,
    ),
    (
        "dynamo_frontend_output_sequence_tokens",
        "sum",
        Quantity::Completion,
    ),
    (
        "dynamo_frontend_output_tokens",
        "total",
        Quantity::Completion,
    ),
];

impl Sums {
    fn of(self, quantity: Quantity) -> u64 {
        match quantity {
            Quantity::Requests => self.requests,
            Quantity::Prompt => self.prompt,
            Quantity::Completion => self.completion,
        }
    }

    fn add(&mut self, request: &RequestTruth) {
        self.requests += 1;
        self.prompt += u64::from(request.prompt_tokens);
        self.completion += u64::from(request.completion_tokens);
    }
}

/// What became of one series of runs.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    /// Barriers: all, and those that did not settle.
    barriers: u64,
    open: u64,
    /// Numbers that were compared.
    checks: u64,
    /// Differences, by what differs; the last one of each as an example.
    wrong: BTreeMap<String, (u64, String)>,
    slowest_settle_ms: f64,
    degraded: u64,
}

impl Tally {
    fn check(&mut self, what: &str, seen: f64, expected: u64) {
        self.checks += 1;
        if (seen - expected as f64).abs() >= 0.5 {
            let entry = self.wrong.entry(what.to_owned()).or_default();
            *entry = (entry.0 + 1, format!("{seen} instead of {expected}"));
        }
    }

    fn print(&self, server: &str, concurrency: u64) {
        let differences: u64 = self.wrong.values().map(|(count, _)| count).sum();
        println!(
            "{server:<9} {concurrency:>5} {:>5} {:>9} {:>9} {:>7} {differences:>6} {:>10.1} {:>9}",
            self.runs, self.barriers, self.open, self.checks, self.slowest_settle_ms, self.degraded,
        );
        for (what, (count, example)) in &self.wrong {
            println!("    {count} x {what}: {example}");
        }
    }
}

/// True if nothing differs.
pub(crate) fn measure(binary: &Binary, runs: u64, options: &Options) -> Result<bool, Error> {
    println!("server     conc  runs  barriers  unsettled  checks  wrong  settle ms  degraded");
    let mut all_right = true;
    let servers: &[&str] = if options.url.is_some() {
        &["real"]
    } else {
        &["dynamo", "vllm"]
    };
    for server in servers {
        for concurrency in &options.concurrency {
            let mut tally = Tally::default();
            for run in 0..runs {
                one_run(binary, server, *concurrency, run, options, &mut tally)?;
            }
            tally.print(server, *concurrency);
            all_right &= tally.wrong.is_empty();
        }
    }
    Ok(all_right)
}

fn one_run(
    binary: &Binary,
    server: &str,
    concurrency: u64,
    run: u64,
    options: &Options,
    tally: &mut Tally,
) -> Result<(), Error> {
    let sim = if options.url.is_none() {
        Some(simulated(server)?)
    } else {
        None
    };
    let simulated_url = sim.as_ref().map(Sim::url);
    let url = simulated_url.as_ref().or(options.url.as_ref()).cloned();
    let (warmup, profiling) = (concurrency.max(8), options.requests.max(2 * concurrency));
    let mut arguments = flags(&[
        ("--url", url.unwrap_or_default()),
        ("--concurrency", concurrency.to_string()),
        ("--warmup-request-count", warmup.to_string()),
        ("--request-count", profiling.to_string()),
        ("--isl", "40".to_owned()),
        ("--isl-stddev", "15".to_owned()),
        ("--osl", "12".to_owned()),
        ("--osl-stddev", "5".to_owned()),
        ("--random-seed", run.to_string()),
    ]);
    if options.url.is_some() {
        arguments.extend(flags(&[("--model", options.model.clone())]));
    }
    let report = binary.profile(&arguments)?;
    let truth = sim.map(Sim::stop);
    tally.runs += 1;
    tally.degraded += u64::from(report.warns("client_sends_late"));
    let mut phases = Vec::new();
    for phase in 0..2 {
        let client = clients(&report, phase)?;
        let sums = match &truth {
            Some(truth) => really(truth, warmup, phase),
            None => client,
        };
        tally.check("client, requests", client.requests as f64, sums.requests);
        tally.check("client, prompt tokens", client.prompt as f64, sums.prompt);
        tally.check(
            "client, completion tokens",
            client.completion as f64,
            sums.completion,
        );
        barriers(&report, phase, sums, tally);
        phases.push(sums);
    }
    let settled = |barrier: &Value| barrier["settled"] == true;
    if report.list("/phases/1/settle").iter().all(settled)
        && report.list("/phases/0/settle").iter().all(settled)
    {
        totals(&report, phases[1], tally);
    }
    Ok(())
}

fn simulated(server: &str) -> Result<Sim, Error> {
    let families = Families {
        spec: true,
        vllm: server == "vllm",
        dynamo: server == "dynamo",
    };
    Ok(Sim::start(SimConfig {
        metrics_families: families,
        jitter: 0.3,
        max_running: 512,
        ..SimConfig::default()
    })?)
}

pub(crate) fn flags(pairs: &[(&str, String)]) -> Vec<String> {
    let pair = |(flag, value): &(&str, String)| [(*flag).to_owned(), value.clone()];
    pairs.iter().flat_map(pair).collect()
}

/// What the client says of a phase.
fn clients(report: &Report, phase: usize) -> Result<Sums, Error> {
    let number = |name: &str| report.number(&format!("/phases/{phase}/requests/{name}"));
    Ok(Sums {
        requests: whole(number("done")?),
        prompt: whole(number("prompt_tokens")?),
        completion: whole(number("completion_tokens")?),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests and tokens are small whole numbers"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

/// What the server did in a phase. Requests are numbered through the run, so that the number tells
/// the phase.
fn really(truth: &aiperf_sim::Truth, warmup: u64, phase: usize) -> Sums {
    let mut sums = Sums::default();
    for request in truth
        .requests
        .iter()
        .filter(|request| request.outcome.is_complete())
    {
        let id = request
            .x_request_id
            .as_ref()
            .and_then(|id| id.parse::<u64>().ok());
        if id.is_some_and(|id| usize::from(id > warmup) == phase) {
            sums.add(request);
        }
    }
    sums
}

/// The barrier of each endpoint: what it says has settled must be the truth.
fn barriers(report: &Report, phase: usize, sums: Sums, tally: &mut Tally) {
    for barrier in report.list(&format!("/phases/{phase}/settle")) {
        tally.barriers += 1;
        if barrier["settled"] != true {
            tally.open += 1;
            continue;
        }
        let wait = barrier["wait_ms"].as_f64().unwrap_or_default();
        tally.slowest_settle_ms = tally.slowest_settle_ms.max(wait);
        for family in barrier["families"].as_array().into_iter().flatten() {
            let name = family["family"].as_str().unwrap_or_default();
            let expected = if name.contains("tokens") {
                sums.completion
            } else {
                sums.requests
            };
            let seen = family["seen"].as_f64().unwrap_or(f64::NAN);
            tally.check(&format!("phase {phase}, {name}"), seen, expected);
        }
    }
}

/// The metrics of the profiling phase.
fn totals(report: &Report, sums: Sums, tally: &mut Tally) {
    for (key, field, quantity) in FAMILIES {
        for metric in report.metrics(key) {
            // A page may have some histograms of another role under the same name, and none there.
            let seen = metric[field].as_f64().unwrap_or(f64::NAN);
            tally.check(&format!("{key} {field}"), seen, sums.of(quantity));
        }
    }
}

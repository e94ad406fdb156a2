//! Command lines: what they become, and how their errors read.

mod commands;
mod example;
mod layering;
mod reference;
mod switching;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use aiperf_core::config::{Diagnostics, RunPlan};
use aiperf_core::plugins::Registry;
use aiperf_core::plugins::loader::Loader;
use clap::{CommandFactory, Parser};

use super::flags::Flags;
use super::{Action, Cli, EnvSnapshot, RunArgs, Surroundings, resolve};

/// Files and variables of a machine that does not exist.
#[derive(Default)]
struct Machine {
    files: BTreeMap<&'static str, String>,
    variables: Vec<(&'static str, &'static str)>,
}

impl Machine {
    fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.insert(name, text.to_owned());
        self
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// Resolves a command line, which leaves out the program's name.
    fn resolve(&self, line: &[&str]) -> Result<RunPlan, Diagnostics> {
        let variables = self.variables.iter();
        let environment: EnvSnapshot = variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut registry = Registry::with_builtins().unwrap();
        let read_file = |path: &Path| {
            let text = path.to_str().and_then(|name| self.files.get(name));
            text.cloned()
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        let surroundings = Surroundings {
            environment: &environment,
            loader: &Loader::default(),
            read_file: &read_file,
            fresh_seed: 42,
            recorded: None,
            forced: &[],
            is_part: false,
        };
        match parse(line).action {
            Action::Profile(args) => resolve(&*args, &surroundings, &mut registry),
            Action::Collect(args) => resolve(&*args, &surroundings, &mut registry),
            Action::Demo(args) => resolve(&*args, &surroundings, &mut registry),
            Action::Report(args) => resolve(&*args, &surroundings, &mut registry),
            other => panic!("{other:?} has no plan"),
        }
    }

    fn plan(&self, line: &[&str]) -> RunPlan {
        self.resolve(line)
            .unwrap_or_else(|errors| panic!("{errors}"))
    }
}

fn parse(line: &[&str]) -> Cli {
    let line = ["aiperf"].iter().chain(line);
    Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{error}"))
}

fn flags(line: &[&str]) -> Flags {
    match parse(line).action {
        Action::Profile(args) => args.flags(),
        Action::Collect(args) => args.flags(),
        other => panic!("{other:?} has no flags"),
    }
}

/// Every flag of `profile` that stands for a setting, but for those that exclude one of them.
const ALL_PROFILE_FLAGS: &[&[&str]] = &[
    &["--url", "http://h", "--url", "http://g"],
    &["--model", "m"],
    &["--endpoint-type", "template"],
    &["--payload-template", r#"{"text": {{text}}}"#],
    &["--response-field", "text"],
    &["--endpoint", "/x"],
    &["--per-chunk-usage"],
    &["--no-streaming"],
    &["--header", "A: b"],
    &["--extra-inputs", "a:1"],
    &["--api-key-env", "KEY"],
    &["--request-timeout-seconds", "9"],
    &["--conversation-num", "9"],
    &["--connection-reuse-strategy", "never"],
    &["--http-version", "2"],
    &["--http2-streams", "2"],
    &["--session-header", "X-Session"],
    &["--connect-timeout", "1"],
    &["--wait-for-model-timeout", "9"],
    &["--wait-for-model-interval", "1"],
    &["--concurrency", "2"],
    &["--concurrency-ramp-duration", "2s"],
    &["--request-rate", "40"],
    &["--request-rate-ramp-duration", "2s"],
    &["--rate-of", "conversations"],
    &["--arrival-pattern", "gamma"],
    &["--arrival-smoothness", "2.5"],
    &["--prefill-concurrency", "1"],
    &["--prefill-concurrency-ramp-duration", "3"],
    &["--request-cancellation-rate", "10"],
    &["--request-cancellation-delay", "0.2"],
    &["--max-errors", "5"],
    &["--failed-request-threshold", "0.5"],
    &["--request-count", "20"],
    &["--benchmark-duration", "5"],
    &["--benchmark-grace-period", "6"],
    &["--warmup-request-count", "7"],
    &["--warmup-duration", "1s"],
    &["--seamless-warmup"],
    &["--warmup-concurrency", "3"],
    &["--warmup-request-rate", "5"],
    &["--warmup-grace-period", "4s"],
    &["--warmup-arrival-pattern", "constant"],
    &["--warmup-prefill-concurrency", "1"],
    &["--warmup-concurrency-ramp-duration", "1"],
    &["--warmup-request-rate-ramp-duration", "1"],
    &["--warmup-prefill-concurrency-ramp-duration", "1"],
    &["--isl", "8"],
    &["--isl-stddev", "1.5"],
    &["--osl", "9"],
    &["--osl-stddev", "2"],
    &[
        "--goodput",
        "time_to_first_token:1 time_to_second_token:1 time_to_first_output_token:1 \
         inter_token_latency:1 request_latency:1 effective_time_to_first_token:1 \
         effective_latency:1 output_token_throughput_per_user:1 prefill_throughput_per_user:1 \
         e2e_output_token_throughput:1",
    ],
    &["--random-seed", "3"],
    &["--input-file", "prompts.txt"],
    &["--custom-dataset-type", "text"],
    &["--dataset-sampling-strategy", "shuffle"],
    &["--tokenizer", "model"],
    &["--image-width-mean", "8"],
    &["--image-width-stddev", "1"],
    &["--image-height-mean", "8"],
    &["--image-height-stddev", "1"],
    &["--image-batch-size", "2"],
    &["--image-pool-size", "3"],
    &["--image-source", "pictures"],
    &["--prompt-batch-size", "2"],
    &["--shared-system-prompt-length", "3"],
    &["--conversation-turn-mean", "3"],
    &["--conversation-turn-stddev", "1"],
    &["--conversation-turn-delay-mean", "20"],
    &["--conversation-turn-delay-stddev", "5"],
    &["--conversation-turn-delay-ratio", "0.5"],
    &["--inter-turn-delay-cap", "9"],
    &["--num-prefix-prompts", "4"],
    &["--prefix-prompt-length", "5"],
    &["--rankings-passages-mean", "6"],
    &["--rankings-passages-stddev", "1"],
    &["--rankings-passages-prompt-token-mean", "7"],
    &["--rankings-passages-prompt-token-stddev", "1"],
    &["--rankings-query-prompt-token-mean", "8"],
    &["--rankings-query-prompt-token-stddev", "1"],
    &["--server-metrics", "http://m/metrics"],
    &["--server-metrics-interval", "1"],
    &["--server-metrics-timeout", "0.5"],
    &["--server-metrics-include", "vllm:*"],
    &["--server-metrics-exclude", "go_*"],
    &["--ca-file", "ca.pem"],
    &["--cert-file", "me.pem"],
    &["--key-file", "me.key"],
    &["--server-name", "gpu.example"],
    &["--insecure"],
    &["--proxy", "http://p:1"],
    &["--no-proxy", "a,b"],
    &["--artifact-dir", "out"],
    &["--profile-export-prefix", "P"],
    &["--export-level", "tokens"],
    &["--ui", "none"],
    &["--strict"],
    &["--slice-duration", "10s"],
    &["--exporter", "csv=numbers.csv"],
    &["--no-exporter", "jsonl"],
    // Stand beside their opposites above, so they are not resolved together with them.
    &["--streaming"],
    &["--request-rate-series", "rates.json"],
    &["--user-centric-rate", "2"],
    &["--num-users", "4"],
    &["--fixed-schedule"],
    &["--no-fixed-schedule"],
    &["--system-prompt", "Be brief."],
    &["--system-prompt-file", "system.txt"],
    &["--open-loop-strict"],
    &["--warmup-conversation-num", "4"],
    &["--fixed-schedule-auto-offset"],
    &["--replay-speedup", "2"],
    &["--fixed-schedule-start-offset", "5"],
    &["--fixed-schedule-end-offset", "50"],
    &["--api-key", "sk"],
    &["--no-server-metrics"],
    &["--num-profile-runs", "3"],
    &["--profile-run-cooldown", "1s"],
    &["--confidence-level", "0.9"],
    &["--sweep", "concurrency=1,2"],
    &["--sweep-type", "zip"],
    &["--search", "concurrency=1..8"],
    &["--search-precision", "0.1"],
    &["--slo", "request_latency <= 5"],
    &["--good-fraction", "0.9"],
];

//! `aiperf profile`.

use std::path::PathBuf;

use aiperf_core::config::Command;
use aiperf_core::http::{HttpVersion, Reuse};
use aiperf_core::load::EndpointKind;
use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args};

use super::arrival::{ArrivalArgs, WarmupArgs};
use super::flags::{Flags, RunArgs};
use super::groups::{MetricsArgs, OutputArgs, ProxyArgs, TlsArgs};
use super::prompts::PromptArgs;
use super::sweep::SweepArgs;
use super::value::{Hidden, extra_inputs, goodput, header};

const AFTER_HELP: &str = "\
Examples:
  aiperf profile --url http://localhost:8000 --concurrency 16 --request-count 200
  aiperf profile --request-rate 20 --arrival-pattern constant --benchmark-duration 60
  aiperf profile -m my-model --benchmark-duration 60 --isl 1024 --osl 128 --server-metrics

Durations are seconds, or have a unit: 90, 1.5s, 500ms, 2m.";

/// Flags of `aiperf profile`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) endpoint: EndpointArgs,
    #[command(flatten)]
    pub(crate) arrival: ArrivalArgs,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    #[command(flatten)]
    pub(crate) sweep: SweepArgs,
    #[command(flatten)]
    pub(crate) prompts: PromptArgs,
    #[command(flatten)]
    pub(crate) warmup: WarmupArgs,
    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) proxy: ProxyArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl RunArgs for ProfileArgs {
    const COMMAND: Command = Command::Profile;

    fn config_files(&self) -> &[PathBuf] {
        &self.output.config
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        self.endpoint.add_to(&mut flags);
        self.arrival.add_to(&mut flags);
        self.load.add_to(&mut flags);
        self.sweep.add_to(&mut flags);
        self.prompts.add_to(&mut flags);
        self.warmup.add_to(&mut flags);
        self.metrics.add_to(&mut flags);
        self.tls.add_to(&mut flags);
        self.proxy.add_to(&mut flags);
        self.output.add_to(&mut flags);
        flags
    }
}

/// The server and how to speak to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Endpoint")]
pub(crate) struct EndpointArgs {
    /// Where the server is; several take turns (repeatable) [default: localhost:8000]
    #[arg(long, short, value_name = "URL", action = ArgAction::Append)]
    pub(crate) url: Vec<Hidden>,
    /// Model to ask for [default: the first one that the server lists]
    #[arg(long, alias = "model-names", short, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// API that requests are sent to [default: chat]
    #[arg(long, value_name = "TYPE", value_parser = endpoint_types())]
    pub(crate) endpoint_type: Option<String>,
    /// Path of the API, if it is not the usual one, such as `/api/chat`.
    #[arg(long, alias = "custom-endpoint", value_name = "PATH")]
    pub(crate) endpoint: Option<String>,
    /// Ask for a stream of tokens; this is the default.
    #[arg(long, overrides_with = "no_streaming")]
    pub(crate) streaming: bool,
    /// Ask for complete answers; there is no time to first token then.
    #[arg(long, overrides_with = "streaming")]
    pub(crate) no_streaming: bool,
    /// Ask for token counts with each chunk of a stream.
    #[arg(long)]
    pub(crate) per_chunk_usage: bool,
    /// Body of each request for the type `template`, such as '{"text": {{text}}}'; `@FILE` reads it.
    #[arg(long, value_name = "JSON")]
    pub(crate) payload_template: Option<String>,
    /// Where the text of an answer is, such as `outputs[0].text`, for `template` and `raw`.
    #[arg(long, value_name = "PATH")]
    pub(crate) response_field: Option<String>,
    /// Add a header to each request (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE", action = ArgAction::Append)]
    pub(crate) header: Vec<Hidden>,
    /// Header that numbers the conversation of each request, for routers that keep one on its server.
    #[arg(long, value_name = "NAME")]
    pub(crate) session_header: Option<String>,
    /// Add to the body of each request: `temperature:0.5`, or a JSON object (repeatable).
    #[arg(long, value_name = "KEY:VALUE", action = ArgAction::Append)]
    pub(crate) extra_inputs: Vec<String>,
    /// API key; seen by everyone who can list processes: better use --api-key-env.
    #[arg(long, value_name = "KEY", conflicts_with = "api_key_env")]
    pub(crate) api_key: Option<Hidden>,
    /// Environment variable that holds the API key.
    #[arg(long, value_name = "NAME")]
    pub(crate) api_key_env: Option<String>,
    /// Limit for one request, connecting included [default: 6h]
    #[arg(long, alias = "request-timeout", value_name = "DURATION")]
    pub(crate) request_timeout_seconds: Option<String>,
    /// Which connections carry more than one request: all, none, or one for each conversation
    /// [default: pooled]
    #[arg(long, value_name = "STRATEGY", value_parser = reuse_strategies())]
    pub(crate) connection_reuse_strategy: Option<String>,
    /// Which version of HTTP is spoken: `2` is without TLS by prior knowledge, `auto` is with TLS what the
    /// server chooses [default: 1.1]
    #[arg(long, value_name = "VERSION", value_parser = http_versions())]
    pub(crate) http_version: Option<String>,
    /// Requests in flight on one connection, with --http-version 2 [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) http2_streams: Option<u32>,
    /// Limit for opening a connection [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) connect_timeout: Option<String>,
    /// How long to wait for a server that is still starting or loading [default: 0s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait_for_model_timeout: Option<String>,
    /// Time between two looks at such a server [default: 5s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait_for_model_interval: Option<String>,
}

fn reuse_strategies() -> PossibleValuesParser {
    [Reuse::Pooled, Reuse::Never, Reuse::Sessions]
        .map(Reuse::as_str)
        .into()
}

fn http_versions() -> PossibleValuesParser {
    [HttpVersion::Auto, HttpVersion::Http1, HttpVersion::Http2]
        .map(HttpVersion::as_str)
        .into()
}

/// Names of all APIs.
fn endpoint_types() -> PossibleValuesParser {
    EndpointKind::ALL.map(EndpointKind::as_str).into()
}

impl EndpointArgs {
    fn add_to(&self, flags: &mut Flags) {
        if let Some((first, more)) = self.url.split_first() {
            flags.text("--url", "endpoint.url", Some(first));
            // A flag speaks of all servers: those of a file are not beside it.
            flags.whole_list("--url", "endpoint.urls", more);
        }
        flags.text("--model", "endpoint.model", self.model.as_ref());
        let kind = self.endpoint_type.as_ref();
        flags.text("--endpoint-type", "endpoint.type", kind);
        flags.text("--endpoint", "endpoint.path", self.endpoint.as_ref());
        flags.switch("--streaming", "endpoint.streaming", self.streaming, true);
        flags.switch(
            "--no-streaming",
            "endpoint.streaming",
            self.no_streaming,
            false,
        );
        let per_chunk = self.per_chunk_usage;
        let path = "endpoint.per_chunk_usage";
        flags.switch("--per-chunk-usage", path, per_chunk, true);
        let template = self.payload_template.as_ref();
        flags.text("--payload-template", "endpoint.payload_template", template);
        let field = self.response_field.as_ref();
        flags.text("--response-field", "endpoint.response_field", field);
        let session = self.session_header.as_ref();
        flags.text("--session-header", "endpoint.session_header", session);
        let reuse = self.connection_reuse_strategy.as_ref();
        let path = "endpoint.connection_reuse_strategy";
        flags.text("--connection-reuse-strategy", path, reuse);
        let version = self.http_version.as_ref();
        flags.text("--http-version", "endpoint.http_version", version);
        let streams = self.http2_streams.as_ref();
        flags.text("--http2-streams", "endpoint.http2_streams", streams);
        self.header
            .iter()
            .for_each(|written| header(flags, written));
        self.extra_inputs
            .iter()
            .for_each(|written| extra_inputs(flags, written));
        flags.text("--api-key", "endpoint.api_key", self.api_key.as_ref());
        flags.text(
            "--api-key-env",
            "endpoint.api_key_env",
            self.api_key_env.as_ref(),
        );
        let timeout = self.request_timeout_seconds.as_ref();
        flags.text(
            "--request-timeout-seconds",
            "endpoint.request_timeout",
            timeout,
        );
        let timeout = self.connect_timeout.as_ref();
        flags.text("--connect-timeout", "endpoint.connect_timeout", timeout);
        let wait = self.wait_for_model_timeout.as_ref();
        let path = "endpoint.wait_for_model_timeout";
        flags.text("--wait-for-model-timeout", path, wait);
        let interval = self.wait_for_model_interval.as_ref();
        let path = "endpoint.wait_for_model_interval";
        flags.text("--wait-for-model-interval", path, interval);
    }
}

/// The requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct LoadArgs {
    /// Requests to send [default: twice the concurrency or ten seconds of the rate, at least 10]
    #[arg(long, alias = "num-requests", short = 'n', value_name = "N")]
    pub(crate) request_count: Option<u64>,
    /// Send no more requests after this time.
    #[arg(long, value_name = "DURATION")]
    pub(crate) benchmark_duration: Option<String>,
    /// How long requests may go on after the duration is over [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) benchmark_grace_period: Option<String>,
    /// Tokens of a prompt, on average [default: 550]
    #[arg(long, aliases = ["synthetic-input-tokens-mean", "prompt-input-tokens-mean"], value_name = "TOKENS")]
    pub(crate) isl: Option<f64>,
    /// Standard deviation of --isl [default: 0]
    #[arg(long, aliases = ["synthetic-input-tokens-stddev", "prompt-input-tokens-stddev"], value_name = "TOKENS")]
    pub(crate) isl_stddev: Option<f64>,
    /// Tokens to ask for, on average [default: as the server decides]
    #[arg(long, aliases = ["output-tokens-mean", "prompt-output-tokens-mean"], value_name = "TOKENS")]
    pub(crate) osl: Option<f64>,
    /// Standard deviation of --osl [default: 0]
    #[arg(long, aliases = ["output-tokens-stddev", "prompt-output-tokens-stddev"], value_name = "TOKENS")]
    pub(crate) osl_stddev: Option<f64>,
    /// What a good request keeps, such as `time_to_first_token:200 inter_token_latency:30`: milliseconds
    /// at most, or tokens per second at least; see `[goodput]`, and `ttft`, `itl` for short (repeatable).
    #[arg(long, value_name = "METRIC:LIMIT ...", action = ArgAction::Append)]
    pub(crate) goodput: Vec<String>,
    /// Seed of everything drawn at random [default: a new one each run]
    #[arg(long, value_name = "N")]
    pub(crate) random_seed: Option<u64>,
}

impl LoadArgs {
    fn add_to(&self, flags: &mut Flags) {
        flags.text(
            "--request-count",
            "load.request_count",
            self.request_count.as_ref(),
        );
        let duration = self.benchmark_duration.as_ref();
        flags.text("--benchmark-duration", "load.benchmark_duration", duration);
        let grace = self.benchmark_grace_period.as_ref();
        flags.text(
            "--benchmark-grace-period",
            "load.benchmark_grace_period",
            grace,
        );
        flags.text("--isl", "load.isl", self.isl.as_ref());
        flags.text("--isl-stddev", "load.isl_stddev", self.isl_stddev.as_ref());
        flags.text("--osl", "load.osl", self.osl.as_ref());
        flags.text("--osl-stddev", "load.osl_stddev", self.osl_stddev.as_ref());
        self.goodput
            .iter()
            .for_each(|written| goodput(flags, written));
        flags.text(
            "--random-seed",
            "load.random_seed",
            self.random_seed.as_ref(),
        );
    }
}

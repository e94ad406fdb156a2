//! Families under vLLM's names, with its labels and buckets.

use super::bounds::{
    HTTP_FINE, VLLM_ITERATION, VLLM_ITL, VLLM_N, VLLM_REQUEST, VLLM_TOKENS, VLLM_TTFT,
};
use super::family::{Catalog, Family, PickFn, Style, Type, View};
use super::generic;
use super::process::Process;
use super::stats::KV_BLOCK;
use crate::config::SimConfig;

type Labels<'a> = &'a [(&'static str, &'a str)];

fn counter(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Counter, Style::Python, help)
}

fn gauge(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Gauge, Style::Python, help)
}

fn histogram(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Histogram, Style::Python, help)
}

/// Appends one label to an engine's labels.
fn with<'a>(
    labels: Labels<'a>,
    name: &'static str,
    value: &'a str,
) -> Vec<(&'static str, &'a str)> {
    labels.iter().copied().chain([(name, value)]).collect()
}

pub(super) fn add_to(catalog: &mut Catalog, config: &SimConfig, process: &Process) {
    let labels: Labels<'_> = &[("engine", "0"), ("model_name", &config.model)];
    generic::add_process(catalog, process, Style::Python);
    add_gauges(catalog, labels, config);
    add_tokens(catalog, labels);
    add_requests(catalog, labels);
    add_latencies(catalog, labels);
    generic::add_http(catalog, Style::Python);
    catalog.add(
        histogram(
            "http_request_duration_highr_seconds",
            "Duration of HTTP requests, fine buckets.",
        )
        .seconds(&[], HTTP_FINE, |view| &view.http),
    );
}

fn add_gauges(catalog: &mut Catalog, labels: Labels<'_>, config: &SimConfig) {
    let blocks = config.kv_blocks;
    catalog.add(
        gauge("vllm:num_requests_running", "Requests that are generating.")
            .number(labels, |view| view.stats.running as f64),
    );
    catalog.add(
        gauge(
            "vllm:num_requests_waiting",
            "Requests that wait for a slot.",
        )
        .number(labels, |view| view.stats.waiting as f64),
    );
    catalog.add(
        gauge(
            "vllm:num_requests_waiting_by_reason",
            "Waiting requests by reason.",
        )
        .number(&with(labels, "reason", "capacity"), |view| {
            view.stats.waiting as f64
        })
        .number(&with(labels, "reason", "deferred"), |_| 0.0),
    );
    catalog.add(
        gauge("vllm:kv_cache_usage_perc", "KV cache usage, 1 is full.")
            .number(labels, move |view| generic::kv_usage(view, blocks)),
    );
    let n_blocks = blocks.to_string();
    let block_size = KV_BLOCK.to_string();
    catalog.add(
        gauge("vllm:cache_config_info", "Configuration of the KV cache.").number(
            &[
                ("block_size", &block_size),
                ("cache_dtype", "auto"),
                ("enable_prefix_caching", "False"),
                ("engine", "0"),
                ("num_gpu_blocks", &n_blocks),
            ],
            |_| 1.0,
        ),
    );
}

fn add_tokens(catalog: &mut Catalog, labels: Labels<'_>) {
    let prompt = |view: &View| view.stats.prompt_tokens as f64;
    for (name, help) in [
        ("vllm:prompt_tokens", "Prompt tokens processed."),
        (
            "vllm:prefix_cache_queries",
            "Tokens looked up in the prefix cache.",
        ),
    ] {
        catalog.add(counter(name, help).number(labels, prompt));
    }
    for (name, help) in [
        (
            "vllm:prefix_cache_hits",
            "Tokens found in the prefix cache.",
        ),
        (
            "vllm:prompt_tokens_cached",
            "Prompt tokens that were cached.",
        ),
        ("vllm:num_preemptions", "Requests preempted."),
    ] {
        catalog.add(counter(name, help).number(labels, |_| 0.0));
    }
    catalog.add(
        counter(
            "vllm:prompt_tokens_by_source",
            "Prompt tokens by where they came from.",
        )
        .number(&with(labels, "source", "local_compute"), prompt)
        .number(&with(labels, "source", "local_cache_hit"), |_| 0.0)
        .number(&with(labels, "source", "external_kv_transfer"), |_| 0.0),
    );
    catalog.add(
        counter("vllm:generation_tokens", "Tokens generated.")
            .number(labels, |view| view.stats.generation_tokens as f64),
    );
    catalog.add(
        histogram("vllm:iteration_tokens_total", "Tokens of an engine step.").counts(
            labels,
            VLLM_ITERATION,
            |view| &view.stats.iteration_tokens,
        ),
    );
}

fn add_requests(catalog: &mut Catalog, labels: Labels<'_>) {
    let mut success = counter("vllm:request_success", "Requests finished, by reason.");
    for (index, reason) in ["stop", "length", "abort", "error", "repetition"]
        .into_iter()
        .enumerate()
    {
        success = success.number(&with(labels, "finished_reason", reason), move |view| {
            view.stats.finished.get(index).copied().unwrap_or(0) as f64
        });
    }
    catalog.add(success);
    let tokens: [(_, _, PickFn); 5] = [
        (
            "vllm:request_prompt_tokens",
            "Prompt tokens of a request.",
            |v| &v.stats.complete.prompt,
        ),
        (
            "vllm:request_generation_tokens",
            "Tokens generated for a request.",
            |v| &v.stats.complete.completion,
        ),
        (
            "vllm:request_max_num_generation_tokens",
            "Most tokens of any answer of a request.",
            |v| &v.stats.complete.completion,
        ),
        (
            "vllm:request_params_max_tokens",
            "Request parameter max_tokens.",
            |v| &v.stats.complete.max_tokens,
        ),
        (
            "vllm:request_prefill_kv_computed_tokens",
            "Prompt tokens computed for a request.",
            |v| &v.stats.complete.prompt,
        ),
    ];
    for (name, help, pick) in tokens {
        catalog.add(histogram(name, help).counts(labels, VLLM_TOKENS, pick));
    }
    catalog.add(
        histogram("vllm:request_params_n", "Request parameter n.")
            .counts(labels, VLLM_N, |view| &view.stats.complete.n),
    );
}

fn add_latencies(catalog: &mut Catalog, labels: Labels<'_>) {
    let latencies: [(_, _, _, PickFn); 8] = [
        (
            "vllm:time_to_first_token_seconds",
            "Time to first token.",
            VLLM_TTFT,
            |v| &v.stats.ttft,
        ),
        (
            "vllm:inter_token_latency_seconds",
            "From one token to the next.",
            VLLM_ITL,
            |v| &v.stats.itl,
        ),
        (
            "vllm:request_time_per_output_token_seconds",
            "Mean gap of a request.",
            VLLM_ITL,
            |v| &v.stats.complete.per_token,
        ),
        (
            "vllm:e2e_request_latency_seconds",
            "Whole of a request.",
            VLLM_REQUEST,
            |v| &v.stats.complete.duration,
        ),
        (
            "vllm:request_queue_time_seconds",
            "Wait for a slot.",
            VLLM_REQUEST,
            |v| &v.stats.complete.queue,
        ),
        (
            "vllm:request_inference_time_seconds",
            "Time in a slot.",
            VLLM_REQUEST,
            |v| &v.stats.complete.inference,
        ),
        (
            "vllm:request_prefill_time_seconds",
            "From slot to first token.",
            VLLM_REQUEST,
            |v| &v.stats.complete.prefill,
        ),
        (
            "vllm:request_decode_time_seconds",
            "From first to last token.",
            VLLM_REQUEST,
            |v| &v.stats.complete.decode,
        ),
    ];
    for (name, help, bounds, pick) in latencies {
        catalog.add(histogram(name, help).seconds(labels, bounds, pick));
    }
}

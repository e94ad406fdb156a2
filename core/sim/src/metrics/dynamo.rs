//! Families under Dynamo's names: its frontend and one worker.

use super::bounds::{
    DYNAMO_COMPONENT, DYNAMO_INPUT, DYNAMO_ITL, DYNAMO_OUTPUT, DYNAMO_REQUEST, DYNAMO_TTFT,
};
use super::family::{Catalog, Family, PickFn, Style, Type, View};
use super::stats::{KV_BLOCK, lane};
use crate::config::SimConfig;
use crate::endpoint::Endpoint;

/// A worker's labels.
pub(super) const WORKER: [(&str, &str); 4] = [
    ("dynamo_component", "backend"),
    ("dynamo_endpoint", "generate"),
    ("dynamo_namespace", "dynamo"),
    ("worker_id", "aiperfsim"),
];

fn counter(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Counter, Style::Plain, help)
}

fn gauge(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Gauge, Style::Plain, help)
}

fn histogram(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Histogram, Style::Plain, help)
}

fn in_flight(view: &View) -> f64 {
    (view.stats.running + view.stats.waiting) as f64
}

fn ended(view: &View, result: usize) -> f64 {
    view.stats
        .ended
        .iter()
        .filter_map(|lane| lane.get(result))
        .sum::<u64>() as f64
}

fn all_ended(view: &View) -> f64 {
    view.stats.ended.iter().flatten().sum::<u64>() as f64
}

pub(super) fn add_to(catalog: &mut Catalog, config: &SimConfig) {
    add_frontend_requests(catalog, &config.model);
    add_frontend_gauges(catalog, config);
    add_frontend_histograms(catalog, &config.model);
    add_model(catalog, config);
    add_component(catalog);
    catalog.add(
        gauge("dynamo_component_uptime_seconds", "Time since the start.")
            .number(&[("worker_id", "aiperfsim")], |view| view.uptime),
    );
    catalog.add(
        counter(
            "dynamo_component_cancellation",
            "Requests given up by their client.",
        )
        .number(&WORKER, |view| ended(view, 1)),
    );
}

/// Requests by endpoint, mode and result; also in the generic scheme, which has these names.
pub(super) fn add_frontend_requests(catalog: &mut Catalog, model: &str) {
    let mut requests = counter(
        "dynamo_frontend_requests",
        "Requests finished, by status and error type.",
    );
    let mut started = counter("dynamo_frontend_requests_started", "Requests accepted.");
    for (endpoint, path) in [
        (Endpoint::Chat, "chat_completions"),
        (Endpoint::Completions, "completions"),
        (Endpoint::Responses, "responses"),
        (Endpoint::Embeddings, "embeddings"),
    ] {
        // A server shows what it has served; two endpoints are there from the start.
        let is_late = !matches!(endpoint, Endpoint::Chat | Endpoint::Completions);
        for (stream, mode) in [(true, "stream"), (false, "unary")] {
            let lane = lane(endpoint, stream);
            let labels = [("endpoint", path), ("model", model), ("request_type", mode)];
            let value =
                move |view: &View| view.stats.started.get(lane).copied().unwrap_or(0) as f64;
            started = started.maybe_late(is_late, &labels, value);
            let results = [
                ("success", ""),
                ("error", "cancelled"),
                ("error", "internal"),
            ];
            for (result, (status, error)) in results.into_iter().enumerate() {
                let labels = [
                    ("endpoint", path),
                    ("error_type", error),
                    ("model", model),
                    ("request_type", mode),
                    ("status", status),
                ];
                let value = move |view: &View| {
                    let lane = view.stats.ended.get(lane);
                    lane.and_then(|lane| lane.get(result)).copied().unwrap_or(0) as f64
                };
                requests = requests.maybe_late(is_late, &labels, value);
            }
        }
    }
    catalog.add(requests);
    catalog.add(started);
}

pub(super) fn add_frontend_gauges(catalog: &mut Catalog, config: &SimConfig) {
    let labels = [("model", config.model.as_str())];
    for (name, help) in [
        ("dynamo_frontend_inflight_requests", "Requests in flight."),
        (
            "dynamo_frontend_active_requests",
            "Requests from handler entry to completion.",
        ),
    ] {
        catalog.add(gauge(name, help).number(&labels, in_flight));
    }
    catalog.add(
        gauge(
            "dynamo_frontend_queued_requests",
            "Requests that wait for a slot.",
        )
        .number(&labels, |view| view.stats.waiting as f64),
    );
    catalog.add(
        gauge(
            "dynamo_frontend_disconnected_clients",
            "Clients that hung up, a running total.",
        )
        .number(&[], |view| ended(view, 1)),
    );
    catalog.add(
        counter(
            "dynamo_frontend_output_tokens",
            "Tokens generated, as they are generated.",
        )
        .number(&labels, |view| view.stats.generation_tokens as f64),
    );
    catalog.add(
        Family::new(
            "dynamo_frontend_detokenize_token_count",
            Type::BareCounter,
            Style::Plain,
            "Tokens detokenized.",
        )
        .number(&[], |view| view.stats.generation_tokens as f64),
    );
}

pub(super) fn add_frontend_histograms(catalog: &mut Catalog, model: &str) {
    let labels = [("model", model)];
    let latencies: [(_, _, _, PickFn); 3] = [
        (
            "dynamo_frontend_time_to_first_token_seconds",
            "Time to first token.",
            DYNAMO_TTFT,
            |v| &v.stats.ttft,
        ),
        (
            "dynamo_frontend_inter_token_latency_seconds",
            "From token to token.",
            DYNAMO_ITL,
            |v| &v.stats.itl,
        ),
        (
            "dynamo_frontend_request_duration_seconds",
            "Whole of a request.",
            DYNAMO_REQUEST,
            |v| &v.ended.duration,
        ),
    ];
    for (name, help, bounds, pick) in latencies {
        catalog.add(histogram(name, help).seconds(&labels, bounds, pick));
    }
    catalog.add(
        histogram(
            "dynamo_frontend_input_sequence_tokens",
            "Prompt tokens of a request.",
        )
        .counts(&labels, DYNAMO_INPUT, |view| &view.ended.prompt),
    );
    catalog.add(
        histogram(
            "dynamo_frontend_output_sequence_tokens",
            "Tokens generated for a request.",
        )
        .counts(&labels, DYNAMO_OUTPUT, |view| &view.ended.completion),
    );
}

/// The model's configuration.
pub(super) fn add_model(catalog: &mut Catalog, config: &SimConfig) {
    let labels = [("model", config.model.as_str())];
    for (name, value) in [
        ("dynamo_frontend_model_total_kv_blocks", config.kv_blocks),
        ("dynamo_frontend_model_max_num_seqs", config.max_running),
        ("dynamo_frontend_model_workers", 1),
        (
            "dynamo_frontend_model_context_length",
            config.context_length,
        ),
        ("dynamo_frontend_model_kv_cache_block_size", KV_BLOCK),
        ("dynamo_frontend_model_max_num_batched_tokens", 8_192),
        ("dynamo_frontend_model_migration_limit", 0),
        ("dynamo_frontend_model_ready", 1),
    ] {
        catalog
            .add(gauge(name, "Configuration of the model.").number(&labels, move |_| value.into()));
    }
}

/// The worker behind the frontend.
pub(super) fn add_component(catalog: &mut Catalog) {
    catalog.add(
        counter(
            "dynamo_component_requests",
            "Requests finished by the worker.",
        )
        .number(&WORKER, all_ended),
    );
    catalog.add(
        gauge(
            "dynamo_component_inflight_requests",
            "Requests in the worker.",
        )
        .number(&WORKER, in_flight),
    );
    catalog.add(
        counter("dynamo_component_request_bytes", "Bytes of requests.")
            .number(&WORKER, |view| view.stats.received_bytes as f64),
    );
    catalog.add(
        counter("dynamo_component_response_bytes", "Bytes of responses.")
            .number(&WORKER, |view| view.stats.sent_bytes as f64),
    );
    catalog.add(
        histogram(
            "dynamo_component_request_duration_seconds",
            "Whole of a request.",
        )
        .seconds(&WORKER, DYNAMO_COMPONENT, |view| &view.ended.duration),
    );
}

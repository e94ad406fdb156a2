//! Families that are no single server's own: process, machine, HTTP, network and KV cache.

use super::bounds::{HTTP_COARSE, RESPONSE_BYTES};
use super::dynamo;
use super::family::{Catalog, Family, Style, Type, View};
use super::process::Process;
use super::requests::Handler;
use crate::config::SimConfig;

/// Share of the KV cache in use, 0 to 1.
pub(super) fn kv_usage(view: &View, blocks: u32) -> f64 {
    (view.stats.kv_blocks as f64 / f64::from(blocks)).min(1.0)
}

fn counter(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Counter, Style::Plain, help)
}

fn gauge(name: &'static str, help: &'static str) -> Family {
    Family::new(name, Type::Gauge, Style::Plain, help)
}

pub(super) fn add_to(catalog: &mut Catalog, config: &SimConfig, process: &Process) {
    add_process(catalog, process, Style::Plain);
    add_machine(catalog);
    add_http(catalog, Style::Plain);
    add_http_totals(catalog);
    add_kv_cache(catalog, config);
    dynamo::add_frontend_requests(catalog, &config.model);
    dynamo::add_frontend_gauges(catalog, config);
    dynamo::add_frontend_histograms(catalog, &config.model);
    dynamo::add_model(catalog, config);
    dynamo::add_component(catalog);
}

/// The process, under the names of the Prometheus client libraries.
pub(super) fn add_process(catalog: &mut Catalog, process: &Process, style: Style) {
    let (start_time, max_files) = (process.start_time, process.max_files);
    let gauge = |name, help| Family::new(name, Type::Gauge, style, help);
    catalog.add(
        gauge(
            "process_virtual_memory_bytes",
            "Virtual memory of the process.",
        )
        .number(&[], |view| view.reading.virtual_bytes),
    );
    catalog.add(
        gauge(
            "process_resident_memory_bytes",
            "Resident memory of the process.",
        )
        .number(&[], |view| view.reading.resident_bytes),
    );
    catalog.add(
        gauge(
            "process_start_time_seconds",
            "Start of the process, Unix time.",
        )
        .number(&[], move |_| start_time),
    );
    catalog.add(
        Family::new(
            "process_cpu_seconds",
            Type::Counter,
            style,
            "CPU time of the process.",
        )
        .number(&[], |view| {
            view.reading.user_seconds + view.reading.system_seconds
        }),
    );
    catalog.add(
        gauge("process_open_fds", "Open file descriptors.")
            .number(&[], |view| view.reading.open_files),
    );
    catalog.add(
        gauge("process_max_fds", "Limit of open file descriptors.").number(&[], move |_| max_files),
    );
}

fn add_machine(catalog: &mut Catalog) {
    catalog.add(
        counter("cpu_user_seconds", "CPU time in user mode.")
            .number(&[], |view| view.reading.user_seconds),
    );
    catalog.add(
        counter("cpu_system_seconds", "CPU time in the kernel.")
            .number(&[], |view| view.reading.system_seconds),
    );
    catalog.add(
        gauge(
            "process_cpu_usage_percent",
            "CPU use since the last reading, 1 is one core.",
        )
        .number(&[], |view| view.reading.cpu_share),
    );
    catalog.add(
        gauge("memory_usage_bytes", "Memory of the machine in use.")
            .number(&[], |view| view.reading.machine_memory_used),
    );
    catalog.add(
        gauge("memory_total_bytes", "Memory of the machine.")
            .number(&[], |view| view.reading.machine_memory_total),
    );
    catalog.add(
        counter("network_receive_bytes", "Bytes of inference requests.")
            .number(&[], |view| view.stats.received_bytes as f64),
    );
    catalog.add(
        counter("network_transmit_bytes", "Bytes of inference responses.")
            .number(&[], |view| view.stats.sent_bytes as f64),
    );
    catalog.add(
        gauge(
            "dynamo_component_system_uptime_seconds",
            "Time since the start.",
        )
        .number(&dynamo::WORKER, |view| view.uptime),
    );
}

/// HTTP requests by route. Scrapes, health checks and version queries are not counted, as in vLLM.
pub(super) fn add_http(catalog: &mut Catalog, style: Style) {
    let mut requests = Family::new(
        "http_requests",
        Type::Counter,
        style,
        "Requests by route and status class.",
    );
    let mut durations = Family::new(
        "http_request_duration_seconds",
        Type::Histogram,
        style,
        "Duration of requests by route.",
    );
    for handler in Handler::ALL {
        let route = [("handler", handler.path()), ("method", handler.method())];
        for (class, status) in ["2xx", "4xx", "5xx"].into_iter().enumerate() {
            let [route, method] = route;
            requests = requests.number(&[route, method, ("status", status)], move |view| {
                let http = view.stats.http.get(handler as usize);
                http.and_then(|http| http.by_class.get(class))
                    .copied()
                    .unwrap_or(0) as f64
            });
        }
        durations = durations.seconds(&route, HTTP_COARSE, move |view| {
            let [chat, completions, models, other] = &view.stats.http;
            let http = match handler {
                Handler::Chat => chat,
                Handler::Completions => completions,
                Handler::Models => models,
                Handler::Other => other,
            };
            &http.duration
        });
    }
    catalog.add(requests);
    catalog.add(durations);
}

fn add_http_totals(catalog: &mut Catalog) {
    for (class, name) in [
        "http_responses_2xx",
        "http_responses_4xx",
        "http_responses_5xx",
    ]
    .into_iter()
    .enumerate()
    {
        catalog.add(
            counter(name, "Responses of one status class.").number(&[], move |view| {
                view.stats
                    .http
                    .iter()
                    .filter_map(|http| http.by_class.get(class))
                    .sum::<u64>() as f64
            }),
        );
    }
    catalog.add(
        gauge("http_requests_in_flight", "Requests being answered.")
            .number(&[], |view| (view.stats.running + view.stats.waiting) as f64),
    );
    catalog.add(
        Family::new(
            "http_response_size_bytes",
            Type::Histogram,
            Style::Plain,
            "Size of responses, with their heads.",
        )
        .counts(&[], RESPONSE_BYTES, |view| &view.stats.response_bytes),
    );
}

fn add_kv_cache(catalog: &mut Catalog, config: &SimConfig) {
    let blocks = config.kv_blocks;
    let labels = &dynamo::WORKER;
    catalog.add(
        gauge(
            "dynamo_component_kvstats_total_blocks",
            "Blocks of the KV cache.",
        )
        .number(labels, move |_| f64::from(blocks)),
    );
    catalog.add(
        gauge("dynamo_component_kvstats_active_blocks", "Blocks in use.")
            .number(labels, move |view| {
                (view.stats.kv_blocks as f64).min(f64::from(blocks))
            }),
    );
    catalog.add(
        gauge(
            "dynamo_component_kvstats_gpu_cache_usage_percent",
            "KV cache in use, 1 is full.",
        )
        .number(labels, move |view| kv_usage(view, blocks)),
    );
    catalog.add(
        gauge(
            "dynamo_component_kvstats_gpu_prefix_cache_hit_rate",
            "Prefix cache hits, 0 to 1.",
        )
        .number(labels, |_| 0.0),
    );
}

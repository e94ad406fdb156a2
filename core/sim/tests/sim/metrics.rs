//! The metrics pages against the truth.

use std::collections::{BTreeMap, BTreeSet};

use aiperf_sim::{Families, Sim, SimConfig};

use crate::client::{Client, chat, fast, get, start};

type Page = BTreeMap<String, f64>;

/// Reads a page into values by series, and checks that no family or series appears twice.
fn parse(text: &str) -> Page {
    let mut page = Page::new();
    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let name = family.split(' ').next().unwrap();
            assert!(families.insert(name), "{name} appears twice");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value = value.parse().unwrap();
            assert!(
                page.insert(series.to_owned(), value).is_none(),
                "{series} appears twice"
            );
        }
    }
    page
}

fn scrape(sim: &Sim, path: &str) -> Page {
    parse(&get(sim, path).body)
}

/// Sum over the series of a name.
fn sum(page: &Page, name: &str) -> f64 {
    let series = page
        .iter()
        .filter(|(series, _)| series.split('{').next() == Some(name));
    let values: Vec<f64> = series.map(|(_, value)| *value).collect();
    assert!(!values.is_empty(), "{name} is not there");
    values.iter().sum()
}

fn assert_sums(page: &Page, names: &[&str], expected: f64) {
    for name in names {
        let sum = sum(page, name);
        assert!(
            (sum - expected).abs() < 1e-9,
            "{name}: {sum} instead of {expected}"
        );
    }
}

fn load(sim: &Sim) {
    for tokens in [1, 7, 20] {
        chat(sim, &format!(r#","stream":true,"max_tokens":{tokens}"#));
        chat(sim, &format!(r#","max_tokens":{tokens}"#));
    }
}

const REQUESTS: f64 = 6.0;
const PROMPT: f64 = 18.0;
const TOKENS: f64 = 56.0;

#[test]
fn counters_are_true_in_the_first_scrape() {
    let sim = start(fast());
    load(&sim);
    let page = scrape(&sim, "/metrics");
    let requests = [
        "vllm:request_success_total",
        "vllm:e2e_request_latency_seconds_count",
        "vllm:time_to_first_token_seconds_count",
        "vllm:request_prompt_tokens_count",
        "vllm:request_queue_time_seconds_count",
        "dynamo_frontend_requests_total",
        "dynamo_frontend_requests_started_total",
        "dynamo_frontend_request_duration_seconds_count",
        "dynamo_frontend_time_to_first_token_seconds_count",
        "dynamo_component_requests_total",
        "http_requests_total",
        "http_request_duration_seconds_count",
        "http_responses_2xx_total",
    ];
    assert_sums(&page, &requests, REQUESTS);
    let tokens = [
        "vllm:generation_tokens_total",
        "vllm:request_generation_tokens_sum",
        "dynamo_frontend_output_tokens_total",
        "dynamo_frontend_output_sequence_tokens_sum",
    ];
    assert_sums(&page, &tokens, TOKENS);
    let prompt = [
        "vllm:prompt_tokens_total",
        "dynamo_frontend_input_sequence_tokens_sum",
    ];
    assert_sums(&page, &prompt, PROMPT);
    let gaps = [
        "vllm:inter_token_latency_seconds_count",
        "dynamo_frontend_inter_token_latency_seconds_count",
    ];
    assert_sums(&page, &gaps, TOKENS - REQUESTS);
    assert_sums(&page, &["vllm:iteration_tokens_total_sum"], PROMPT + TOKENS);
    let gauges = [
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "dynamo_frontend_inflight_requests",
        "http_requests_in_flight",
        "dynamo_component_kvstats_active_blocks",
    ];
    assert_sums(&page, &gauges, 0.0);
}

#[test]
fn latencies_add_up_to_the_truth() {
    let sim = start(fast());
    load(&sim);
    let page = scrape(&sim, "/metrics");
    let requests = sim.truth().requests;
    let seconds = |nanoseconds: i64| nanoseconds as f64 / 1e9;
    let ttft: i64 = requests
        .iter()
        .map(|one| one.first_token_ns - one.arrival_ns)
        .sum();
    assert_sums(
        &page,
        &["vllm:time_to_first_token_seconds_sum"],
        seconds(ttft),
    );
    let gaps: i64 = requests
        .iter()
        .map(|one| one.token_ns.last().unwrap() - one.first_token_ns)
        .sum();
    assert_sums(
        &page,
        &["dynamo_frontend_inter_token_latency_seconds_sum"],
        seconds(gaps),
    );
    let whole: i64 = requests.iter().map(|one| one.end_ns - one.arrival_ns).sum();
    assert_sums(
        &page,
        &["vllm:e2e_request_latency_seconds_sum"],
        seconds(whole),
    );
}

#[test]
fn a_running_request_shows_in_the_gauges() {
    let sim = start(SimConfig {
        itl: std::time::Duration::from_hours(1),
        max_running: 1,
        ..fast()
    });
    let mut running = Client::connect(&sim);
    running
        .send_chat(r#","stream":true,"max_tokens":8"#)
        .unwrap();
    while !running.line().unwrap().contains(r#""content":" "#) {}
    let mut waiting = Client::connect(&sim);
    waiting
        .send_chat(r#","stream":true,"max_tokens":8"#)
        .unwrap();
    waiting.line().unwrap();
    let page = scrape(&sim, "/metrics");
    let one = [
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "dynamo_frontend_queued_requests",
        "dynamo_component_kvstats_active_blocks",
        "vllm:generation_tokens_total",
    ];
    assert_sums(&page, &one, 1.0);
    assert_sums(
        &page,
        &[
            "dynamo_frontend_inflight_requests",
            "http_requests_in_flight",
        ],
        2.0,
    );
    assert!(sum(&scrape(&sim, "/dcgm/metrics"), "DCGM_FI_DEV_GPU_UTIL") > 199.0);
}

#[test]
fn every_series_is_there_before_the_first_request() {
    let sim = start(fast());
    let names = |page: Page| page.into_keys().collect::<Vec<_>>();
    let idle = names(scrape(&sim, "/metrics"));
    load(&sim);
    assert_eq!(names(scrape(&sim, "/metrics")), idle);
}

#[test]
fn scraping_changes_nothing_but_the_process() {
    let sim = start(fast());
    load(&sim);
    let inference = |page: Page| {
        let mut page = page;
        page.retain(|series, _| {
            !["process_", "memory_", "cpu_"]
                .iter()
                .any(|own| series.starts_with(own))
                && !series.contains("uptime")
        });
        page
    };
    assert_eq!(
        inference(scrape(&sim, "/metrics")),
        inference(scrape(&sim, "/metrics"))
    );
}

#[test]
fn the_generic_names_are_all_there() {
    let sim = start(fast());
    let page = scrape(&sim, "/metrics");
    let scalars = "memory_usage_bytes memory_total_bytes process_cpu_usage_percent \
        process_resident_memory_bytes process_virtual_memory_bytes process_open_fds \
        http_requests_in_flight dynamo_frontend_inflight_requests dynamo_frontend_queued_requests \
        dynamo_component_inflight_requests dynamo_component_system_uptime_seconds \
        dynamo_component_kvstats_total_blocks dynamo_component_kvstats_active_blocks \
        dynamo_component_kvstats_gpu_cache_usage_percent \
        dynamo_component_kvstats_gpu_prefix_cache_hit_rate \
        dynamo_frontend_model_total_kv_blocks dynamo_frontend_model_max_num_seqs \
        dynamo_frontend_model_workers dynamo_frontend_model_context_length \
        dynamo_frontend_model_kv_cache_block_size dynamo_frontend_model_max_num_batched_tokens \
        dynamo_frontend_model_migration_limit";
    for name in scalars.split_whitespace() {
        let series = page
            .keys()
            .filter(|series| series.split('{').next() == Some(name))
            .count();
        assert_eq!(series, 1, "{name}");
    }
    let counters = "cpu_system_seconds cpu_user_seconds process_cpu_seconds http_requests \
        http_responses_2xx http_responses_4xx http_responses_5xx dynamo_frontend_requests \
        dynamo_component_requests dynamo_component_request_bytes dynamo_component_response_bytes \
        network_receive_bytes network_transmit_bytes";
    for name in counters.split_whitespace() {
        sum(&page, &format!("{name}_total"));
    }
    let histograms = "http_request_duration_seconds http_response_size_bytes \
        dynamo_frontend_time_to_first_token_seconds dynamo_frontend_inter_token_latency_seconds \
        dynamo_frontend_input_sequence_tokens dynamo_frontend_output_sequence_tokens \
        dynamo_frontend_request_duration_seconds dynamo_component_request_duration_seconds";
    for name in histograms.split_whitespace() {
        sum(&page, &format!("{name}_count"));
    }
}

#[test]
fn families_can_be_left_out() {
    let families = Families {
        spec: false,
        vllm: true,
        dynamo: false,
    };
    let page = scrape(
        &start(SimConfig {
            metrics_families: families,
            ..fast()
        }),
        "/metrics",
    );
    assert!(page.keys().any(|series| series.starts_with("vllm:")));
    assert!(!page.keys().any(|series| series.starts_with("dynamo_")));
    let families = Families {
        spec: true,
        vllm: false,
        dynamo: false,
    };
    let page = scrape(
        &start(SimConfig {
            metrics_families: families,
            ..fast()
        }),
        "/metrics",
    );
    assert!(!page.keys().any(|series| series.starts_with("vllm:")));
    assert!(page.contains_key("http_requests_in_flight"));
}

#[test]
fn openmetrics_is_served_to_those_who_ask() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    client
        .send(
            "GET",
            "/metrics",
            "accept: application/openmetrics-text; version=1.0.0\r\n",
            "",
        )
        .unwrap();
    let response = client.response().unwrap();
    assert!(
        response
            .head
            .contains("content-type: application/openmetrics-text; version=1.0.0")
    );
    assert!(response.body.ends_with("\n# EOF\n"));
    assert!(response.body.contains("# TYPE http_requests counter\n"));
    parse(&response.body);
    let classic = get(&sim, "/metrics");
    assert!(
        classic
            .head
            .contains("content-type: text/plain; version=0.0.4")
    );
    assert!(
        classic
            .body
            .contains("# TYPE http_requests_total counter\n")
    );
}

#[test]
fn the_servers_of_one_page_add_up() {
    let sim = start(fast());
    load(&sim);
    let page = scrape(&sim, "/multi/metrics");
    for id in ["server-0", "server-1"] {
        let label = format!("server_id=\"{id}\"");
        let part: Page = page
            .iter()
            .filter(|(series, _)| series.contains(&label))
            .map(|(s, v)| (s.clone(), *v))
            .collect();
        assert_sums(
            &part,
            &[
                "vllm:request_success_total",
                "dynamo_frontend_requests_total",
            ],
            3.0,
        );
    }
    assert!(page.keys().all(|series| {
        ["server_id=", "instance=", "server_type="]
            .iter()
            .all(|label| series.contains(label))
    }));
    assert_sums(&page, &["vllm:generation_tokens_total"], TOKENS);
    assert_sums(&page, &["http_requests_total"], REQUESTS);
}

#[test]
fn errors_and_other_routes_are_counted_by_status() {
    let sim = start(fast());
    chat(&sim, r#","max_tokens":0"#);
    get(&sim, "/v1/models");
    get(&sim, "/health");
    get(&sim, "/nowhere");
    let page = scrape(&sim, "/metrics");
    assert_sums(&page, &["http_responses_2xx_total"], 1.0);
    assert_sums(&page, &["http_responses_4xx_total"], 2.0);
    assert_sums(
        &page,
        &[
            "dynamo_frontend_requests_total",
            "vllm:request_success_total",
        ],
        0.0,
    );
}

#[test]
fn the_gpu_page_has_two_gpus_and_an_instance() {
    let sim = start(fast());
    let page = scrape(&sim, "/dcgm/metrics");
    let named = |name: &str| {
        page.keys()
            .filter(|series| series.starts_with(name))
            .count()
    };
    assert_eq!(named("DCGM_FI_DEV_POWER_USAGE"), 2);
    assert_eq!(named("DCGM_FI_PROF_GR_ENGINE_ACTIVE"), 3);
    assert_eq!(
        page.keys()
            .filter(|series| series.contains("GPU_I_ID"))
            .count(),
        3
    );
    let later = scrape(&sim, "/dcgm/metrics");
    let energy = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION";
    assert!(
        sum(&later, energy) >= sum(&page, energy),
        "energy only grows"
    );
}

//! Words, and what is left out.

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{MetricReport, Stats};

use super::{Topic, select, topic};
use crate::Rows;
use crate::families::families;

fn metric(key: &str, kind: MetricKind, unit: &str) -> MetricReport {
    MetricReport {
        key: key.to_owned(),
        name: key.to_owned(),
        unit: unit.to_owned(),
        kind,
        n: 9,
        ..MetricReport::default()
    }
}

#[test]
fn words_tell_the_topic() {
    let check = |key, kind, unit, expected| {
        let metrics = [metric(key, kind, unit)];
        assert_eq!(topic(&families(&metrics)[0]), expected, "{key}");
    };
    let (gauge, counter) = (MetricKind::Gauge, MetricKind::Counter);
    let histogram = MetricKind::Histogram;
    check("vllm:num_requests_running", gauge, "count", Topic::Requests);
    check("vllm:num_requests_waiting", gauge, "count", Topic::Queue);
    check("sglang:num_queue_reqs", gauge, "count", Topic::Queue);
    check("sglang:num_running_reqs", gauge, "count", Topic::Requests);
    check("vllm:generation_tokens", counter, "count", Topic::Tokens);
    check(
        "vllm:request_prompt_tokens",
        histogram,
        "count",
        Topic::Tokens,
    );
    check(
        "vllm:time_to_first_token_seconds",
        histogram,
        "sec",
        Topic::Latency,
    );
    check(
        "dynamo_router_overhead_total_ms",
        histogram,
        "ms",
        Topic::Latency,
    );
    check("vllm:kv_cache_usage_perc", gauge, "%", Topic::Cache);
    check("DCGM_FI_DEV_GPU_UTIL", gauge, "count", Topic::Gpu);
    check("process_cpu_seconds", counter, "sec", Topic::Resources);
    check("memory_usage_bytes", gauge, "bytes", Topic::Resources);
    check("process_open_fds", gauge, "count", Topic::Internals);
    check("python_gc_collections", counter, "count", Topic::Internals);
    check(
        "vllm:generation_tokens_created",
        gauge,
        "sec",
        Topic::Internals,
    );
    check("dynamo_tokio_alive_tasks", gauge, "count", Topic::Internals);
    check("acme_widgets", gauge, "count", Topic::Other);
}

fn shown(metric: MetricReport) -> bool {
    !select(families(&[metric]), Rows::Main).0.is_empty()
}

#[test]
fn zero_is_an_answer_for_a_queue_only() {
    let zero = |key| MetricReport {
        stats: Stats {
            std: Some(0.0),
            ..Stats::single(Some(0.0))
        },
        ..metric(key, MetricKind::Gauge, "count")
    };
    assert!(shown(zero("vllm:num_requests_waiting")));
    assert!(!shown(zero("vllm:lora_adapters_loaded")));
}

#[test]
fn settings_are_left_out_but_levels_are_not() {
    let constant = |key| MetricReport {
        stats: Stats {
            std: Some(0.0),
            ..Stats::single(Some(64.0))
        },
        ..metric(key, MetricKind::Gauge, "count")
    };
    assert!(!shown(constant(
        "dynamo_frontend_model_kv_cache_block_size"
    )));
    assert!(!shown(constant("dynamo_work_handler_queue_capacity")));
    assert!(shown(constant("vllm:kv_cache_usage_perc")));
    assert!(shown(constant("vllm:num_requests_running")));
}

#[test]
fn what_is_not_known_is_not_idle() {
    let counter = |total| MetricReport {
        total,
        ..metric("http_requests", MetricKind::Counter, "count")
    };
    assert!(shown(counter(None)) && shown(counter(Some(1.0))));
    assert!(!shown(counter(Some(0.0))));
}

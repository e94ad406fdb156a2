use aiperf_plugin_sdk::MetricKind;

fn unit_of(declared: &str, help: &str, key: &str) -> String {
    super::unit_of(MetricKind::Gauge, declared, help, key)
}

#[test]
fn the_documented_names_have_their_units() {
    let check = |key, unit| assert_eq!(unit_of("", "", key), unit, "{key}");
    check("cpu_system_seconds", "sec");
    check("process_cpu_usage_percent", "%");
    check("memory_total_bytes", "bytes");
    check("memory_usage_bytes", "bytes");
    check("dynamo_component_kvstats_gpu_cache_usage_percent", "%");
    check("dynamo_component_kvstats_active_blocks", "count");
    check("http_requests_in_flight", "count");
    check(
        "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
        "ms",
    );
    check("node_disk_read_bytes_total", "bytes");
    check("go_gc_duration_seconds_sum", "sec");
    check("go_gc_duration_seconds_count", "count");
    check("node_timex_frequency_adjustment_ratio", "ratio");
    check("DCGM_FI_DEV_POWER_USAGE", "W");
}

#[test]
fn the_page_knows_better_than_the_name() {
    assert_eq!(unit_of("seconds", "", "x"), "sec");
    assert_eq!(unit_of("joules", "in seconds", "x"), "joules");
    assert_eq!(unit_of("ratio", "", "cache_usage"), "ratio");
    let check = |help, key, unit| assert_eq!(unit_of("", help, key), unit, "{help}");
    check("Time per request in milliseconds.", "x", "ms");
    check(
        "Start time since unix epoch in seconds.",
        "start_time",
        "sec",
    );
    check("Requests within seconds", "x", "count");
    check("Requests in seconds that passed", "x", "count");
}

/// Keys, units and help texts as real servers write them.
const REAL: &[(&str, &str, &str)] = &[
    // llama.cpp and SGLang: rates.
    (
        "llamacpp:predicted_tokens_seconds",
        "tokens/sec",
        "Average generation throughput in tokens/s",
    ),
    (
        "llamacpp:prompt_tokens_seconds",
        "tokens/sec",
        "Average prompt throughput in tokens/s",
    ),
    (
        "llamacpp:prompt_seconds",
        "sec",
        "Total time spent processing prompts",
    ),
    (
        "sglang:gen_throughput",
        "tokens/sec",
        "The generate throughput (token/s)",
    ),
    // vLLM: shares of 1, sums of bytes.
    (
        "vllm:kv_cache_usage_perc",
        "ratio",
        "KV-cache usage. 1 means 100 percent usage.",
    ),
    (
        "vllm:gpu_cache_usage_perc",
        "ratio",
        "Compatibility alias for KV-cache usage as a fraction of available cache blocks.",
    ),
    (
        "vllm:estimated_read_bytes_per_gpu",
        "bytes",
        "Estimated number of bytes read from memory per GPU (for Model Flops Utilization calculations).",
    ),
    (
        "vllm:e2e_request_latency_seconds",
        "sec",
        "Histogram of e2e request latency in seconds.",
    ),
    (
        "vllm:iteration_tokens",
        "count",
        "Histogram of number of tokens per engine_step.",
    ),
    // Dynamo.
    (
        "dynamo_transport_tcp_bytes_sent",
        "bytes",
        "Total bytes sent by TCP request client",
    ),
    (
        "dynamo_component_router_kv_hit_rate",
        "ratio",
        "Predicted KV cache hit rate at routing time (0.0-1.0)",
    ),
    (
        "dynamo_tokio_worker_busy_ratio",
        "‰",
        "Worker busy ratio (0-1) as integer mill ratio; >950 = saturated",
    ),
    (
        "dynamo_tokio_worker_mean_poll_time_ns",
        "ns",
        "Worker mean task poll time (nanoseconds)",
    ),
    (
        "dynamo_frontend_detokenize_total_us",
        "us",
        "Cumulative detokenization time (microseconds)",
    ),
    (
        "dynamo_work_handler_network_transit_seconds",
        "sec",
        "Frontend-to-backend network transit time (cross-process wall-clock, seconds)",
    ),
    (
        "dynamo_frontend_event_loop_stall",
        "count",
        "Number of event loop stalls (delay > 5ms)",
    ),
    (
        "dynamo_frontend_event_loop_delay_seconds",
        "sec",
        "Event loop delay canary: drift from 10ms sleep (seconds)",
    ),
    (
        "dynamo_component_kvstats_gpu_cache_usage_percent",
        "%",
        "GPU cache usage as a percentage (0.0-1.0)",
    ),
    // Triton.
    ("nv_gpu_power_usage", "W", "GPU power usage in watts"),
    (
        "nv_energy_consumption",
        "J",
        "GPU energy consumption in joules since the Triton Server started",
    ),
    (
        "nv_inference_request_duration_us",
        "us",
        "Cumulative inference request duration in microseconds (includes cached requests)",
    ),
    // DCGM.
    (
        "DCGM_FI_DEV_FB_FREE",
        "MiB",
        "Framebuffer memory free (in MiB).",
    ),
    (
        "DCGM_FI_PROF_DRAM_ACTIVE",
        "%",
        "Ratio of cycles the device memory interface is active sending or receiving data (in %).",
    ),
    // Bytes that are not the subject.
    (
        "prometheus_tsdb_size_retentions",
        "count",
        "The number of times that blocks were deleted because the maximum number of bytes was exceeded.",
    ),
    (
        "node_timex_pps_calibration",
        "count",
        "Pulse per second count of calibration intervals.",
    ),
];

#[test]
fn pages_of_real_servers_have_the_units_that_they_mean() {
    for (key, unit, help) in REAL {
        assert_eq!(unit_of("", help, key), *unit, "{key}");
    }
}

#[test]
fn times_of_creation_are_no_amounts() {
    let help = "Estimated number of bytes read from memory per GPU";
    let unit = |kind| super::unit_of(kind, "", help, "read_bytes_created");
    assert_eq!(unit(MetricKind::Gauge), "sec");
    assert_eq!(unit(MetricKind::Counter), "bytes");
}

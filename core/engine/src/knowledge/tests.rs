//! The embedded table, and who is who.

use aiperf_plugin_sdk::report::{MetricReport, ServerReport};

use super::*;

fn server(names: &[&str]) -> ServerReport {
    let metric = |name: &&str| MetricReport {
        name: (*name).to_owned(),
        ..MetricReport::default()
    };
    ServerReport {
        metrics: names.iter().map(metric).collect(),
        ..ServerReport::default()
    }
}

#[test]
fn the_settle_rule_finds_its_families() {
    let table = Knowledge::embedded();
    let of = |series: &str| table.settled_by(series);
    assert_eq!(
        of("vllm:generation_tokens_total"),
        Some(Quantity::CompletionTokens)
    );
    assert_eq!(
        of("nv_inference_request_success"),
        Some(Quantity::RequestCount)
    );
    // Cached tokens are missing from it: it never equals the clients' number.
    assert_eq!(of("llamacpp:prompt_tokens_total"), None);
    assert_eq!(of("process_cpu_seconds_total"), None);
    assert!(table.is_in_flight("llamacpp:requests_deferred"));
    assert!(!table.is_in_flight("vllm:kv_cache_usage_perc"));
}

#[test]
fn servers_are_known_by_their_families_and_grouped_by_what_they_are() {
    let servers = [
        server(&[
            "dynamo_frontend_requests_total",
            "dynamo_component_uptime_seconds",
        ]),
        server(&[
            "dynamo_component_requests_total",
            "vllm:num_requests_running",
        ]),
        server(&["node_load1"]),
        server(&[
            "dynamo_component_requests_total",
            "vllm:num_requests_waiting",
        ]),
    ];
    let table = Knowledge::embedded();
    let groups = table.groups(&servers);
    let names = |group: &Group<'_>| -> Vec<String> {
        let software = group.software.iter();
        software
            .map(|one| format!("{} {}", one.name, one.role))
            .collect()
    };
    let seen: Vec<_> = groups.iter().map(|g| (names(g), g.servers.len())).collect();
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            (words(&["dynamo frontend"]), 1),
            (words(&["vllm engine", "dynamo worker"]), 2),
            (words(&[]), 1),
        ]
    );
}

#[test]
fn what_the_user_says_goes_first() {
    let mut table = Knowledge::default();
    let vllm = table
        .software
        .iter()
        .find(|one| one.name == "vllm")
        .cloned()
        .unwrap();
    let software = [&vllm];
    assert_eq!(
        table.how(&software, "vllm:kv_cache_usage_perc"),
        Some(How::Mean)
    );
    assert_eq!(
        table.how(&software, "vllm:num_requests_running"),
        Some(How::Sum)
    );
    assert_eq!(table.how(&software, "vllm:engine_sleep_state"), None);
    table.add_combination(How::Max, &["vllm:*_perc".to_owned()]);
    assert_eq!(
        table.how(&software, "vllm:kv_cache_usage_perc"),
        Some(How::Max)
    );
    assert_eq!(table.how(&[], "vllm:kv_cache_usage_perc"), Some(How::Max));
}

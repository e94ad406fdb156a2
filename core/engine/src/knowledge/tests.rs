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

#[test]
fn families_are_what_they_are_whatever_their_page_says() {
    use aiperf_plugin_sdk::MetricKind as K;
    let check = |name, said, kind, unit| {
        let known = Knowledge::family(name);
        assert_eq!((known.kind(said), known.unit()), (kind, unit), "{name}");
    };
    let energy = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION";
    check(energy, K::Unknown, K::Counter, Some("mJ"));
    check(
        "DCGM_FI_PROF_PCIE_TX_BYTES",
        K::Counter,
        K::Gauge,
        Some("bytes/sec"),
    );
    check(
        "DCGM_FI_DEV_POWER_VIOLATION",
        K::Counter,
        K::Counter,
        Some("ns"),
    );
    check(
        "DCGM_FI_PROF_DRAM_ACTIVE",
        K::Gauge,
        K::Gauge,
        Some("ratio"),
    );
    // Not known: as the page says.
    check("DCGM_FI_DEV_PSTATE", K::Gauge, K::Gauge, None);
    check("vllm:num_requests_running", K::Unknown, K::Unknown, None);
    check(
        "DCGM_FI_DEV_SM_CLOCK",
        K::Histogram,
        K::Histogram,
        Some("MHz"),
    );
    assert!(Knowledge::family(energy).is_older());
    assert!(Knowledge::family("DCGM_FI_DEV_XID_ERRORS").is_code());
}

#[test]
fn what_stands_for_nothing_is_no_value() {
    let power = Knowledge::family("DCGM_FI_DEV_POWER_USAGE");
    let fp64 = 2_f64.powi(47);
    let int32 = f64::from(0x7fff_fff0_u32);
    for blank in [int32, int32 + 3.0, fp64, fp64 + 3.0, 2_f64.powi(63)] {
        assert!(power.reading(blank).is_nan(), "{blank}");
    }
    for value in [0.0, 409.692, int32 - 1.0, 2_f64.powi(31), fp64 - 1.0, 1e18] {
        assert_eq!(power.reading(value).to_bits(), value.to_bits(), "{value}");
    }
    let other = Knowledge::family("node_memory_bytes");
    assert_eq!(other.reading(fp64).to_bits(), fp64.to_bits());
}

//! Pages of real servers.

use std::path::Path;

use aiperf_parser_prometheus::Format;
use aiperf_plugin_sdk::MetricKind::{self, Counter, Gauge, Histogram, Summary, Unknown};

use crate::support::{Reading, count_sample_lines, read};

fn page(name: &str) -> (Vec<u8>, Reading) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pages")
        .join(name);
    let page = std::fs::read(path).unwrap();
    let reading = read(&page, Format::detect("", &page));
    (page, reading)
}

/// Samples in all, and families of each type that has any.
fn check(name: &str, samples: usize, families: &[(MetricKind, usize)]) {
    let (page, reading) = page(name);
    assert_eq!(reading.diagnostics, [], "{name}");
    assert_eq!(reading.samples.len(), samples, "{name}");
    assert_eq!(count_sample_lines(&page), samples, "{name}: lines");
    let count = |kind| {
        reading
            .families
            .iter()
            .filter(|family| family.1 == kind)
            .count()
    };
    let found: Vec<_> = families
        .iter()
        .map(|(kind, _)| (*kind, count(*kind)))
        .collect();
    assert_eq!(found, families, "{name}");
    let all: usize = families.iter().map(|(_, count)| count).sum();
    assert_eq!(
        reading.families.len(),
        all,
        "{name}: families of other types"
    );
}

#[test]
fn every_sample_of_every_page() {
    check(
        "vllm-0.32.0-after.prom",
        425,
        &[(Counter, 22), (Gauge, 50), (Histogram, 18), (Summary, 2)],
    );
    check(
        "sglang-llama31-docs.prom",
        91,
        &[(Counter, 2), (Gauge, 6), (Histogram, 4)],
    );
    check(
        "dynamo-1.6.1-worker-after.prom",
        179,
        &[(Counter, 8), (Gauge, 12), (Histogram, 7)],
    );
    check("llamacpp-after.prom", 15, &[(Counter, 10), (Gauge, 5)]);
    check(
        "dcgm-exporter-t4-datadog.prom",
        38,
        &[(Counter, 8), (Gauge, 30)],
    );
    check(
        "dcgm-exporter-a100-mig-nvidia-docs.prom",
        21,
        &[(Unknown, 17)],
    );
    check("dcgm-exporter-readme-emptylabels.prom", 3, &[(Gauge, 3)]);
    check(
        "debian12-pushgateway-pushed.prom",
        67,
        &[
            (Counter, 6),
            (Gauge, 32),
            (Histogram, 1),
            (Summary, 4),
            (Unknown, 1),
        ],
    );
    check(
        "debian12-caddy.openmetrics",
        149,
        &[(Counter, 7), (Gauge, 31), (Histogram, 4), (Summary, 1)],
    );
}

#[test]
fn every_value_stands_where_its_span_says() {
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages")).unwrap()
    {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "SOURCE.md" {
            continue;
        }
        for sample in page(&name).1.samples {
            let value: f64 = sample.value_text.parse().unwrap();
            assert_eq!(
                value.to_bits(),
                sample.value.to_bits(),
                "{name}: {sample:?}"
            );
        }
    }
}

#[test]
fn vllm_histograms_own_their_samples() {
    let (_, reading) = page("vllm-0.32.0-after.prom");
    let of = |family: &str| {
        reading
            .samples
            .iter()
            .filter(|s| s.family == family)
            .collect::<Vec<_>>()
    };
    let tokens = of("vllm:iteration_tokens_total");
    assert!(tokens.iter().all(|sample| sample.kind == Histogram));
    assert!(
        tokens
            .iter()
            .any(|sample| sample.name == "vllm:iteration_tokens_total_sum")
    );
    assert_eq!(
        of("vllm:iteration_tokens_total_created").len(),
        1,
        "declared as a gauge of its own"
    );
    assert_eq!(of("vllm:iteration_tokens_total_sum").len(), 0);
}

#[test]
fn caddy_declares_one_name_twice() {
    let (_, reading) = page("debian12-caddy.openmetrics");
    let kind = |name: &str| {
        reading
            .samples
            .iter()
            .find(|sample| sample.name == name)
            .unwrap()
            .kind
    };
    assert_eq!(kind("go_memstats_alloc_bytes"), Gauge);
    assert_eq!(kind("go_memstats_alloc_bytes_total"), Counter);
    let helps: Vec<_> = reading
        .families
        .iter()
        .filter(|family| family.0 == "go_memstats_alloc_bytes")
        .map(|family| (family.1, family.2.as_str()))
        .collect();
    assert_eq!(
        helps,
        [
            (Gauge, "Number of bytes allocated and still in use."),
            (Counter, "Total number of bytes allocated, even if freed."),
        ]
    );
}

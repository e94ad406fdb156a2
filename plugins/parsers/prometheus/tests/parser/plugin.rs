//! The plugin as a host drives it.

use aiperf_parser_prometheus::{Config, PrometheusParser};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::{self, FakeHost};
use aiperf_plugin_sdk::time::PayloadClock;

fn parse(content_type: &str, body: &[u8]) -> (Result<()>, Batch) {
    let mut parser = PrometheusParser::open(Config::default(), &FakeHost::new().host()).unwrap();
    let mut batch = Batch::new();
    let clock = PayloadClock::default();
    let result = parser.parse(&Payload::new(content_type, body, clock), &mut batch);
    (result, batch)
}

#[test]
fn conforms() {
    testing::parser("prometheus");
}

#[test]
fn sample_is_the_default() {
    let config: Config = toml::from_str(PrometheusParser::SAMPLE).unwrap();
    assert_eq!(config, Config::default());
}

#[test]
fn the_content_type_decides_the_unit_of_timestamps() {
    let time = |content_type| {
        let page = b"a 1 1500\n# EOF\n";
        let (result, batch) = parse(content_type, page);
        result.unwrap();
        batch
            .read(page, |view| view.sample(0).unwrap().time_ns.unwrap())
            .unwrap()
    };
    assert_eq!(time("text/plain; version=0.0.4"), 1_500_000_000);
    assert_eq!(
        time("application/openmetrics-text; version=1.0.0"),
        1_500_000_000_000
    );
    assert_eq!(time(""), 1_500_000_000_000, "a page that ends in `# EOF`");
}

#[test]
fn what_is_no_page_is_an_error_that_says_what_it_is() {
    for (body, what) in [
        (&b"[]"[..], "JSON"),
        (b"{\"error\": \"not found\"}", "JSON"),
        (b"<!DOCTYPE html>\n<html></html>\n", "HTML or XML"),
        (b"\x0a\x12\x08\x01", "binary data"),
    ] {
        let error = parse("text/plain", body).0.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Format);
        assert_eq!(error.message, format!("{what}, not a metrics page"));
    }
}

#[test]
fn an_empty_page_is_a_page() {
    let (result, batch) = parse("text/plain", b"");
    result.unwrap();
    assert!(batch.is_empty());
}

#[test]
fn an_instance_remembers_nothing() {
    let mut parser = PrometheusParser::open(Config::default(), &FakeHost::new().host()).unwrap();
    let clock = PayloadClock::default();
    let mut kinds = Vec::new();
    for body in [&b"# TYPE a histogram\na_sum 1\n"[..], b"a_sum 1\n"] {
        let mut batch = Batch::new();
        let payload = Payload::new("text/plain", body, clock);
        parser.parse(&payload, &mut batch).unwrap();
        kinds.push(batch.read(body, |view| view.family_kind(0)).unwrap());
    }
    assert_eq!(kinds, [MetricKind::Histogram, MetricKind::Unknown]);
}

//! The collector as a host drives it.

#![cfg(test)]

use aiperf_collector_prometheus::{Config, PrometheusCollector};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::schemars::schema_for;
use aiperf_plugin_sdk::testing::{self, FakeHost};

fn config(options: &str) -> Config {
    toml::from_str(options).unwrap()
}

fn open(options: &str) -> PrometheusCollector {
    PrometheusCollector::open(config(options), &FakeHost::new().host()).unwrap()
}

fn answer(
    collector: &mut PrometheusCollector,
    target_id: &str,
    status: u16,
    content_type: &str,
    body: &str,
) -> Verdict {
    collector.on_response(&Response {
        target_id,
        status: Some(status),
        content_type,
        head: body.as_bytes(),
        ..Response::default()
    })
}

#[test]
fn conforms() {
    testing::collector("prometheus");
}

#[test]
fn sample_shows_every_option_at_its_default() {
    assert!(config(PrometheusCollector::SAMPLE) == Config::default());
    let schema = schema_for!(Config).to_value();
    for option in schema["properties"].as_object().unwrap().keys() {
        let written = PrometheusCollector::SAMPLE.lines().any(|line| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{option} = "))
        });
        assert!(written, "`{option}` is not in sample.toml");
    }
}

#[test]
fn the_schema_marks_secrets() {
    let schema = schema_for!(Config).to_value();
    let secret = |pointer: &str| schema.pointer(pointer).unwrap()["writeOnly"] == true;
    assert!(secret("/properties/bearer_token"));
    assert!(secret("/$defs/TargetConfig/properties/bearer_token"));
    assert!(secret("/$defs/BasicAuth/properties/password"));
}

#[test]
fn targets_carry_what_the_user_said() {
    let mut collector = open(
        r#"
        prefer = "openmetrics"
        default_endpoints = ["localhost:8081"]
        [[targets]]
        url = "https://me:secret@gpu:9400"
        labels = { role = "prefill" }
        interval = "250ms"
        headers = { X-Scope = "a" }
        "#,
    );
    let list = collector.targets().unwrap();
    assert_eq!(list, collector.targets().unwrap(), "the list is stable");
    let [gpu, default] = &list.targets[..] else {
        panic!("{} targets", list.targets.len())
    };
    assert_eq!(
        (gpu.id.as_str(), gpu.url.as_str()),
        ("https://gpu:9400/metrics", "https://gpu:9400/metrics")
    );
    assert_eq!(gpu.interval_ns, Some(250_000_000));
    assert_eq!(gpu.labels["role"], "prefill");
    assert!(
        gpu.headers
            .contains(&("authorization".to_owned(), "Basic bWU6c2VjcmV0".to_owned()))
    );
    assert!(
        gpu.headers
            .contains(&("x-scope".to_owned(), "a".to_owned()))
    );
    assert!(gpu.accept.starts_with("application/openmetrics-text"));
    assert!(!gpu.automatic && default.automatic);
}

#[test]
fn text_is_asked_for_by_default() {
    let targets = open("urls = [\"h\"]").targets().unwrap();
    assert!(
        targets.targets[0]
            .accept
            .starts_with("text/plain;version=1.0.0")
    );
    assert!(
        targets.targets[0]
            .accept
            .contains("text/plain;version=0.0.4")
    );
}

#[test]
fn targets_are_searched_one_by_one() {
    let mut collector = open(
        r#"
        inference_url = "http://llm:8000/v1"
        urls = ["http://a/metrics", "http://a/prometheus/metrics"]
        "#,
    );
    let llm = "http://llm:8000/metrics";
    let next = answer(
        &mut collector,
        llm,
        404,
        "application/json",
        "{\"detail\":\"Not Found\"}",
    );
    assert_eq!(
        next,
        Verdict::Replace("http://llm:8000/v1/metrics".to_owned())
    );
    let page = answer(
        &mut collector,
        llm,
        200,
        "text/plain",
        "# TYPE a gauge\na 1\nbad line\n",
    );
    assert_eq!(page, Verdict::Keep);
    let off = answer(
        &mut collector,
        "http://a/metrics",
        200,
        "application/json",
        "[]",
    );
    let Verdict::Disable(reason) = off else {
        panic!("the fallback is a target of its own")
    };
    assert!(reason.contains("http://a/metrics is JSON"), "{reason}");
    assert_eq!(
        answer(&mut collector, "no such target", 404, "", ""),
        Verdict::Keep
    );
}

#[test]
fn wrong_options_are_named() {
    let errors = PrometheusCollector::validate(&config("urls = [\"ftp://x\", \"h:99999\"]"));
    let paths: Vec<_> = errors
        .iter()
        .filter_map(|error| error.path.as_deref())
        .collect();
    assert_eq!(paths, ["urls[0]", "urls[1]"]);
    assert!(toml::from_str::<Config>("url = \"x\"").is_err());
    assert!(toml::from_str::<Config>("prefer = \"json\"").is_err());
}

//! The collector as a host drives it.

#![cfg(test)]

use aiperf_collector_dcgm::{Config, DcgmCollector};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::schemars::schema_for;
use aiperf_plugin_sdk::testing::{self, FakeHost};

fn config(options: &str) -> Config {
    toml::from_str(options).unwrap()
}

fn open(options: &str) -> DcgmCollector {
    DcgmCollector::open(config(options), &FakeHost::new().host()).unwrap()
}

#[test]
fn conforms() {
    testing::collector("dcgm");
}

#[test]
fn sample_shows_every_option_at_its_default() {
    assert!(config(DcgmCollector::SAMPLE) == Config::default());
    let schema = schema_for!(Config).to_value();
    for option in schema["properties"].as_object().unwrap().keys() {
        let written = DcgmCollector::SAMPLE.lines().any(|line| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{option} = "))
        });
        assert!(written, "`{option}` is not in sample.toml");
    }
    assert_eq!(schema["properties"]["bearer_token"]["writeOnly"], true);
}

#[test]
fn exporters_are_looked_for_where_they_usually_are() {
    let urls = |options: &str| -> Vec<(String, bool)> {
        let targets = open(options).targets().unwrap().targets;
        let pairs = targets.into_iter().map(|t| (t.url, t.automatic));
        pairs.collect()
    };
    let own = |url: &str, automatic| (url.to_owned(), automatic);
    assert_eq!(
        urls(""),
        [
            own("http://localhost:9400/metrics", true),
            own("http://localhost:9401/metrics", true)
        ]
    );
    assert_eq!(
        urls("urls = [\"127.0.0.1:9400\", \"gpu-1:9400\", \"gpu-1:9400/metrics\"]"),
        [
            own("http://127.0.0.1:9400/metrics", false),
            own("http://gpu-1:9400/metrics", false),
            own("http://localhost:9401/metrics", true)
        ]
    );
    assert!(urls("auto = false").is_empty());
}

#[test]
fn credentials_are_for_what_the_user_named() {
    let mut collector =
        open("urls = [\"gpu-1:9400\"]\nbearer_token = \"t\"\nheaders = { X-Scope = \"a\" }");
    let [named, found, _] = &collector.targets().unwrap().targets[..] else {
        panic!("three targets");
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        named.headers,
        [header("authorization", "Bearer t"), header("x-scope", "a")]
    );
    assert!(found.headers.is_empty());
}

#[test]
fn only_exporters_are_kept() {
    let mut collector = open("");
    let ids: Vec<String> = collector
        .targets()
        .unwrap()
        .targets
        .into_iter()
        .map(|target| target.id)
        .collect();
    let mut answer = |id: &str, head: &str| {
        collector.on_response(&Response {
            target_id: id,
            status: Some(200),
            content_type: "text/plain",
            head: head.as_bytes(),
            ..Response::default()
        })
    };
    assert_eq!(answer(&ids[0], "DCGM_FI_DEV_GPU_TEMP 1\n"), Verdict::Keep);
    assert!(matches!(answer(&ids[1], "up 1\n"), Verdict::Disable(_)));
    assert_eq!(answer("no such target", "up 1\n"), Verdict::Keep);
}

#[test]
fn wrong_options_are_named() {
    let options = "urls = [\"h:99999\"]\ndefault_endpoints = [\"\"]\nbearer_token = \"\"\n\
                   headers = { \"a b\" = \"c\" }";
    let errors = DcgmCollector::validate(&config(options));
    let paths: Vec<_> = errors
        .iter()
        .filter_map(|error| error.path.as_deref())
        .collect();
    let expected = [
        "bearer_token",
        "headers.a b",
        "urls[0]",
        "default_endpoints[0]",
    ];
    assert_eq!(paths, expected);
    assert!(toml::from_str::<Config>("url = \"x\"").is_err());
}

//! Which endpoints options lead to.

use super::*;
use crate::config::BasicAuth;

fn config() -> Config {
    Config::default()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn target(url: &str) -> TargetConfig {
    TargetConfig {
        url: url.to_owned(),
        headers: BTreeMap::new(),
        bearer_token: None,
        basic: None,
        labels: BTreeMap::new(),
        interval: None,
        tls: TlsSettings::default(),
    }
}

/// Each target as its candidates joined by `|`, with `?` in front of automatic ones.
fn shown(config: &Config) -> Vec<String> {
    let show = |plan: Plan| {
        let urls: Vec<_> = plan.candidates.iter().map(Address::as_str).collect();
        format!(
            "{}{}",
            if plan.automatic { "?" } else { "" },
            urls.join("|")
        )
    };
    plan(config).unwrap().into_iter().map(show).collect()
}

fn authorization(plan: &Plan) -> Option<String> {
    let headers = plan.headers.to_vec();
    headers
        .into_iter()
        .find(|(name, _)| name == "authorization")
        .map(|(_, value)| value)
}

#[test]
fn nothing_named_is_nothing_scraped() {
    assert_eq!(shown(&config()), Vec::<String>::new());
}

#[test]
fn the_inference_server_and_the_defaults() {
    let config = Config {
        inference_url: Some("http://h:8000/v1".to_owned()),
        default_endpoints: strings(&["localhost:8081", "localhost:7777/metrics"]),
        ..config()
    };
    assert_eq!(
        shown(&config),
        [
            "?http://h:8000/metrics|http://h:8000/v1/metrics",
            "?http://localhost:8081/metrics",
            "?http://localhost:7777/metrics",
        ]
    );
    assert_eq!(
        shown(&Config {
            auto: false,
            ..config
        }),
        Vec::<String>::new()
    );
}

#[test]
fn candidates_of_one_authority_are_one_target() {
    let config = Config {
        inference_url: Some("http://localhost:8081/v1".to_owned()),
        default_endpoints: strings(&["127.0.0.1:8081", "localhost:8081/other"]),
        ..config()
    };
    assert_eq!(
        shown(&config),
        [
            "?http://localhost:8081/metrics|http://localhost:8081/v1/metrics\
             |http://localhost:8081/other"
        ]
    );
}

#[test]
fn an_explicit_url_silences_what_is_automatic_at_its_authority() {
    let config = Config {
        inference_url: Some("http://h:8000".to_owned()),
        default_endpoints: strings(&["localhost:8081", "localhost:7777"]),
        urls: strings(&["http://h:8000/custom", "127.0.0.1:8081"]),
        ..config()
    };
    assert_eq!(
        shown(&config),
        [
            "http://h:8000/custom",
            "http://127.0.0.1:8081/metrics",
            "?http://localhost:7777/metrics"
        ]
    );
}

#[test]
fn the_inference_server_comes_first_and_the_rest_in_the_order_given() {
    let config = |urls: &[&str], targets: &[&str]| Config {
        inference_url: Some("http://h:8000/v1".to_owned()),
        default_endpoints: strings(&["localhost:8081"]),
        urls: strings(urls),
        targets: targets.iter().map(|url| target(url)).collect(),
        ..config()
    };
    let found = "?http://h:8000/metrics|http://h:8000/v1/metrics";
    let default = "?http://localhost:8081/metrics";
    for (urls, targets, expect) in [
        (vec![], vec![], vec![found, default]),
        (
            vec!["b/m", "a/m"],
            vec!["c/m", "a/m"],
            vec![found, "http://b/m", "http://a/m", "http://c/m", default],
        ),
        (
            vec!["a/m", "b/m", "h:8000/v1/metrics"],
            vec![],
            vec![
                "http://h:8000/v1/metrics",
                "http://a/m",
                "http://b/m",
                default,
            ],
        ),
        (
            vec!["a/m", "h:8000/x", "h:8000/metrics"],
            vec![],
            vec![
                "http://h:8000/metrics",
                "http://a/m",
                "http://h:8000/x",
                default,
            ],
        ),
        (
            vec!["a/m"],
            vec!["h:8000/x", "localhost:8081/y"],
            vec!["http://h:8000/x", "http://a/m", "http://localhost:8081/y"],
        ),
    ] {
        assert_eq!(shown(&config(&urls, &targets)), expect);
    }
}

#[test]
fn a_url_gives_an_endpoint_its_place_and_a_target_its_options() {
    let labels = BTreeMap::from([("role".to_owned(), "worker".to_owned())]);
    let config = Config {
        urls: strings(&["a", "b"]),
        targets: vec![TargetConfig {
            labels: labels.clone(),
            ..target("b")
        }],
        ..config()
    };
    let plans = plan(&config).unwrap();
    assert_eq!(plans.len(), 2);
    assert_eq!((&plans[1].labels, plans[0].labels.len()), (&labels, 0));
}

#[test]
fn explicit_endpoints_are_told_apart_by_path_and_query() {
    let config = Config {
        urls: strings(&[
            "h/a",
            "h/b",
            "h/a?x=1",
            "http://h:80/a",
            "https://h/a",
            "localhost",
            "127.0.0.1",
        ]),
        targets: vec![target("http://h/b")],
        ..config()
    };
    assert_eq!(
        shown(&config),
        [
            "http://h/a",
            "http://h/b",
            "http://h/a?x=1",
            "https://h/a",
            "http://localhost/metrics"
        ]
    );
}

#[test]
fn credentials_by_nearness() {
    let basic = BasicAuth {
        username: "u".to_owned(),
        password: "p".to_owned(),
    };
    let own = BTreeMap::from([("Authorization".to_owned(), "own".to_owned())]);
    let config = Config {
        bearer_token: Some("shared".to_owned()),
        inference_url: Some("http://inference".to_owned()),
        default_endpoints: strings(&["default", "http://u:p@default2"]),
        urls: strings(&["plain", "http://u:p@userinfo"]),
        targets: vec![
            TargetConfig {
                bearer_token: Some("t".to_owned()),
                ..target("http://u:p@bearer")
            },
            TargetConfig {
                basic: Some(basic),
                ..target("basic")
            },
            TargetConfig {
                headers: own,
                bearer_token: Some("t".to_owned()),
                ..target("headers")
            },
        ],
        ..config()
    };
    let plans = plan(&config).unwrap();
    let found: Vec<_> = plans
        .iter()
        .map(|plan| {
            (
                plan.candidates[0].authority().0,
                authorization(plan).unwrap_or_default(),
            )
        })
        .collect();
    let expect = [
        ("inference", "Bearer shared"),
        ("plain", "Bearer shared"),
        ("userinfo", "Basic dTpw"),
        ("bearer", "Bearer t"),
        ("basic", "Basic dTpw"),
        ("headers", "own"),
        ("default", ""),
        ("default2", "Basic dTpw"),
    ];
    assert_eq!(
        found,
        expect.map(|(host, value)| (host.to_owned(), value.to_owned()))
    );
    assert!(
        plans
            .iter()
            .all(|plan| !plan.candidates[0].as_str().contains('@'))
    );
}

#[test]
fn labels_and_interval() {
    let labels = BTreeMap::from([("role".to_owned(), "worker".to_owned())]);
    let target = TargetConfig {
        labels: labels.clone(),
        interval: Some("1.5s".to_owned()),
        ..target("h")
    };
    let plans = plan(&Config {
        targets: vec![target],
        ..config()
    })
    .unwrap();
    assert_eq!(
        (&plans[0].labels, plans[0].interval_ns),
        (&labels, Some(1_500_000_000))
    );
}

#[test]
fn all_errors_come_at_once_with_their_paths() {
    let basic = BasicAuth {
        username: "u".to_owned(),
        password: String::new(),
    };
    let bad_header = BTreeMap::from([("x".to_owned(), "a\nb".to_owned())]);
    let config = Config {
        urls: strings(&["ok", "ftp://h"]),
        inference_url: Some("http://:1".to_owned()),
        default_endpoints: strings(&["http://"]),
        auto: false,
        headers: bad_header.clone(),
        bearer_token: Some(String::new()),
        targets: vec![
            TargetConfig {
                basic: Some(basic),
                bearer_token: Some("t".to_owned()),
                ..target("http://h:999999")
            },
            TargetConfig {
                headers: bad_header,
                interval: Some("5".to_owned()),
                ..target("h")
            },
            TargetConfig {
                interval: Some("0s".to_owned()),
                ..target("h")
            },
        ],
        ..config()
    };
    let errors = plan(&config).unwrap_err();
    let paths: Vec<_> = errors
        .iter()
        .map(|error| error.path.as_deref().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "bearer_token",
            "headers.x",
            "targets[0].url",
            "targets[0].basic",
            "targets[1].headers.x",
            "targets[1].interval",
            "targets[2].interval",
            "urls[1]",
            "inference_url",
            "default_endpoints[0]",
        ]
    );
}

#[test]
fn further_inference_servers_follow_the_first_one() {
    let config = Config {
        inference_url: Some("http://a:8000/v1".to_owned()),
        more_inference_urls: vec!["http://b:8000".to_owned(), "http://a:8000".to_owned()],
        urls: vec!["c:9090".to_owned(), "b:8000/metrics".to_owned()],
        default_endpoints: Vec::new(),
        ..config()
    };
    let authorities: Vec<_> = plan(&config)
        .unwrap()
        .iter()
        .map(|plan| (plan.candidates[0].authority(), plan.automatic))
        .collect();
    let expected = [("a", 8000, true), ("b", 8000, false), ("c", 9090, false)];
    assert_eq!(
        authorities,
        expected.map(|(host, port, automatic)| ((host.to_owned(), port), automatic))
    );
}

#[test]
fn a_login_of_the_collector_is_for_all_but_the_default_endpoints() {
    let config = Config {
        basic: Some(BasicAuth {
            username: "u".to_owned(),
            password: "p".to_owned(),
        }),
        inference_url: Some("http://inference".to_owned()),
        default_endpoints: strings(&["default"]),
        urls: strings(&["plain"]),
        targets: vec![TargetConfig {
            bearer_token: Some("t".to_owned()),
            ..target("nearer")
        }],
        ..config()
    };
    let plans = plan(&config).unwrap();
    let found: Vec<_> = plans.iter().map(authorization).collect();
    let login = Some("Basic dTpw".to_owned());
    let nearer = Some("Bearer t".to_owned());
    assert_eq!(found, [login.clone(), login, nearer, None]);
    let both = Config {
        bearer_token: Some("t".to_owned()),
        ..config
    };
    assert_eq!(plan(&both).unwrap_err()[0].path.as_deref(), Some("basic"));
}

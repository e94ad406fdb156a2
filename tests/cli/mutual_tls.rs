//! Who we are and whom we ask for: client certificates and server names.

use aiperf_sim::{Sim, SimConfig};

use super::context::Context;
use super::https::{profile, terminate, terminate_for, testdata};

const CLIENTS: Option<&str> = Some("client-authority.pem");

fn sim() -> Sim {
    Sim::start(SimConfig::default()).expect("a simulated server")
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_it() {
    let sim = sim();
    let url = terminate_for(&sim, "server.pem", CLIENTS);
    let context = Context::new();
    let (authority, cert) = (testdata("authority.pem"), testdata("client.pem"));
    let key = testdata("client-key.pem");
    let ours = ["--ca-file", &authority, "--cert-file", &cert];
    context.succeed(&profile(&url, &[&ours[..], &["--key-file", &key]].concat()));
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 6);
    let endpoint = &report["server_metrics"]["endpoints"][format!("{url}/metrics")];
    assert_eq!(endpoint["reachable"], true);
    // Both in one file, as many tools write them.
    let pem = |file: &str| std::fs::read_to_string(file).expect("a file");
    context.write("both.pem", &format!("{}{}", pem(&key), pem(&cert)));
    let ours = ["--ca-file", &authority, "--cert-file", "both.pem"];
    context.succeed(&profile(&url, &ours));
}

#[test]
fn a_missing_or_foreign_certificate_is_told_with_what_to_do() {
    let sim = sim();
    let url = terminate_for(&sim, "server.pem", CLIENTS);
    let authority = testdata("authority.pem");
    let (foreign, key) = (testdata("elsewhere.pem"), testdata("server-key.pem"));
    for (more, said) in [
        (
            vec!["--ca-file", &authority],
            "wants a client certificate); give one with `--cert-file`",
        ),
        (
            vec![
                "--ca-file",
                &authority,
                "--cert-file",
                &foreign,
                "--key-file",
                &key,
            ],
            "check `--cert-file`",
        ),
    ] {
        let context = Context::new();
        let ran = context.run(&profile(&url, &more));
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn files_that_do_not_fit_are_told_before_anything_is_sent() {
    let (cert, other_key) = (testdata("client.pem"), testdata("server-key.pem"));
    let context = Context::new();
    context.write(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    for (key, said) in [
        (other_key.as_str(), "cannot use the client certificate"),
        (cert.as_str(), "holds no private key"),
        ("locked.pem", "openssl pkey"),
        ("none.pem", "No such file"),
    ] {
        let more = ["--cert-file", &cert, "--key-file", key];
        let ran = context.run(&profile("https://127.0.0.1:1", &more));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    context.write("a.toml", "[server_metrics.tls]\nkey_file = \"k.pem\"\n");
    let ran = context.run(&profile("https://127.0.0.1:1", &["--config", "a.toml"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("cert_file"), "{}", ran.stderr);
    assert!(!context.exists("out"));
}

#[test]
fn a_server_may_have_another_name_than_its_host() {
    let sim = sim();
    let url = terminate(&sim, "elsewhere.pem");
    let context = Context::new();
    let authority = testdata("authority.pem");
    let named = [
        "--ca-file",
        &authority,
        "--server-name",
        "elsewhere.example",
    ];
    context.succeed(&profile(&url, &named));
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 6);
    let endpoint = &report["server_metrics"]["endpoints"][format!("{url}/metrics")];
    assert_eq!(
        endpoint["reachable"], true,
        "the metrics of the same host have its name"
    );
}

#[test]
fn metrics_endpoints_have_tls_of_their_own() {
    let (server, exporter, other) = (sim(), sim(), sim());
    let exporter = terminate_for(&exporter, "elsewhere.pem", CLIENTS);
    let other = terminate(&other, "server.pem");
    let context = Context::new();
    let (authority, cert) = (testdata("authority.pem"), testdata("client.pem"));
    let key = testdata("client-key.pem");
    context.write(
        "a.toml",
        &format!(
            "[server_metrics.tls]\nca_file = {authority:?}\n\
             [collectors.server_metrics.options]\nurls = [{other:?}]\n\
             [[collectors.server_metrics.options.targets]]\nurl = {exporter:?}\n\
             tls = {{ cert_file = {cert:?}, key_file = {key:?}, server_name = \"elsewhere.example\" }}\n"
        ),
    );
    let url = server.url();
    context.succeed(&profile(&url, &["--config", "a.toml"]));
    let report = context.json("out/aiperf.json");
    for url in [&exporter, &other] {
        let endpoint = &report["server_metrics"]["endpoints"][format!("{url}/metrics")];
        assert_eq!(endpoint["reachable"], true, "{url}: {endpoint}");
    }
}

//! The simulated server behind TLS, with a certificate of a private authority.

use std::path::Path;
use std::sync::Arc;

use aiperf_sim::{Sim, SimConfig};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::context::Context;

pub(crate) fn testdata(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/http/testdata");
    folder.join(name).display().to_string()
}

/// Shows `certificate`, and asks for one of the authority `clients` if that is given.
fn acceptor(certificate: &str, clients: Option<&str>) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(testdata(certificate)).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(testdata("server-key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        Some(authority) => {
            let mut roots = rustls::RootCertStore::empty();
            let authority = CertificateDer::from_pem_file(testdata(authority));
            roots
                .add(authority.expect("a certificate"))
                .expect("an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.expect("a fitting key")))
}

/// Takes TLS off in front of `sim`; returns `https://127.0.0.1:port`.
pub(crate) fn terminate(sim: &Sim, certificate: &str) -> String {
    terminate_for(sim, certificate, None)
}

/// The same for clients of an authority only.
pub(crate) fn terminate_for(sim: &Sim, certificate: &str, clients: Option<&str>) -> String {
    let acceptor = acceptor(certificate, clients);
    let target = sim.url().replace("http://", "");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a socket");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    // A client that does not like the certificate hangs up.
                    if let Ok(mut plain) = acceptor.accept(stream).await {
                        let mut server = TcpStream::connect(target).await.expect("the server");
                        copy_bidirectional(&mut plain, &mut server).await.ok();
                    }
                });
            }
        });
    });
    url
}

pub(crate) fn profile<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = "--request-count 6 --concurrency 2 --osl 3 --artifact-dir out --ui none";
    ["profile", "--url", url]
        .into_iter()
        .chain(all.split(' '))
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn load_and_metrics_trust_a_private_authority() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = terminate(&sim, "server.pem");
    let context = Context::new();
    context.succeed(&profile(&url, &["--ca-file", &testdata("authority.pem")]));
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 6);
    let endpoint = &report["server_metrics"]["endpoints"][format!("{url}/metrics")];
    assert_eq!(endpoint["reachable"], true);
    let metrics = &endpoint["servers"]["server-0"]["metrics"];
    assert_eq!(metrics["vllm:generation_tokens"]["total"], 18.0);
}

#[test]
fn the_environment_may_name_the_authorities() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = terminate(&sim, "server.pem");
    let context = Context::new();
    let mut command = context.command(&[
        "collect",
        "--once",
        "--server-metrics",
        &format!("{url}/metrics"),
        "--artifact-dir",
        "out",
    ]);
    command.env("SSL_CERT_FILE", testdata("authority.pem"));
    let ran = super::context::ran(command.output().expect("the binary starts"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_bad_certificate_is_one_line_unless_it_does_not_matter() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    for (certificate, authority, said) in [
        ("expired.pem", "authority.pem", "has expired"),
        (
            "elsewhere.pem",
            "authority.pem",
            "not for `127.0.0.1` but for `elsewhere.example`",
        ),
        ("server.pem", "elsewhere.pem", "`--ca-file`"),
    ] {
        let url = terminate(&sim, certificate);
        let context = Context::new();
        let ran = context.run(&profile(&url, &["--ca-file", &testdata(authority)]));
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        for text in [said, "--insecure", &url] {
            assert!(ran.stderr.contains(text), "`{text}` in {}", ran.stderr);
        }
        let ran = context.succeed(&profile(&url, &["--insecure"]));
        let report = context.json("out/aiperf.json");
        assert_eq!(report["requests"]["done"], 6);
        let loud = |line: &&str| line.contains("certificates are not checked");
        assert_eq!(ran.stderr.lines().filter(loud).count(), 1, "{}", ran.stderr);
        let warnings = report["warnings"].as_array().expect("a list").iter();
        let unverified = warnings.filter(|warning| warning["code"] == "tls_unverified");
        assert_eq!(unverified.count(), 1);
        assert!(ran.stdout.contains("certificates are not checked"));
    }
}

#[test]
fn a_ca_file_that_is_none_is_a_usage_error() {
    let context = Context::new();
    context.write("ca.pem", "no certificate");
    let ran = context.run(&profile("https://127.0.0.1:1", &["--ca-file", "ca.pem"]));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("`ca.pem`"), "{}", ran.stderr);
    assert!(!context.exists("out"));
}

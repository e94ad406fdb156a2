//! TLS against a small server with checked-in certificates.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{OK, block_on, client_with, fetch, send};
use crate::http::*;

const SERVER: &[u8] = include_bytes!("../testdata/server.pem");
const AUTHORITY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/http/testdata/authority.pem"
);
/// Any certificate but the authority's.
const OTHER_AUTHORITY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/http/testdata/elsewhere.pem"
);

fn tls(ca_file: Option<&str>, insecure: bool) -> Tls {
    Tls::new(TlsOptions {
        ca_file: ca_file.map(Into::into),
        insecure,
        ..TlsOptions::default()
    })
}

fn session(tls: &Tls, url: &str) -> TlsSession {
    tls.session(&Origin::parse(url).unwrap()).unwrap()
}

/// A session with `localhost` that trusts our authority.
fn trusting() -> TlsSession {
    session(&tls(Some(AUTHORITY), false), "https://localhost")
}

/// Serves one connection over TLS; a failed handshake is the client's affair.
fn tls_server(certificate: &[u8]) -> (u16, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../testdata/server-key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        if stream.read(&mut [0; 1024]).is_ok_and(|bytes| bytes > 0) {
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    (port, server)
}

#[test]
fn tls_works_with_a_private_authority_and_is_stamped() {
    let (port, server) = tls_server(SERVER);
    let client = client_with(&format!("https://localhost:{port}"), true, Some(trusting()));
    block_on(async {
        let mut response = send(&client, Method::GET).await.unwrap();
        assert!(response.connection().times().tls.is_some());
        let body = response.chunk().await.unwrap().unwrap();
        assert_eq!(body.bytes, "ok");
        let start = response.stamps().first_write().unwrap();
        assert!(start <= body.arrived);
        assert!(
            response.stamps().bytes_written() > 4,
            "stamps count encrypted bytes"
        );
    });
    server.join().unwrap();
}

/// A certificate, whom the client trusts, what it says of it, and what to do.
const BAD: [(&[u8], &str, &str, &str); 3] = [
    (
        include_bytes!("../testdata/expired.pem"),
        AUTHORITY,
        "has expired",
        "renew it",
    ),
    (
        include_bytes!("../testdata/elsewhere.pem"),
        AUTHORITY,
        "not for `localhost` but for `elsewhere.example`",
        "use a name of the certificate",
    ),
    (SERVER, OTHER_AUTHORITY, "not trusted here", "`--ca-file`"),
];

#[test]
fn a_bad_certificate_is_told_in_one_line_with_what_to_do() {
    for (certificate, trusted, said, advised) in BAD {
        let (port, _server) = tls_server(certificate);
        let url = format!("https://localhost:{port}");
        let config = session(&tls(Some(trusted), false), &url);
        let client = client_with(&url, false, Some(config));
        let error = block_on(client.connector().connect()).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.class(), ErrorClass::Tls);
        assert!(text.contains(said) && text.contains(advised), "{text}");
    }
}

#[test]
fn without_checks_every_certificate_will_do() {
    for (certificate, _, _, _) in BAD {
        let (port, _server) = tls_server(certificate);
        let url = format!("https://localhost:{port}");
        let config = session(&tls(None, true), &url);
        let client = client_with(&url, false, Some(config));
        assert_eq!(block_on(fetch(&client, Method::GET)).unwrap(), "ok");
    }
}

#[test]
fn a_file_without_certificates_is_refused() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/testdata/README.md");
    for (file, said) in [
        ("/nonexistent/ca.pem", "No such file"),
        (readme, "no certificate in PEM form"),
    ] {
        let error = tls(Some(file), false).check().unwrap_err();
        assert!(error.contains(file) && error.contains(said), "{error}");
    }
    assert_eq!(tls(Some(AUTHORITY), false).check(), Ok(()));
}

#[test]
fn a_port_without_tls_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let client = client_with(&url, false, Some(trusting()));
    let error = block_on(client.connector().connect()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Tls);
    server.join().unwrap();
}

#[test]
fn https_without_a_configuration_is_refused_at_once() {
    let options = ConnectOptions {
        timeout: Duration::from_secs(1),
        kernel_stamps: false,
        tls: None,
        proxy: None,
        version: HttpVersion::Http1,
    };
    let origin = Origin::parse("https://h").unwrap();
    let error = Connector::new(origin, options, Clock::new()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Tls);
}

#[test]
fn a_silent_server_meets_the_connect_timeout_in_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let options = ConnectOptions {
        timeout: Duration::from_millis(20),
        kernel_stamps: false,
        tls: Some(trusting()),
        proxy: None,
        version: HttpVersion::Http1,
    };
    let connector = Connector::new(Origin::parse(&url).unwrap(), options, Clock::new()).unwrap();
    let error = block_on(connector.connect()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::ConnectTimeout);
    assert!(error.to_string().contains("waited 20ms"), "{error}");
}

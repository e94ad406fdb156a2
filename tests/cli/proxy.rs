//! Proxies between aiperf and the servers: real bytes over loopback. The servers' names are known to
//! the proxy only.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, Ran};
use super::https::{terminate, testdata};

/// What a proxy was asked, head by head.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn heads(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }

    fn all(&self, what: impl Fn(&str) -> bool) -> bool {
        let heads = self.heads();
        !heads.is_empty() && heads.iter().all(|head| what(head))
    }
}

/// A proxy that wants `login` (in base64), if there is one, and reaches every host at 127.0.0.1.
fn proxy(login: Option<&'static str>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "127.0.0.1:{}",
        listener.local_addr().expect("an address").port()
    );
    let asked = Asked::default();
    let told = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let told = told.clone();
            // A client that has hung up is none of the proxy's business.
            thread::spawn(move || forward(stream, login, &told).ok());
        }
    });
    (url, asked)
}

fn forward(mut client: TcpStream, login: Option<&str>, asked: &Asked) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    asked.0.lock().expect("no panic").push(head.clone());
    if login.is_some_and(|login| !head.contains(&format!("proxy-authorization: Basic {login}"))) {
        return client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let authority = target.trim_start_matches("http://").split('/').next();
    let port = authority
        .and_then(|a| a.rsplit_once(':'))
        .map(|(_, port)| port);
    let mut server = TcpStream::connect(format!("127.0.0.1:{}", port.unwrap_or("80")))?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        // One request a connection, so that each of them is seen.
        let path = target.splitn(4, '/').nth(3).unwrap_or_default();
        let head = head.replacen(&target, &format!("/{path}"), 1);
        let head = head.trim_end();
        server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        std::io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Write).ok();
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn profile(context: &Context, url: &str, more: &[&str], variables: &[(&str, &str)]) -> Ran {
    let args = [
        "profile",
        "--url",
        url,
        "--request-count",
        "5",
        "--osl",
        "3",
        "--ui",
        "none",
        "--artifact-dir",
        "out",
    ];
    let mut command = context.command(&[&args[..], more].concat());
    command.envs(variables.iter().copied());
    super::context::ran(command.output().expect("the binary starts"))
}

/// All five requests succeeded, and the server's own metrics were read.
fn check(context: &Context, ran: &Ran, url: &str) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let report = context.json("out/aiperf.json");
    assert_eq!(report["requests"]["done"], 5, "{report:#}");
    let endpoints = &report["server_metrics"]["endpoints"];
    assert_eq!(
        endpoints[format!("{url}/metrics")]["reachable"],
        true,
        "{endpoints:#}"
    );
}

fn named(sim: &Sim, scheme: &str) -> String {
    let port = sim.url().rsplit(':').next().expect("a port").to_owned();
    format!("{scheme}://llm.test:{port}")
}

#[test]
fn plain_requests_name_the_whole_url_to_the_proxy() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (proxy, asked) = proxy(Some("bWU6cHJveHktc2VjcmV0"));
    let context = Context::new();
    let url = named(&sim, "http");
    let login = format!("http://me:proxy-secret@{proxy}");
    let ran = profile(&context, &url, &["--proxy", &login], &[]);
    check(&context, &ran, &url);
    let is_whole = |head: &str| {
        head.contains(&format!(" {url}/"))
            && head.contains("host: llm.test")
            && !head.contains("me:")
    };
    assert!(asked.all(is_whole), "{:#?}", asked.heads());
    for file in std::fs::read_dir(context.path().join("out")).expect("the folder") {
        let path = file.expect("a file").path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        let leaks = text.contains("proxy-secret") || text.contains("bWU6cHJveHktc2VjcmV0");
        assert!(!leaks, "{}", path.display());
    }
    assert!(!(ran.stdout + &ran.stderr).contains("proxy-secret"));
}

#[test]
fn tls_goes_through_a_tunnel() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let near = terminate(&sim, "server.pem");
    let url = near.replace("127.0.0.1", "llm.test");
    let (proxy, asked) = proxy(None);
    let context = Context::new();
    let authority = testdata("authority.pem");
    let more = [
        "--ca-file",
        &authority,
        "--server-name",
        "localhost",
        "--proxy",
        &proxy,
    ];
    let ran = profile(&context, &url, &more, &[]);
    check(&context, &ran, &url);
    let place = url.trim_start_matches("https://");
    let is_tunnel = |head: &str| head.starts_with(&format!("CONNECT {place} HTTP/1.1\r\n"));
    assert!(asked.all(is_tunnel), "{:#?}", asked.heads());
}

#[test]
fn variables_name_proxies_where_nothing_else_does() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (proxy, asked) = proxy(None);
    let context = Context::new();
    let url = named(&sim, "http");
    let ran = profile(&context, &url, &[], &[("HTTP_PROXY", &proxy)]);
    check(&context, &ran, &url);
    assert!(!asked.heads().is_empty());

    // A file wins over the variable, and says here that nothing is proxied.
    let context = Context::new();
    context.write("aiperf.toml", "[proxy]\nexclude = [\"llm.test\"]\n");
    let ran = profile(
        &context,
        &url,
        &[],
        &[("HTTP_PROXY", &proxy), ("NO_PROXY", "x")],
    );
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("cannot resolve the host name"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_near_is_reached_directly_unless_told_otherwise() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let (proxy, asked) = proxy(None);
    let context = Context::new();
    let url = sim.url();
    let ran = profile(&context, &url, &["--proxy", &proxy], &[]);
    check(&context, &ran, &url);
    assert_eq!(asked.heads(), Vec::<String>::new());

    let context = Context::new();
    context.write("aiperf.toml", "[proxy]\nloopback = true\n");
    let ran = profile(&context, &url, &["--proxy", &proxy], &[]);
    check(&context, &ran, &url);
    assert!(!asked.heads().is_empty());
}

#[test]
fn a_proxy_that_is_not_there_or_refuses_is_named() {
    let (proxy, _) = proxy(Some("eDp5"));
    for (proxy, url, said) in [
        (
            "127.0.0.1:9",
            "http://llm.test",
            "`http://127.0.0.1:9/`: connection refused",
        ),
        (
            &*proxy,
            "https://llm.test",
            "the proxy asks for other credentials (407)",
        ),
    ] {
        let context = Context::new();
        let ran = profile(&context, url, &["--proxy", proxy], &[]);
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(ran.stderr.contains("check `[proxy]`"), "{}", ran.stderr);
    }
    let context = Context::new();
    let ran = profile(
        &context,
        "http://h",
        &["--proxy", "socks5://me:secretive@p:1"],
        &[],
    );
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(!ran.stderr.contains("secretive"), "{}", ran.stderr);
}

//! What is on this machine is reached whatever is said of proxies: `demo`, and servers on localhost.

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, Ran, ran};

/// Values of `HTTP_PROXY` that nothing can go through.
const UNUSABLE: [&str; 6] = [
    "socks5://me:secretive@127.0.0.1:1",
    "https://127.0.0.1:1",
    "not a proxy",
    "http://",
    "://",
    "http://127.0.0.1:1",
];

fn run(context: &Context, line: &str, proxy: &str) -> Ran {
    let words: Vec<_> = line.split(' ').collect();
    let mut command = context.command(&words);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
    ] {
        command.env(name, proxy);
    }
    ran(command.output().expect("the binary starts"))
}

#[test]
fn a_proxy_that_cannot_be_used_is_in_the_way_of_nothing_near() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = sim.url();
    for proxy in UNUSABLE {
        let context = Context::new();
        for line in [
            "demo --request-count 4 --osl 3 --ui none --artifact-dir a".to_owned(),
            format!("profile --url {url} --request-count 4 --osl 3 --ui none --artifact-dir b"),
            format!("collect --once --server-metrics {url}/metrics --ui none --artifact-dir c"),
            format!("lint {url}/metrics"),
            "config check".to_owned(),
            "config show profile".to_owned(),
            "report a".to_owned(),
        ] {
            let ran = run(&context, &line, proxy);
            assert_eq!(ran.code, Some(0), "{proxy}: {line}: {}", ran.stderr);
            assert!(
                !ran.stderr.contains("proxy"),
                "{proxy}: {line}: {}",
                ran.stderr
            );
            let all = ran.stdout + &ran.stderr;
            assert!(!all.contains("secretive"), "{line}: {all}");
        }
    }
}

#[test]
fn what_would_go_through_it_says_so() {
    for (proxy, said) in [
        ("socks5://me:secretive@127.0.0.1:1", "not as `socks5://`"),
        ("https://127.0.0.1:1", "not as `https://`"),
        ("http://", "names no proxy"),
    ] {
        let context = Context::new();
        for line in [
            "profile --url http://llm.test --ui none",
            "collect --once --server-metrics http://llm.test/metrics --ui none",
            "lint http://llm.test/metrics",
        ] {
            let ran = run(&context, line, proxy);
            assert_eq!(ran.code, Some(3), "{line}: {}", ran.stderr);
            assert!(ran.stderr.contains(said), "{line}: {}", ran.stderr);
            assert!(ran.stderr.contains("http_proxy"), "{line}: {}", ran.stderr);
            assert!(!ran.stderr.contains("secretive"), "{line}: {}", ran.stderr);
        }
        // A file or a flag has the last word, and is held to it.
        context.write("aiperf.toml", "[proxy]\nhttp = \"http://127.0.0.1:9\"\n");
        let ran = run(&context, "profile --url http://llm.test --ui none", proxy);
        assert!(ran.stderr.contains("127.0.0.1:9"), "{}", ran.stderr);
        let line = format!("profile --url http://llm.test --proxy {proxy}");
        let ran = run(&context, &line, "");
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    }
}

#[test]
fn demo_has_a_server_of_its_own() {
    let context = Context::new();
    let help = context.succeed(&["demo", "--help"]).stdout;
    for absent in ["--url <", "--proxy <", "--no-proxy <"] {
        assert!(!help.contains(absent), "{absent} in {help}");
    }
    assert!(help.contains("--concurrency"), "{help}");
    let ran = context.run(&["demo", "--url", "http://me:secretive@h"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.complaints(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("`--url`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("secretive"), "{}", ran.stderr);
    // What a file says of proxies is not for it.
    context.write(
        "aiperf.toml",
        "[endpoint]\nurl = \"http://elsewhere.test\"\n[proxy]\nhttp = \"http://127.0.0.1:1\"\nloopback = true\n",
    );
    let line = "demo --request-count 4 --osl 3 --ui none --artifact-dir out";
    let words: Vec<_> = line.split(' ').collect();
    context.succeed(&words);
}

#[test]
fn hosts_are_left_out_in_every_form() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let url = sim.url();
    let place = url.trim_start_matches("http://");
    let context = Context::new();
    // Without an exclusion there is no way.
    context.write("aiperf.toml", "[proxy]\nloopback = true\n");
    let read = |no_proxy: &str| {
        let line = [
            "collect",
            "--once",
            "--ui",
            "none",
            "--server-metrics",
            &url,
        ];
        let mut command = context.command(&line);
        command.env("http_proxy", "http://127.0.0.1:1");
        command.env("no_proxy", no_proxy);
        ran(command.output().expect("the binary starts")).code
    };
    for none in [
        "",
        ",",
        "10.0.0.0/8",
        "example.org",
        "127.0.0.1:1",
        "7.0.0.1",
    ] {
        assert_eq!(read(none), Some(3), "{none}");
    }
    for form in [
        "*",
        "127.0.0.1",
        place,
        "127.0.0.0/8",
        "127.0.0.1/32",
        " x , 127.0.0.1 ,",
    ] {
        assert_eq!(read(form), Some(0), "{form}");
    }
}

//! Proxies between aiperf and the server. Only they know the server's name.

use crate::case::{Case, Files, Group, ProxyFault};

const PROFILE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--proxy",
    "{proxy}",
    "--request-count",
    "20",
    "--concurrency",
    "1",
    "--osl",
    "4",
    "--connect-timeout",
    "1",
    "--request-timeout-seconds",
    "2",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const NEAR: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "20",
    "--osl",
    "4",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const PLAIN: &str = "http://llm.test";
const TLS: &str = "https://llm.test";

const fn absent(
    name: &'static str,
    url: &'static str,
    fault: ProxyFault,
    says: &'static str,
) -> Case {
    let case = Case::new(name, Group::Server, PROFILE);
    case.proxied(url, fault).ends(3, says).files(Files::None)
}

pub(super) const CASES: &[Case] = &[
    absent("no proxy", PLAIN, ProxyFault::Absent, "connection refused"),
    absent(
        "no proxy, https",
        TLS,
        ProxyFault::Absent,
        "connection refused",
    ),
    absent(
        "proxy wants a login",
        PLAIN,
        ProxyFault::Login,
        "the proxy asks for other credentials (407)",
    ),
    absent(
        "proxy wants a login, https",
        TLS,
        ProxyFault::Login,
        "the proxy asks for other credentials (407)",
    ),
    // It answers in the server's place, which cannot be told from the server itself.
    absent("proxy refuses", PLAIN, ProxyFault::Refuses, "HTTP 403").ends(2, "HTTP 403"),
    absent(
        "proxy refuses, https",
        TLS,
        ProxyFault::Refuses,
        "the proxy refuses a connection to `llm.test:443` (403)",
    ),
    absent("proxy is none", PLAIN, ProxyFault::Garbage, "").ends(2, "not a valid HTTP"),
    absent(
        "proxy is none, https",
        TLS,
        ProxyFault::Garbage,
        "it does not answer as a proxy",
    ),
    absent("proxy says nothing", TLS, ProxyFault::Silent, "in time"),
    Case::new("proxy cuts, midway", Group::Server, PROFILE)
        .proxied(PLAIN, ProxyFault::Cuts)
        .ends(0, "15 of 20 requests failed"),
    Case::new("proxy that cannot be used", Group::Server, NEAR)
        .by("`HTTP_PROXY=socks5://h:1`, a server on this machine")
        .shell("HTTP_PROXY=socks5://h:1 exec \"$0\" \"$@\""),
];

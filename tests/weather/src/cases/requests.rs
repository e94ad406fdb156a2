//! Inference requests that are answered badly.

use crate::case::{Case, Group};

/// A few requests, with little patience.
const PROFILE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "8",
    "--concurrency",
    "4",
    "--osl",
    "4",
    "--request-timeout-seconds",
    "0.5",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// What only HTTP/2 has.
const HTTP2: &str = "[endpoint]\nhttp_version = \"2\"\n";

const fn case(name: &'static str, faults: &'static [&'static str]) -> Case {
    Case::new(name, Group::Requests, PROFILE).sim(faults, "")
}

pub(super) const CASES: &[Case] = &[
    case("no fault", &[]),
    case("reset", &["reset"]).ends(4, "the server reset the connection"),
    case("hang", &["hang"]).ends(4, "no complete response in time"),
    case("slow head", &["slow-head"]).ends(4, "no complete response in time"),
    case("drip", &["drip"]).ends(4, "no complete response in time"),
    case("cut", &["cut"]).ends(4, "closed the connection before the response was complete"),
    case("cut, some", &["cut:every=3"]).ends(0, "2 of 8 requests failed"),
    case("goaway", &["goaway"])
        .config(HTTP2)
        .by("`http_version = \"2\"`")
        .ends(4, "gave the connection up (INTERNAL_ERROR)"),
    case("refused stream", &["refused-stream"])
        .config(HTTP2)
        .by("`http_version = \"2\"`")
        .ends(4, "reset the stream (REFUSED_STREAM)"),
    case("wrong length", &["wrong-length"]).ends(4, "the stream ended without `[DONE]`"),
    case("endless", &["endless"])
        .ends(4, "no complete response in time")
        .within(6),
    case("gzip bomb", &["gzip-bomb"]).ends(4, "compressed as `gzip`, which was not asked for"),
    case("binary", &["binary"]).ends(4, "should be a stream of events, and holds none"),
    case("html", &["html"]).ends(4, "not what the API promises"),
    case("other json", &["json"]).ends(4, "not what the API promises"),
    case("bad json", &["bad-json"]).ends(4, "not what the API promises"),
    case("bad events", &["bad-events"]).ends(4, "not what the API promises"),
    case("bad events, some", &["bad-events:after=4"]).ends(0, "4 of 8 requests failed"),
    case("429", &["429"]).ends(4, "(retry-after: 1)"),
    case("429 at first", &["429:first=5"]).ends(0, "5 of 8 requests failed"),
    case("500", &["500"]).ends(4, "500 Internal Server Error"),
    case("500, some", &["500:every=2"]).ends(0, "4 of 8 requests failed"),
    case("503", &["503"]).ends(4, "503 Service Unavailable"),
];

//! Metrics pages that are none, or turn bad while the load goes on.

use crate::case::{Case, Files, Group};

/// One source that was asked for, and no load.
const COLLECT: &[&str] = &[
    "collect",
    "--server-metrics",
    "{url}/metrics",
    "--duration",
    "0.5",
    "--server-metrics-interval",
    "0.1",
    "--server-metrics-timeout",
    "0.3",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// The page is good before the load, and bad from then on.
const PROFILE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "40",
    "--concurrency",
    "2",
    "--osl",
    "4",
    "--server-metrics-interval",
    "0.1",
    "--server-metrics-timeout",
    "0.3",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const ALONE: &str = "[server_metrics]\nauto = false\n";

/// No page is any good.
const fn never(name: &'static str, page: &'static str, says: &'static str) -> Case {
    let case = Case::new(name, Group::Pages, COLLECT);
    case.sim(&[], page).config(ALONE).ends(3, says).lines(2)
}

/// Pages turn bad: the load goes on, and what was read before stays.
const fn midway(name: &'static str, page: &'static str, says: &'static str) -> Case {
    Case::new(name, Group::Pages, PROFILE)
        .sim(&[], page)
        .ends(0, says)
}

pub(super) const CASES: &[Case] = &[
    never("page: reset", "reset", "the server reset the connection"),
    never("page: hang", "hang", "no complete response in time"),
    never(
        "page: slow head",
        "slow-head",
        "no complete response in time",
    ),
    never("page: drip", "drip", "no complete response in time"),
    never("page: cut", "cut", "before the response was complete"),
    never("page: gzip bomb", "gzip-bomb", "the response is too large"),
    never("page: binary", "binary", "is binary data"),
    never("page: html", "html", "is HTML or XML"),
    never("page: other json", "json", "is JSON"),
    never("page: 429", "429", "HTTP 429"),
    never("page: 500", "500", "HTTP 500"),
    never("page: endless", "endless", "").files(Files::Whole),
    Case::new("page: wrong length", Group::Pages, COLLECT)
        .sim(&[], "wrong-length")
        .config(ALONE)
        .ends(0, "lines could not be read"),
    midway("own page: hang", "hang", "no server metrics"),
    midway("own page: 500", "500", "no server metrics"),
    midway("own page: html", "html", ""),
    midway("page: reset, midway", "reset:after=1", "readings failed"),
    midway("page: hang, midway", "hang:after=1", "readings failed"),
    midway("page: drip, midway", "drip:after=1", "readings failed"),
    midway("page: cut, midway", "cut:after=1", "readings failed"),
    midway(
        "page: endless, midway",
        "endless:after=1",
        "readings failed",
    ),
    midway(
        "page: gzip bomb, midway",
        "gzip-bomb:after=1",
        "readings failed",
    ),
    midway("page: html, midway", "html:after=1", "readings failed"),
    midway("page: 500, midway", "500:after=1", "readings failed"),
    midway("page: 503 at first", "503:first=2", "readings failed"),
    midway("page: types, midway", "types:after=2", "another type"),
];

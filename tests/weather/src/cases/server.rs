//! Servers that are not there, go away, or are nobody they claim to be.

use crate::case::{Case, Files, Group};

const PROFILE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "20",
    "--concurrency",
    "1",
    "--osl",
    "4",
    "--connect-timeout",
    "2",
    "--server-metrics-interval",
    "0.1",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const LONG: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--benchmark-duration",
    "1.5",
    "--concurrency",
    "2",
    "--osl",
    "4",
    "--server-metrics-interval",
    "0.1",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const fn case(name: &'static str, faults: &'static [&'static str]) -> Case {
    Case::new(name, Group::Server, PROFILE).sim(faults, "")
}

/// The run does not start.
const fn absent(name: &'static str, fault: &'static [&'static str], says: &'static str) -> Case {
    case(name, fault).ends(3, says).files(Files::None)
}

pub(super) const CASES: &[Case] = &[
    absent("refused", &["refuse"], "connection refused"),
    absent(
        "certificate of an unknown authority",
        &["certificate-unknown"],
        "signed by an authority that is not trusted here",
    ),
    absent(
        "expired certificate",
        &["certificate-expired"],
        "the certificate has expired",
    ),
    absent(
        "certificate for another host",
        &["certificate-other-host"],
        "the certificate is not for",
    )
    .config("[tls]\nca_file = \"authority.pem\"\n"),
    absent(
        "host name that does not resolve",
        &[],
        "cannot resolve the host name",
    )
    .nobody("http://no-such-host.invalid:8000")
    .slow(),
    case("server dies", &["refuse:after=5"]).ends(0, "15 of 20 requests failed"),
    Case::new("server starts again", Group::Server, LONG)
        .sim(&["restart:after=30"], "")
        .ends(0, "started again from zero"),
];

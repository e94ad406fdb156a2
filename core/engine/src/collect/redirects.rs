//! Where a page has moved to, if redirects are to be followed. Credentials stay where they were given.

use http::header::{ACCEPT, HeaderMap, LOCATION, USER_AGENT};
use http::{HeaderName, StatusCode};
use url::Url;

use crate::http::{Origin, Tls, TlsOptions};

/// More redirects than this lead nowhere.
pub(super) const MOST: usize = 5;

/// What is said when there are more.
pub(super) const TOO_MANY: &str = "redirected more than 5 times";

/// Headers that say nothing of who asks.
const HARMLESS: [HeaderName; 2] = [ACCEPT, USER_AGENT];

/// The URL that an answer with this status and `Location` leads to from `url`, without a login and a
/// fragment; `None` if it leads nowhere.
pub(super) fn target(url: &str, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = headers.get(LOCATION).filter(|_| is_redirect)?;
    let mut target = Url::parse(url).ok()?.join(location.to_str().ok()?).ok()?;
    let is_http = matches!(target.scheme(), "http" | "https");
    // What a server says of logins is no reason to send one.
    let is_bare = target.set_username("").is_ok() && target.set_password(None).is_ok();
    target.set_fragment(None);
    (is_http && is_bare).then(|| target.into())
}

/// Whether both are one server: what was meant for one may be sent to the other.
pub(super) fn is_same(one: &Origin, other: &Origin) -> bool {
    let place = |origin: &Origin| (origin.scheme(), origin.host().to_owned(), origin.port());
    place(one) == place(other)
}

/// Headers that any server may get.
pub(super) fn without_credentials(mut headers: HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in HARMLESS {
        kept.extend(headers.remove(&name).map(|value| (name, value)));
    }
    kept
}

/// The same trust, with no certificate of our own and for whatever name the server has.
pub(super) fn anonymous(tls: &Tls) -> Tls {
    Tls::new(TlsOptions {
        cert_file: None,
        key_file: None,
        server_name: None,
        ..tls.options().clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(status: u16, location: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let status = StatusCode::from_u16(status).unwrap();
        target("http://a:1/x/metrics?q=1", status, &headers)
    }

    #[test]
    fn a_location_is_seen_from_where_it_was_said() {
        for (location, expected) in [
            ("/other", "http://a:1/other"),
            ("metrics/", "http://a:1/x/metrics/"),
            ("//b/m?y=2", "http://b/m?y=2"),
            ("https://u:p@b/m#part", "https://b/m"),
        ] {
            assert_eq!(led(302, location).as_deref(), Some(expected), "{location}");
        }
        for (status, location) in [
            (200, "/x"),
            (304, "/x"),
            (302, "ftp://h/"),
            (302, "http://"),
        ] {
            assert_eq!(led(status, location), None, "{status} {location}");
        }
    }

    #[test]
    fn a_server_is_one_by_scheme_host_and_port() {
        let same = |one, other| {
            let [one, other] = [one, other].map(|url| Origin::parse(url).unwrap());
            is_same(&one, &other)
        };
        assert!(same("http://a/x", "http://a:80/y"));
        for other in ["https://a", "http://a:81", "http://b", "http://a.b"] {
            assert!(!same("http://a", other), "{other}");
        }
    }

    #[test]
    fn only_what_says_nothing_of_us_goes_elsewhere() {
        let headers = [
            "accept",
            "authorization",
            "cookie",
            "x-api-key",
            "x-any",
            "user-agent",
        ];
        let headers = headers.map(|name| (name.parse().unwrap(), "v".parse().unwrap()));
        let kept = without_credentials(HeaderMap::from_iter(headers));
        let mut names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "user-agent"]);
    }
}

//! URLs of endpoints.

use url::Url;

/// The path that a metrics page usually has.
const METRICS: &str = "/metrics";
/// Where servers put it that use `/metrics` for something else (TensorRT-LLM).
const PROMETHEUS_METRICS: &str = "/prometheus/metrics";

/// An endpoint: a URL without credentials and fragment, and the credentials it was given with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    url: Url,
    /// User and password, as written (percent-encoded).
    pub(crate) userinfo: Option<(String, String)>,
}

/// Shows no credentials.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").field(&self.url.as_str()).finish()
    }
}

impl Address {
    /// Reads a URL; `http://` may be left out. The error is a message for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let whole = if has_scheme(text) {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        // The message must not repeat the URL: it may hold a password.
        let mut url = Url::parse(&whole).map_err(|error| format!("is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "has the scheme `{}`, expected `http` or `https`",
                url.scheme()
            ));
        }
        let (user, password) = (
            url.username().to_owned(),
            url.password().unwrap_or_default(),
        );
        let userinfo = Some((user, password.to_owned()));
        let cannot = |()| "is no URL of a server".to_owned();
        url.set_username("").map_err(cannot)?;
        url.set_password(None).map_err(cannot)?;
        url.set_fragment(None);
        let userinfo = userinfo.filter(|(user, password)| !user.is_empty() || !password.is_empty());
        Ok(Self { url, userinfo })
    }

    /// The endpoint that a user means: one without a path is at `/metrics`.
    pub(crate) fn endpoint(mut self) -> Self {
        if matches!(self.url.path(), "" | "/") {
            self.url.set_path(METRICS);
        }
        self
    }

    /// Where the metrics of an inference server may be whose base URL this is.
    pub(crate) fn candidates(&self) -> Vec<Self> {
        let base = self.url.path().trim_end_matches('/');
        let mut paths = vec![METRICS.to_owned()];
        if !base.is_empty() {
            paths.push(format!("{base}{METRICS}"));
        }
        paths
            .into_iter()
            .map(|path| self.with_path(&path))
            .collect()
    }

    /// The page that some servers have when their `/metrics` is something else.
    pub(crate) fn fallback(&self) -> Self {
        self.with_path(PROMETHEUS_METRICS)
    }

    /// The same path with a slash at its end, where frameworks redirect to; `None` if it has one.
    pub(crate) fn with_slash(&self) -> Option<Self> {
        let path = self.url.path();
        (!path.ends_with('/')).then(|| {
            let mut url = self.url.clone();
            url.set_path(&format!("{path}/"));
            Self {
                url,
                userinfo: self.userinfo.clone(),
            }
        })
    }

    fn with_path(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(None);
        Self {
            url,
            userinfo: self.userinfo.clone(),
        }
    }

    /// The URL, without credentials.
    pub(crate) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Host and port. Different schemes on one port are one authority: only one can be right.
    pub(crate) fn authority(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default();
        let host = if host == "localhost" {
            "127.0.0.1"
        } else {
            host
        };
        (
            host.to_owned(),
            self.url.port_or_known_default().unwrap_or_default(),
        )
    }

    /// What makes two endpoints equal: scheme, host, port, path and query.
    pub(crate) fn key(&self) -> Key {
        let (host, port) = self.authority();
        let query = self.url.query().map(str::to_owned);
        Key {
            scheme: self.url.scheme().to_owned(),
            host,
            port,
            path: self.url.path().to_owned(),
            query,
        }
    }
}

/// True for `http://h`, not for `h:80`, nor for a URL within a query.
fn has_scheme(text: &str) -> bool {
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.split_once("://")
        .is_some_and(|(scheme, _)| scheme.chars().all(is_scheme))
}

/// See [`Address::key`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    scheme: String,
    host: String,
    port: u16,
    path: String,
    query: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Address {
        Address::parse(text).unwrap().endpoint()
    }

    #[test]
    fn a_scheme_and_a_path_may_be_left_out() {
        for (text, expect) in [
            ("localhost:8081", "http://localhost:8081/metrics"),
            ("localhost:8081/metrics", "http://localhost:8081/metrics"),
            (" server2 ", "http://server2/metrics"),
            ("10.0.0.1:9400/", "http://10.0.0.1:9400/metrics"),
            ("[::1]:9400", "http://[::1]:9400/metrics"),
            (
                "https://h/federate?match[]=up",
                "https://h/federate?match[]=up",
            ),
            ("h/probe?target=http://x", "http://h/probe?target=http://x"),
            ("http://h?target=x", "http://h/metrics?target=x"),
            ("http://h/server1/metrics#part", "http://h/server1/metrics"),
            ("HTTP://Server:80/A", "http://server/A"),
        ] {
            assert_eq!(endpoint(text).as_str(), expect, "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_said_without_repeating_it() {
        for (text, part) in [
            ("", "is no URL: empty host"),
            ("http://", "is no URL: empty host"),
            ("http://user:hunter2@:80/", "is no URL"),
            ("http://h:99999999", "is no URL: invalid port number"),
            (
                "ftp://h/metrics",
                "has the scheme `ftp`, expected `http` or `https`",
            ),
            ("file:///etc/passwd", "has the scheme `file`"),
        ] {
            let message = Address::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains("hunter2"));
        }
    }

    #[test]
    fn credentials_are_taken_out_of_the_url() {
        let address = endpoint("http://me:p%40ss@h:1/metrics");
        assert_eq!(address.as_str(), "http://h:1/metrics");
        assert_eq!(
            address.userinfo,
            Some(("me".to_owned(), "p%40ss".to_owned()))
        );
        assert!(!format!("{address:?}").contains("p%40ss"));
        assert_eq!(endpoint("http://h").userinfo, None);
    }

    #[test]
    fn candidates_of_an_inference_server() {
        let candidates = |text: &str| {
            let addresses = Address::parse(text).unwrap().candidates();
            addresses
                .iter()
                .map(|address| address.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(candidates("http://h:8000"), ["http://h:8000/metrics"]);
        assert_eq!(candidates("http://h:8000/"), ["http://h:8000/metrics"]);
        assert_eq!(
            candidates("https://h/llama/v1/?key=x"),
            ["https://h/metrics", "https://h/llama/v1/metrics"]
        );
    }

    #[test]
    fn equal_endpoints() {
        let same = |a: &str, b: &str| endpoint(a).key() == endpoint(b).key();
        assert!(same("localhost:80", "http://127.0.0.1/metrics"));
        assert!(same("https://h:443/metrics", "https://h"));
        assert!(same("http://a:b@h/metrics", "http://h/metrics"));
        assert!(!same("http://h", "https://h"));
        assert!(!same("http://h:1", "http://h:2"));
        assert!(!same("http://h/metrics", "http://h/metrics/"));
        assert!(!same(
            "http://h/server1/metrics",
            "http://h/server2/metrics"
        ));
        assert!(!same("http://h/metrics?a=1", "http://h/metrics?a=2"));
        assert_eq!(
            endpoint("https://localhost:9").authority(),
            endpoint("127.0.0.1:9").authority()
        );
    }

    #[test]
    fn a_slash_is_added_once() {
        let slashed = endpoint("http://h/metrics?a=1").with_slash().unwrap();
        assert_eq!(slashed.as_str(), "http://h/metrics/?a=1");
        assert_eq!(slashed.with_slash(), None);
    }
}

//! Proxies: which requests go through one, and how.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderMap, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Uri};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{ErrorClass, HttpError};
use super::origin::{Origin, Scheme};

/// The head of a proxy's answer may have this many bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What errors of a proxy say to do.
pub(super) const ADVICE: &str = "check `[proxy]`, `--proxy`, `HTTP_PROXY` and `HTTPS_PROXY`";

/// Which proxy requests go through. Clones share it.
///
/// The machine's own addresses are reached directly, unless [`ProxyOptions::loopback`] says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    options: Arc<ProxyOptions>,
}

/// A proxy that somebody named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Where it is.
    At(Origin),
    /// It cannot be used, for this reason: an error of what would go through it, and of nothing else.
    Unusable(String),
}

/// What users say about proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyOptions {
    /// For `http` URLs.
    pub http: Option<Proxy>,
    /// For `https` URLs.
    pub https: Option<Proxy>,
    /// Hosts that are reached directly: `host` (with its subdomains), `host:port`, an address, a range
    /// of addresses such as `10.0.0.0/8`, or `*`.
    pub exclude: Vec<String>,
    /// Also for `localhost` and the like.
    pub loopback: bool,
}

impl Proxies {
    /// Proxies by these options.
    pub fn new(options: ProxyOptions) -> Self {
        Self {
            options: Arc::new(options),
        }
    }

    /// Takes the URL of a proxy apart.
    ///
    /// # Errors
    /// One line, if it is none, or one of a kind that is not known here.
    pub fn parse(url: &str) -> Result<Origin, String> {
        let kind = url.split_once("://").map_or("http", |(scheme, _)| scheme);
        if !kind.eq_ignore_ascii_case("http") {
            return Err(format!(
                "proxies are spoken to as `http://`, not as `{kind}://`"
            ));
        }
        Origin::parse(url).map_err(|error| error.to_string())
    }

    /// A proxy that a variable of the environment names, which is not ours alone: what is wrong with it
    /// matters only where something would go through it.
    pub fn of_variable(name: &str, url: &str) -> Proxy {
        match Self::parse(url) {
            Ok(proxy) => Proxy::At(proxy),
            Err(why) => Proxy::Unusable(format!("the variable `{name}` names no proxy: {why}")),
        }
    }

    /// The proxy that requests to `origin` go through, if any.
    ///
    /// # Errors
    /// `connect`, if it cannot be used.
    pub fn of(&self, origin: &Origin) -> Result<Option<&Origin>, HttpError> {
        let proxy = match origin.scheme() {
            Scheme::Http => self.options.http.as_ref(),
            Scheme::Https => self.options.https.as_ref(),
        };
        let is_near = !self.options.loopback && is_loopback(origin.host());
        let mut excluded = self.options.exclude.iter();
        let is_direct = is_near || excluded.any(|rule| covers(rule, origin));
        match proxy.filter(|_| !is_direct) {
            None => Ok(None),
            Some(Proxy::At(proxy)) => Ok(Some(proxy)),
            Some(Proxy::Unusable(why)) => {
                let error = HttpError::new(ErrorClass::Connect, origin.to_string(), why);
                Err(error.advise(ADVICE))
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

fn covers(rule: &str, origin: &Origin) -> bool {
    let rule = rule.trim().to_ascii_lowercase();
    let host = origin.host();
    if rule == "*" {
        return true;
    }
    if let (Some((network, bits)), Ok(address)) = (rule.split_once('/'), host.parse()) {
        return is_within(address, network, bits);
    }
    // `[::1]:80`, `::1`, `host:80`, `host`.
    let unbracketed = |text: &str| text.trim_matches(['[', ']']).to_owned();
    let (name, port) = match rule.rsplit_once(':') {
        Some((name, port)) if name.ends_with(']') || !name.contains(':') => {
            (unbracketed(name), port.parse::<u16>().ok())
        }
        _ => (unbracketed(&rule), None),
    };
    let name = name.trim_start_matches("*.").trim_start_matches('.');
    let below = host
        .strip_suffix(name)
        .is_some_and(|rest| rest.ends_with('.'));
    !name.is_empty() && (host == name || below) && port.is_none_or(|port| port == origin.port())
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differ = address.to_bits() ^ network.to_bits();
            differ.leading_zeros() >= bits
        }
        _ => false,
    }
}

/// How requests of an `http` URL are written for a proxy: with the whole URL.
#[derive(Clone, Debug)]
pub(super) struct Forwarded {
    /// `http://host:port`.
    base: String,
    authorization: Option<HeaderValue>,
}

impl Forwarded {
    pub(super) fn new(origin: &Origin, proxy: &Origin) -> Self {
        Self {
            base: origin.url_of(""),
            authorization: authorization(proxy),
        }
    }

    /// Turns a request for the server into one for the proxy.
    pub(super) fn rewrite<B>(&self, request: &mut Request<B>) {
        let target = request.uri().path_and_query().map_or("/", |p| p.as_str());
        // Both parts came out of parsed URLs.
        if let Ok(whole) = format!("{}{target}", self.base).parse::<Uri>() {
            *request.uri_mut() = whole;
        }
        if let Some(value) = &self.authorization {
            let headers: &mut HeaderMap = request.headers_mut();
            headers.insert(PROXY_AUTHORIZATION, value.clone());
        }
    }
}

fn authorization(proxy: &Origin) -> Option<HeaderValue> {
    proxy.authorization().cloned()
}

/// Asks `proxy` for a connection to `origin`; afterwards `stream` is one.
///
/// # Errors
/// `connect` if the proxy refuses or does not answer as one.
pub(super) async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    origin: &Origin,
    proxy: &Origin,
) -> Result<(), HttpError> {
    let failed = |detail: String| {
        HttpError::new(ErrorClass::Connect, proxy.to_string(), detail).advise(ADVICE)
    };
    let broken = |error: std::io::Error| failed(format!("the proxy: {error}"));
    let place = origin.authority_with_port();
    let mut request = format!("CONNECT {place} HTTP/1.1\r\n{HOST}: {place}\r\n").into_bytes();
    if let Some(value) = authorization(proxy) {
        request.extend_from_slice(b"proxy-authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let head = read_head(stream).await.map_err(broken)?;
    match status(&head) {
        Some(status) if (200..300).contains(&status) => Ok(()),
        Some(407) => Err(HttpError::proxy_login(proxy.to_string())),
        Some(status) => Err(failed(format!(
            "the proxy refuses a connection to `{place}` ({status})"
        ))),
        None => Err(failed("it does not answer as a proxy".to_owned())),
    }
}

/// Reads byte by byte, so that nothing of what follows is taken.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES {
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    let version = words.next()?;
    let status = words.next()?.parse().ok()?;
    version.starts_with("HTTP/1.").then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_through(exclude: &[&str], url: &str) -> bool {
        let proxies = Proxies::new(ProxyOptions {
            http: Some(Proxies::of_variable("P", "http://p:3128")),
            exclude: exclude.iter().map(|&rule| rule.to_owned()).collect(),
            ..ProxyOptions::default()
        });
        let proxy = proxies.of(&Origin::parse(url).unwrap());
        proxy.unwrap().is_some()
    }

    #[test]
    fn what_is_near_is_reached_directly() {
        for url in [
            "localhost:1",
            "127.0.0.2",
            "http://[::1]:1",
            "a.localhost",
            "0.0.0.0",
        ] {
            assert!(!goes_through(&[], url), "{url}");
        }
        assert!(goes_through(&[], "localhost.example") && goes_through(&[], "10.0.0.1"));
        assert!(
            !goes_through(&[], "https://h"),
            "there is one for http only"
        );
    }

    #[test]
    fn loopback_is_told_to_go_through() {
        let proxies = Proxies::new(ProxyOptions {
            http: Some(Proxies::of_variable("P", "p")),
            loopback: true,
            ..ProxyOptions::default()
        });
        let proxy = proxies.of(&Origin::parse("localhost").unwrap());
        assert!(proxy.unwrap().is_some());
    }

    #[test]
    fn what_cannot_be_used_is_an_error_of_what_would_go_through_it() {
        let proxies = Proxies::new(ProxyOptions {
            http: Some(Proxies::of_variable("http_proxy", "socks5://u:pw@p:1")),
            exclude: vec!["near".to_owned()],
            ..ProxyOptions::default()
        });
        let of = |url| {
            proxies
                .of(&Origin::parse(url).unwrap())
                .map(|p| p.is_some())
        };
        for direct in ["localhost:1", "near", "https://h"] {
            assert!(!of(direct).unwrap(), "{direct}");
        }
        let said = of("http://h").unwrap_err().to_string();
        assert!(
            said.contains("the variable `http_proxy` names no proxy"),
            "{said}"
        );
        assert!(!said.contains("pw"), "{said}");
    }

    #[test]
    fn hosts_are_excluded_by_name_port_and_range() {
        for (rule, url, direct) in [
            ("*", "h", true),
            ("example.org", "example.org", true),
            ("Example.org", "a.example.org", true),
            (".example.org", "a.example.org", true),
            ("*.example.org", "a.example.org", true),
            ("example.org", "notexample.org", false),
            ("h:81", "h:81", true),
            ("h:81", "h:82", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/99", "10.0.0.1", false),
            ("fd00::/8", "http://[fd12::1]:1", true),
            ("fd12::1", "http://[fd12::1]:1", true),
            ("[fd12::1]:2", "http://[fd12::1]:1", false),
            ("", "h", false),
        ] {
            assert_eq!(goes_through(&[rule], url), !direct, "{rule} {url}");
        }
    }

    #[test]
    fn other_kinds_of_proxy_are_refused() {
        for url in ["socks5://p:1", "https://p:1"] {
            assert!(
                Proxies::parse(url).unwrap_err().contains("spoken to as"),
                "{url}"
            );
        }
        assert!(Proxies::parse("http://").is_err());
    }

    #[test]
    fn the_status_of_an_answer() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status(b"HTTP/1.0 407\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0-OpenSSH\r\n"), None);
    }
}

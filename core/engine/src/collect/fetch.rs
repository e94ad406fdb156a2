//! Requests for pages, with limits and clocks.

use std::io::Read;
use std::time::Duration;

use aiperf_plugin_sdk::PluginError;
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap,
    HeaderName, HeaderValue, LOCATION, USER_AGENT,
};
use http::{Method, Request};
use http_body_util::Full;

use super::access::Access;
use super::redirects;
use crate::event::one_line;
use crate::http::{
    Client, Clock, ConnectOptions, Connector, ErrorClass, FRAMING, HttpError, HttpVersion, Origin,
    Scheme,
};

/// Largest page, before and after decompression.
pub(super) const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) status: u16,
    pub(super) content_type: String,
    /// All headers, as `name: value` lines; those that are no text are left out.
    pub(super) headers: String,
    /// Where a redirect leads, as the server says it; empty if it is none.
    location: String,
    /// The same as a URL to ask.
    moved: Option<String>,
    pub(super) clock: PayloadClock,
}

impl Fetched {
    /// Why an answer of another status than 2xx is no page, on one line.
    pub(super) fn refusal(&self, body: &[u8]) -> String {
        let head = body.get(..200).unwrap_or(body);
        let said = match self.location.as_str() {
            "" => one_line(&String::from_utf8_lossy(head)),
            place => format!("it moved to `{}`", one_line(place)),
        };
        format!("HTTP {}: {said}", self.status)
    }
}

/// Asks one URL again and again, over one connection for each server that it leads to.
#[derive(Debug)]
pub(super) struct Fetcher {
    url: String,
    client: Client,
    path: String,
    headers: HeaderMap,
    compressed: Vec<u8>,
    access: Access,
    timeout: Duration,
    /// Where the last answer led to.
    next: Option<Box<Self>>,
}

impl Fetcher {
    pub(super) fn new(
        url: &str,
        access: Access,
        timeout: Duration,
        clock: &Clock,
    ) -> Result<Self, HttpError> {
        let origin = Origin::parse(url)?;
        let tls = match origin.scheme() {
            Scheme::Https => Some(access.tls.session(&origin)?),
            Scheme::Http => None,
        };
        let headers = complete(access.headers.clone(), &origin);
        let path = origin.path_and_query();
        let options = ConnectOptions {
            timeout,
            kernel_stamps: false,
            tls,
            proxy: access.proxies.of(&origin)?.cloned(),
            version: HttpVersion::Http1,
        };
        let connector = Connector::new(origin, options, clock.clone())?;
        Ok(Self {
            url: url.to_owned(),
            client: Client::new(connector),
            path,
            headers,
            compressed: Vec::new(),
            access,
            timeout,
            next: None,
        })
    }

    /// What asks `url`, to which this one's server leads.
    fn followed(&self, url: &str, clock: &Clock) -> Result<Self, HttpError> {
        let mut access = self.access.clone();
        let own = self.client.connector().origin();
        if !redirects::is_same(own, &Origin::parse(url)?) {
            access.headers = redirects::without_credentials(access.headers);
            access.tls = redirects::anonymous(&access.tls);
        } else if let Some(login) = own.authorization() {
            let headers = &mut access.headers;
            headers.entry(AUTHORIZATION).or_insert(login.clone());
        }
        Self::new(url, access, self.timeout, clock)
    }

    /// Whether pages come encrypted from whoever answers.
    pub(super) fn is_unverified(&self) -> bool {
        let scheme = self.client.connector().origin().scheme();
        scheme == Scheme::Https && self.access.tls.options().insecure
    }

    /// Reads the page into `body`, decompressed: where redirects are followed, the one that they lead to.
    pub(super) async fn fetch(
        &mut self,
        body: &mut Vec<u8>,
        clock: &Clock,
    ) -> Result<Fetched, HttpError> {
        let follows = self.access.follow_redirects;
        let mut asked = self;
        for _ in 0..=redirects::MOST {
            let (method, nothing) = (Method::GET, Bytes::new());
            let fetched = asked.exchange(&method, &nothing, body, clock).await?;
            let Some(url) = fetched.moved.as_deref().filter(|_| follows) else {
                return Ok(fetched);
            };
            let next = match asked.next.take().filter(|next| next.url == url) {
                Some(next) => next,
                None => Box::new(asked.followed(url, clock)?),
            };
            asked = asked.next.insert(next);
        }
        let url = asked.url.as_str();
        let error = HttpError::new(ErrorClass::Protocol, url, redirects::TOO_MANY);
        Err(error.advise("give the URL of the page itself"))
    }

    /// Sends `sent_body`, and reads the answer into `body`, decompressed.
    pub(super) async fn exchange(
        &mut self,
        method: &Method,
        sent_body: &Bytes,
        body: &mut Vec<u8>,
        clock: &Clock,
    ) -> Result<Fetched, HttpError> {
        body.clear();
        let began = clock.now();
        let build = || {
            let mut request = Request::new(Full::new(sent_body.clone()));
            *request.method_mut() = method.clone();
            // The path came out of a parsed URL.
            *request.uri_mut() = self.path.parse().unwrap_or_default();
            *request.headers_mut() = self.headers.clone();
            request
        };
        let mut response = self.client.send(build, |_| {}).await?;
        let header = |name| {
            let value = response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (content_type, encoding) = (header(CONTENT_TYPE), header(CONTENT_ENCODING));
        let location = header(LOCATION);
        let moved = redirects::target(&self.url, response.status(), response.headers());
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => response.read_to_end(body, BODY_LIMIT).await?,
            "gzip" | "x-gzip" => {
                self.compressed.clear();
                response
                    .read_to_end(&mut self.compressed, BODY_LIMIT)
                    .await?;
                self.inflate(body)?;
            }
            other => return Err(self.unasked(other)),
        }
        let stamps = response.stamps();
        let sent = stamps.first_write().unwrap_or(began);
        let fetched = Fetched {
            status: response.status().as_u16(),
            content_type,
            headers: lines_of(response.headers()),
            location,
            moved,
            clock: PayloadClock::new(
                Instant2 {
                    mono_ns: sent.0,
                    wall_ns: clock.wall_ns(sent),
                },
                stamps.first_read().unwrap_or(sent).0,
                clock.now().0,
            ),
        };
        self.client.recycle(response);
        Ok(fetched)
    }

    fn unasked(&self, encoding: &str) -> HttpError {
        let url = self.client.connector().origin().url_of(&self.path);
        let detail = format!("compressed as `{encoding}`, which was not asked for");
        HttpError::new(ErrorClass::Protocol, url, detail)
            .advise("let the server, or the proxy before it, send it plain or as gzip")
    }

    fn inflate(&self, body: &mut Vec<u8>) -> Result<(), HttpError> {
        let limit = BODY_LIMIT as u64 + 1;
        // Proxies join compressed parts: several members are one page.
        let read = MultiGzDecoder::new(self.compressed.as_slice())
            .take(limit)
            .read_to_end(body);
        let failed = |class, detail: String| {
            let url = self.client.connector().origin().to_string();
            Err(HttpError::new(class, url, detail))
        };
        match read {
            Err(error) => failed(ErrorClass::Protocol, format!("bad gzip data: {error}"))
                .map_err(|error| error.advise("see the server's log")),
            Ok(_) if body.len() > BODY_LIMIT => failed(
                ErrorClass::BodyLimit,
                format!("more than {BODY_LIMIT} bytes inflated"),
            ),
            Ok(_) => Ok(()),
        }
    }
}

/// Headers as plugins get them. Values are one line by HTTP's own rules.
fn lines_of(headers: &HeaderMap) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            lines.extend([name.as_str(), ": ", value, "\n"]);
        }
    }
    lines
}

/// Adds what every request has. Compression costs more than it saves on this machine.
fn complete(mut headers: HeaderMap, origin: &Origin) -> HeaderMap {
    let mut default = |name: HeaderName, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.entry(name).or_insert(value);
        }
    };
    let local = matches!(origin.host(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
    default(HOST, HeaderValue::from_str(&origin.authority()).ok());
    default(AUTHORIZATION, origin.authorization().cloned());
    default(ACCEPT, Some(HeaderValue::from_static("*/*")));
    default(
        USER_AGENT,
        Some(HeaderValue::from_static(concat!(
            "aiperf/",
            env!("CARGO_PKG_VERSION")
        ))),
    );
    if !local {
        default(ACCEPT_ENCODING, Some(HeaderValue::from_static("gzip")));
    }
    headers
}

/// Headers from `name: value` pairs; those that cannot be sent are an error.
pub(super) fn header_map<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<HeaderMap, PluginError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let bad = || PluginError::config("headers", format!("header `{name}` cannot be sent"));
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| bad())?;
        value.set_sensitive(true);
        let name = name.trim().parse::<HeaderName>().map_err(|_| bad())?;
        if FRAMING.contains(&name) {
            let message = format!("header `{name}` is about the request's length; take it out");
            return Err(PluginError::config("headers", message));
        }
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_plugin_says_how_long_a_request_is() {
        for name in ["Content-Length", "transfer-encoding"] {
            let refused = header_map([("x-a", "1"), (name, "7")].into_iter()).unwrap_err();
            assert!(refused.to_string().contains("take it out"), "{refused}");
        }
        assert_eq!(header_map([("x-a", "1")].into_iter()).unwrap().len(), 1);
    }
}

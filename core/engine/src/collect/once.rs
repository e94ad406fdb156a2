//! One request and no more, for plugins and commands.

use aiperf_plugin_sdk::hosting::HttpRequest;
use aiperf_plugin_sdk::{ErrorKind, HttpResponse, PluginError};
use bytes::Bytes;
use http::Method;

use super::access::Access;
use super::fetch::{Fetcher, header_map};
use crate::event::one_line;
use crate::http::{Clock, HttpError, Proxies, Tls};

/// A single request, on the caller's thread.
///
/// # Errors
/// If it is neither GET nor POST, a header cannot be sent, or no whole answer came in time.
pub fn fetch_once(
    request: &HttpRequest<'_>,
    clock: &Clock,
    tls: &Tls,
    proxies: &Proxies,
) -> Result<HttpResponse, PluginError> {
    let method = match request.method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        other => {
            let message = format!("the host lends GET and POST only, not {}", one_line(other));
            return Err(PluginError::new(ErrorKind::Unsupported, message));
        }
    };
    let pairs = request
        .headers
        .lines()
        .filter_map(|line| line.split_once(':'));
    let headers = header_map(pairs)?;
    let network =
        |error: HttpError| PluginError::new(ErrorKind::Network, error.to_string()).retriable();
    let access = Access {
        headers,
        tls: tls.clone(),
        proxies: proxies.clone(),
        follow_redirects: false,
    };
    let mut fetcher = Fetcher::new(request.url, access, request.timeout, clock).map_err(network)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (sent_body, mut body) = (Bytes::copy_from_slice(request.body), Vec::new());
    let answer = runtime.block_on(async {
        let exchange = fetcher.exchange(&method, &sent_body, &mut body, clock);
        tokio::time::timeout(request.timeout, exchange).await
    });
    match answer {
        Ok(Ok(page)) => Ok(HttpResponse {
            status: page.status,
            content_type: page.content_type,
            body,
            headers: page.headers,
        }),
        Ok(Err(error)) => Err(network(error)),
        Err(_) => {
            let message = format!("no answer from `{}` in time", request.url);
            Err(PluginError::new(ErrorKind::Timeout, message).retriable())
        }
    }
}

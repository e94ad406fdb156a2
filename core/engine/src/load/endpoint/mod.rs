//! The APIs that load is sent to: path, request body, and what a response means.

mod body;
mod chat;
mod completions;
mod path;
mod usage;
mod wire;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;

use super::failure::Failure;
use super::plan::{EndpointKind, LoadPlan, PlanError};

pub(super) use body::BodyTemplate;
pub(super) use path::{endpoint_path, models_path};
pub use usage::Usage;
pub use wire::FinishReason;
pub(super) use wire::Reply;

/// Correlates a request with the server's log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("aiperf/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Everything about the requests of a run that is the same for all of them.
#[derive(Debug)]
pub(super) struct Endpoint {
    kind: EndpointKind,
    target: Uri,
    headers: HeaderMap,
    pub(super) body: BodyTemplate,
}

impl Endpoint {
    pub(super) fn new(plan: &LoadPlan) -> Result<Self, PlanError> {
        let path = endpoint_path(plan);
        let target =
            Uri::try_from(&path).map_err(|error| PlanError::Unsendable(path, error.to_string()))?;
        let mut headers = common_headers(plan)?;
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, if plan.streaming { EVENT_STREAM } else { JSON });
        headers.extend(plan.headers.clone());
        Ok(Self {
            kind: plan.endpoint,
            target,
            headers,
            body: BodyTemplate::new(plan),
        })
    }

    /// The HTTP request that carries `body`.
    pub(super) fn request(&self, id: u64, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        request
            .headers_mut()
            .insert(REQUEST_ID, HeaderValue::from(id));
        request
    }

    /// Reads one event of a stream, or a whole response body.
    pub(super) fn read(&self, json: &[u8]) -> Result<Reply, Failure> {
        match self.kind {
            EndpointKind::Chat => wire::read::<chat::Choice<'_>>(json),
            EndpointKind::Completions => wire::read::<completions::Choice<'_>>(json),
        }
    }
}

/// Host, agent and authorization; a key given for the run wins over one in the URL.
pub(super) fn common_headers(plan: &LoadPlan) -> Result<HeaderMap, PlanError> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, sendable("host", &plan.origin.authority())?);
    headers.insert(USER_AGENT, AGENT);
    if let Some(authorization) = plan.origin.authorization() {
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    if let Some(key) = &plan.api_key {
        let mut value = sendable("api key", &format!("Bearer {}", key.expose()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

fn sendable(name: &str, value: &str) -> Result<HeaderValue, PlanError> {
    HeaderValue::try_from(value)
        .map_err(|error| PlanError::Unsendable(name.to_owned(), error.to_string()))
}

#[cfg(test)]
mod tests;

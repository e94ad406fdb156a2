//! The APIs that load is sent to: path, request body, and what a response means. Each API has a file
//! of its own, named after it.

mod api;
mod body;
mod chat;
mod choices;
mod completions;
mod drafts;
mod embeddings;
mod field;
mod frame;
mod generate;
mod input;
mod kind;
mod messages;
mod path;
mod problem;
mod rankings;
mod raw;
mod reply;
mod responses;
mod template;
mod usage;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;

use super::failure::Failure;
use super::plan::{LoadPlan, PlanError};
use crate::http::Origin;

pub(super) use body::{Asked, BodyTemplate};
pub use drafts::Drafts;
pub use field::Field;
pub use kind::EndpointKind;
pub(super) use path::{endpoint_path, models_path};
pub use reply::FinishReason;
pub(super) use reply::{Reply, Said};
pub use template::{Template, TemplateError};
pub use usage::{PackedUsage, Usage};

/// Correlates a request with the server's log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where Anthropic's API looks for the key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("aiperf/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Everything about the requests of a run that is the same for all of them.
#[derive(Debug)]
pub(super) struct Endpoint {
    kind: EndpointKind,
    field: Option<Arc<Field>>,
    session_header: Option<HeaderName>,
    /// One entry a server.
    targets: Vec<Target>,
    pub(super) body: BodyTemplate,
}

/// The endpoint on one server.
#[derive(Debug)]
struct Target {
    uri: Uri,
    headers: HeaderMap,
}

impl Endpoint {
    pub(super) fn new(plan: &LoadPlan) -> Result<Self, PlanError> {
        let targets = plan.origins().map(|origin| Target::new(plan, origin));
        Ok(Self {
            kind: plan.endpoint,
            field: plan.response_field.clone(),
            session_header: plan.session_header.clone(),
            targets: targets.collect::<Result<_, _>>()?,
            body: BodyTemplate::new(plan),
        })
    }

    /// The HTTP request that carries `body` to a server, of the conversation with the number `session`.
    ///
    /// # Panics
    /// If there are not as many servers.
    pub(super) fn request(
        &self,
        server: usize,
        (id, session): (u64, u64),
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let target = &self.targets[server];
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = target.uri.clone();
        *request.headers_mut() = target.headers.clone();
        request
            .headers_mut()
            .insert(REQUEST_ID, HeaderValue::from(id));
        if let Some(name) = &self.session_header {
            let session = HeaderValue::from(session);
            request.headers_mut().insert(name, session);
        }
        request
    }

    /// Whether a stream may end without saying so: nobody knows how APIs of other kinds do it.
    pub(super) fn ends_with_the_body(&self) -> bool {
        matches!(self.kind, EndpointKind::Raw | EndpointKind::Template)
    }

    /// Reads one event of a stream, or a whole response body.
    pub(super) fn read(&self, json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
        match &self.field {
            Some(field) => field.read(json, said),
            // It tries what the answer may be: that is not for a part of it to tell.
            None if self.ends_with_the_body() => (self.kind.api().read)(json, said),
            None => said.again(json).map_or_else(
                || {
                    said.starts();
                    let reply = (self.kind.api().read)(json, said)?;
                    said.learn(json, &reply);
                    Ok(reply)
                },
                Ok,
            ),
        }
    }
}

impl Target {
    fn new(plan: &LoadPlan, origin: &Origin) -> Result<Self, PlanError> {
        let path = endpoint_path(plan, origin);
        let uri =
            Uri::try_from(&path).map_err(|error| PlanError::Unsendable(path, error.to_string()))?;
        let mut headers = common_headers(plan, origin)?;
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, if plan.streaming { EVENT_STREAM } else { JSON });
        if plan.endpoint == EndpointKind::Messages {
            headers.insert(ANTHROPIC_VERSION, HeaderValue::from_static("2023-06-01"));
            let key = plan.api_key.as_ref();
            let key = key.map(|key| secret("api key", key.expose())).transpose()?;
            if let Some(key) = key {
                headers.insert(API_KEY, key);
            }
        }
        headers.extend(plan.headers.clone());
        Ok(Self { uri, headers })
    }
}

/// Host, agent and authorization; a key given for the run wins over one in the URL.
pub(super) fn common_headers(plan: &LoadPlan, origin: &Origin) -> Result<HeaderMap, PlanError> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, sendable("host", &origin.authority())?);
    headers.insert(USER_AGENT, AGENT);
    if let Some(authorization) = origin.authorization() {
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    if let Some(key) = &plan.api_key {
        let value = secret("api key", &format!("Bearer {}", key.expose()))?;
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

fn secret(name: &str, value: &str) -> Result<HeaderValue, PlanError> {
    let mut value = sendable(name, value)?;
    value.set_sensitive(true);
    Ok(value)
}

fn sendable(name: &str, value: &str) -> Result<HeaderValue, PlanError> {
    HeaderValue::try_from(value)
        .map_err(|error| PlanError::Unsendable(name.to_owned(), error.to_string()))
}

#[cfg(test)]
mod tests;

//! Which path does what, and every answer that is not an inference.

use crate::endpoint::Endpoint;
use crate::http::{Head, Response, prefers_openmetrics};
use crate::metrics::{Format, Kind};
use crate::shared::Shared;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Infer(Endpoint),
    Metrics(Kind),
    Models,
    Health,
    Version,
    WrongMethod,
    Unknown,
}

impl Route {
    pub(crate) fn of(head: &Head) -> Self {
        let (route, method) = match head.path.as_str() {
            "/metrics" => (Self::Metrics(Kind::Whole), "GET"),
            "/multi/metrics" => (Self::Metrics(Kind::Multi), "GET"),
            "/dcgm/metrics" => (Self::Metrics(Kind::Dcgm), "GET"),
            "/v1/models" => (Self::Models, "GET"),
            "/health" => (Self::Health, "GET"),
            "/version" => (Self::Version, "GET"),
            path => match Endpoint::at(path) {
                Some(endpoint) => (Self::Infer(endpoint), "POST"),
                None => return Self::Unknown,
            },
        };
        if head.method == method {
            route
        } else {
            Self::WrongMethod
        }
    }

    /// The answer of a route that needs nothing but the configuration.
    pub(crate) fn answer(self, head: &Head, shared: &Shared) -> Response {
        match self {
            Self::Models => models(shared),
            Self::Health => Response::json(200, "{}"),
            Self::Version => {
                let version = serde_json::json!({ "version": env!("CARGO_PKG_VERSION") });
                Response::json(200, version.to_string())
            }
            Self::WrongMethod => Response::error(
                405,
                &format!("{} is not allowed on {}", head.method, head.path),
            ),
            Self::Unknown | Self::Infer(_) | Self::Metrics(_) => {
                Response::error(404, &format!("no such route: {}", head.path))
            }
        }
    }
}

fn models(shared: &Shared) -> Response {
    let body = serde_json::json!({
        "object": "list",
        "data": [{
            "id": shared.config.model,
            "object": "model",
            "created": shared.created,
            "owned_by": "aiperf-sim",
            "max_model_len": shared.config.context_length,
        }],
    });
    Response::json(200, body.to_string())
}

/// The answer to a scrape.
pub(crate) fn page(kind: Kind, head: &Head, shared: &Shared) -> Response {
    let (format, content_type) = if prefers_openmetrics(&head.accept) {
        (
            Format::OpenMetrics,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )
    } else {
        (Format::Classic, "text/plain; version=0.0.4; charset=utf-8")
    };
    let body = shared.pages.render(kind, format, &shared.stats);
    Response::new(content_type, body)
}

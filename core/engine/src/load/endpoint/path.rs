//! Where an API lives on a server, whatever form of its URL the user has at hand.

use super::api::Place;
use super::kind::EndpointKind;
use crate::http::Origin;
use crate::load::plan::LoadPlan;

/// The request target of the endpoint on a server.
///
/// `http://h`, `http://h/v1` and `http://h/v1/chat/completions` all mean the same. A path given
/// apart is taken as it is, below the URL's own path.
pub(in crate::load) fn endpoint_path(plan: &LoadPlan, origin: &Origin) -> String {
    let base = origin.base_path();
    let path = match (
        &plan.endpoint_path,
        (plan.endpoint.api().place)(plan.streaming),
    ) {
        (Some(path), _) => format!("{base}/{}", path.trim_start_matches('/')),
        (None, Place::Versioned(end)) if is_endpoint(base, end) => base.to_owned(),
        (None, Place::Versioned(end)) if ends_with_version(base) => format!("{base}{end}"),
        (None, Place::Versioned(end)) => format!("{base}/v1{end}"),
        (None, Place::Fixed(path)) if base.ends_with(path) => base.to_owned(),
        (None, Place::Fixed(path)) => format!("{base}{path}"),
        (None, Place::Url) if base.is_empty() => "/".to_owned(),
        (None, Place::Url) => base.to_owned(),
    };
    match origin.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// The request target of the list of models.
pub(in crate::load) fn models_path(origin: &Origin) -> String {
    let base = origin.base_path();
    let ends = EndpointKind::ALL.into_iter().filter_map(|kind| {
        let Place::Versioned(end) = (kind.api().place)(true) else {
            return None;
        };
        base.strip_suffix(end)
    });
    // `/completions` ends `/chat/completions` too: the shortest stem is the server's.
    let stem = ends.min_by_key(|stem| stem.len());
    match stem {
        Some(stem) => format!("{stem}/models"),
        None if ends_with_version(base) => format!("{base}/models"),
        None => format!("{base}/v1/models"),
    }
}

/// Whether a path is that of the API already: `/chat/completions` is not that of `/completions`.
fn is_endpoint(base: &str, end: &str) -> bool {
    let longer = base.ends_with("/chat/completions") && end == "/completions";
    base.ends_with(end) && !longer
}

/// `/v1`, and the `/v1beta`, `/v3` and the like of servers that number their API otherwise.
fn ends_with_version(base: &str) -> bool {
    let last = base.rsplit('/').next().unwrap_or_default();
    let number = last.strip_prefix('v').unwrap_or_default();
    number.starts_with(|first: char| first.is_ascii_digit())
}

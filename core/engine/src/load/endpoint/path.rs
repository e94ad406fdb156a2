//! Where an API lives on a server, whatever form of its URL the user has at hand.

use crate::load::plan::{EndpointKind, LoadPlan};

fn suffix(kind: EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Chat => "/chat/completions",
        EndpointKind::Completions => "/completions",
    }
}

/// The request target of the endpoint.
///
/// `http://h`, `http://h/v1` and `http://h/v1/chat/completions` all mean the same. A path given
/// apart is taken as it is, below the URL's own path.
pub(in crate::load) fn endpoint_path(plan: &LoadPlan) -> String {
    let base = plan.origin.base_path();
    let path = match &plan.endpoint_path {
        Some(path) => format!("{base}/{}", path.trim_start_matches('/')),
        None if is_endpoint(base, plan.endpoint) => base.to_owned(),
        None if ends_with_version(base) => format!("{base}{}", suffix(plan.endpoint)),
        None => format!("{base}/v1{}", suffix(plan.endpoint)),
    };
    match plan.origin.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// The request target of the list of models.
pub(in crate::load) fn models_path(plan: &LoadPlan) -> String {
    let base = plan.origin.base_path();
    let stem = ["/chat/completions", "/completions"]
        .iter()
        .find_map(|end| base.strip_suffix(end));
    match stem {
        Some(stem) => format!("{stem}/models"),
        None if ends_with_version(base) => format!("{base}/models"),
        None => format!("{base}/v1/models"),
    }
}

fn is_endpoint(base: &str, kind: EndpointKind) -> bool {
    match kind {
        EndpointKind::Chat => base.ends_with("/chat/completions"),
        EndpointKind::Completions => {
            base.ends_with("/completions") && !base.ends_with("/chat/completions")
        }
    }
}

/// `/v1`, and the `/v1beta`, `/v3` and the like of servers that number their API otherwise.
fn ends_with_version(base: &str) -> bool {
    let last = base.rsplit('/').next().unwrap_or_default();
    let number = last.strip_prefix('v').unwrap_or_default();
    number.starts_with(|first: char| first.is_ascii_digit())
}

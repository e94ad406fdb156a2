//! Which endpoints answered.

use aiperf_plugin_sdk::report::{EndpointReport, ServerReport};

use crate::paint::Paint;
use crate::text::{centered, neutral};

/// Heading of the server metrics with all endpoints.
pub(crate) fn lines(endpoints: &[EndpointReport], page: usize, paint: Paint) -> Vec<String> {
    let reachable = endpoints
        .iter()
        .filter(|endpoint| endpoint.reachable)
        .count();
    let title = centered("aiperf | Server Metrics Summary", page);
    let count = format!("{reachable}/{} Server endpoints reachable", endpoints.len());
    let mut lines: Vec<_> = title.iter().map(|line| paint.title(line)).collect();
    lines.extend(centered(&count, page));
    for endpoint in endpoints {
        let mark = if endpoint.reachable {
            paint.good("✔")
        } else {
            paint.bad("✘")
        };
        let text = format!(
            "• {} {mark}{}",
            neutral(&endpoint.display),
            reason(endpoint)
        );
        lines.extend(centered(&text, page));
    }
    lines
}

fn reason(endpoint: &EndpointReport) -> String {
    let failure = endpoint
        .last_error
        .as_ref()
        .map(|failure| failure.class.as_str());
    match endpoint.disabled.as_deref().or(failure) {
        Some(reason) if !endpoint.reachable => format!(" {}", neutral(reason)),
        _ => String::new(),
    }
}

/// Title of a server's table; what it does not say of itself is left out.
pub(crate) fn title(server: &ServerReport, servers: &[ServerReport]) -> String {
    let shared = servers
        .iter()
        .filter(|other| other.endpoint_url == server.endpoint_url)
        .count()
        > 1;
    let id = shared.then_some(server.server_id.as_str());
    let own = [
        server.metadata.server_type.as_str(),
        server.metadata.instance.as_str(),
    ];
    let own = own
        .into_iter()
        .filter(|text| !text.is_empty() && *text != "unknown");
    let parts = std::iter::once(server.endpoint_display.as_str())
        .chain(id)
        .chain(own);
    neutral(&parts.collect::<Vec<_>>().join(" | "))
}

//! Which endpoints answered, and how well.

use aiperf_plugin_sdk::report::{EndpointReport, ScrapeFailure, ServerReport};

use crate::number::{Scale, count};
use crate::paint::Paint;
use crate::table::{Columns, Row, Table};
use crate::text::{centered, neutral};

const ACCOUNTING: Columns = Columns {
    first: "Scrapes",
    names: &[
        "due", "done", "failed", "skipped", "late", "avg ms", "max ms",
    ],
    given_up: &[0, 5, 4, 3],
};

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
    // Where nobody named an endpoint and others answer, nothing is wrong.
    let missed = |endpoint: &EndpointReport| reachable > 0 && is_missed(endpoint);
    for endpoint in endpoints.iter().filter(|endpoint| !missed(endpoint)) {
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
    let missed = endpoints.iter().filter(|endpoint| missed(endpoint));
    let missed = missed.map(|endpoint| neutral(&endpoint.display) + &reason(endpoint));
    let missed: Vec<_> = missed.collect();
    if !missed.is_empty() {
        let text = format!("looked for, and not there: {}", missed.join(", "));
        let text = centered(&text, page);
        lines.extend(text.iter().map(|line| paint.dim(line)));
    }
    lines
}

/// Whether it was only looked for, and is not there.
fn is_missed(endpoint: &EndpointReport) -> bool {
    endpoint.automatic && !endpoint.reachable && endpoint.disabled.is_none()
}

/// Why an endpoint did not answer. One that was only looked for may have no failure.
fn reason(endpoint: &EndpointReport) -> String {
    if endpoint.reachable {
        return String::new();
    }
    let failure = endpoint.last_error.as_ref();
    let failure = failure.map(|failure| failure.class.as_str());
    let reason = endpoint.disabled.as_deref().or(failure);
    format!(" {}", neutral(reason.unwrap_or("not found")))
}

/// What became of the scrapes, by endpoint; `None` if nothing was scraped. Automatic endpoints that
/// never answered are left to the heading.
pub(crate) fn accounting(endpoints: &[EndpointReport], available: usize) -> Option<Table> {
    let told = endpoints
        .iter()
        .filter(|endpoint| endpoint.reachable || !endpoint.automatic);
    let rows: Vec<_> = told.flat_map(accounting_rows).collect();
    (!rows.is_empty()).then(|| Table::new(&ACCOUNTING, rows, available))
}

fn accounting_rows(endpoint: &EndpointReport) -> Vec<Row> {
    let scrapes = endpoint.scrapes;
    let counts = [
        scrapes.due,
        scrapes.done,
        scrapes.failed,
        scrapes.skipped,
        scrapes.late,
    ];
    let times = [endpoint.latency_avg_ms, endpoint.latency_max_ms];
    let times = Scale::counted("ms", 0.0).cells(times, 3);
    let row = Row {
        name: neutral(&endpoint.display),
        cells: counts.map(count).into_iter().chain(times).collect(),
        ..Row::default()
    };
    let last = endpoint.last_error.as_ref();
    let last = last.filter(|_| endpoint.last_error != endpoint.first_error);
    let first = endpoint.first_error.as_ref();
    let first_name = if last.is_some() {
        "first error"
    } else {
        "error"
    };
    let errors = [(first_name, first), ("last error", last)];
    let errors = errors
        .iter()
        .filter_map(|(name, error)| error.map(|error| error_row(name, error)));
    std::iter::once(row).chain(errors).collect()
}

fn error_row(name: &str, error: &ScrapeFailure) -> Row {
    let text = format!("↳ {name}: {}: {}", error.class, error.message);
    Row::sentence(neutral(&text), 2)
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

//! Of one endpoint: whether it answered, when, and with what.

use aiperf_plugin_sdk::report::Warning;

use super::warn;
use crate::http::{ErrorClass, Origin};
use crate::store::{EndpointView, Store};

const NOTHING_MATCHES: &str = "no metric that was read passes `include` and `exclude`";
const CHECK_PATTERNS: &str = "check `--server-metrics-include`, `--server-metrics-exclude`, and those \
     of its collector for typing errors";

/// Of one endpoint of `store`, whatever the phase. `url`: where the load went.
pub(in crate::report) fn of_endpoint(
    to: &mut Vec<Warning>,
    endpoint: &EndpointView<'_>,
    store: &Store,
    url: &str,
) {
    if !endpoint.is_reached() {
        if endpoint.info().automatic {
            own_page(to, endpoint, url);
        } else {
            unreachable(to, endpoint);
        }
        return;
    }
    let subject = endpoint.info().display.as_str();
    of_scrapes(to, endpoint, subject);
    if !has_sources(endpoint, store) {
        no_metrics(to, endpoint);
    }
    of_pages(to, endpoint, subject);
}

/// An endpoint that the user did not ask for may be absent. That the inference server has a page and
/// cannot give it is told all the same.
fn own_page(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, url: &str) {
    let info = endpoint.info();
    let Some(failure) = endpoint.failures().1 else {
        return;
    };
    let authority = |url: &str| Origin::parse(url).map(|origin| origin.authority()).ok();
    let is_own = !url.is_empty() && authority(&info.url) == authority(url);
    if is_own && is_broken(&failure.class) {
        let message = format!("no server metrics: {}", failure.message);
        let remedy = "see the server's log, or switch the search off with `--no-server-metrics`";
        warn(to, "own_page_broken", &info.display, message, remedy);
    }
}

/// Whether a failure means that something is there which does not work. Refused connections, and
/// answers that there is no such page, do not.
fn is_broken(class: &str) -> bool {
    match class.strip_prefix("http_") {
        Some("501") => false,
        Some(status) => status == "429" || status.starts_with('5'),
        None => [
            ErrorClass::Timeout,
            ErrorClass::Reset,
            ErrorClass::ClosedEarly,
            ErrorClass::Protocol,
            ErrorClass::BodyLimit,
        ]
        .iter()
        .any(|broken| broken.as_str() == class),
    }
}

/// An endpoint of the user's that never answered.
fn unreachable(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>) {
    let info = endpoint.info();
    let failure = endpoint.failures().1;
    let message = endpoint
        .disabled()
        .or(failure.map(|failure| failure.message.as_str()))
        .unwrap_or("it never answered")
        .to_owned();
    let remedy = match failure.map(|failure| failure.code) {
        Some(300..=399) => "give the URL that it moved to, or set `follow_redirects`",
        Some(401 | 403) => "give its credentials: `targets` in the options of its collector",
        _ if has_url(endpoint) => "check its URL, or leave it out",
        _ => "see what its collector needs, or leave it out",
    };
    warn(to, "endpoint_unreachable", &info.display, message, remedy);
}

/// An endpoint of the user's that answers and has nothing to tell.
fn no_metrics(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>) {
    let info = endpoint.info();
    if info.automatic || !is_empty(endpoint) {
        return;
    }
    let (message, remedy) = if endpoint.counts().filtered > 0 {
        (NOTHING_MATCHES, CHECK_PATTERNS)
    } else if has_url(endpoint) {
        let remedy = "switch metrics on in the server, or check its URL";
        ("it answered, but with no metrics", remedy)
    } else {
        (
            "it was read, but has no metrics",
            "see what its collector needs",
        )
    };
    warn(to, "no_metrics", &info.display, message.to_owned(), remedy);
}

/// Whether it has a URL. Others are sources of plugins, by name.
fn has_url(endpoint: &EndpointView<'_>) -> bool {
    endpoint.info().url.contains("://")
}

/// Whether it is a collector itself, whose readings are those of sources of its own.
fn has_sources(endpoint: &EndpointView<'_>, store: &Store) -> bool {
    let collector = &endpoint.info().collector;
    let is_source = |other: &EndpointView<'_>| {
        other.info().collector == *collector && other.info().url != *collector
    };
    endpoint.info().url == *collector && store.endpoints().any(|other| is_source(&other))
}

/// True if no metric of what was answered was kept.
fn is_empty(endpoint: &EndpointView<'_>) -> bool {
    endpoint
        .servers()
        .all(|server| server.families().is_empty())
}

/// Of all endpoints together: that one has nothing of what is wanted is usual where endpoints are
/// tried on the off-chance, but not that all have nothing.
pub(in crate::report) fn of_patterns(to: &mut Vec<Warning>, store: &Store) {
    let reached = || store.endpoints().filter(EndpointView::is_reached);
    let filtered = reached().any(|endpoint| endpoint.counts().filtered > 0);
    let told = to.iter().any(|warning| warning.code == "no_metrics");
    if filtered && !told && reached().all(|endpoint| is_empty(&endpoint)) {
        warn(
            to,
            "no_metrics",
            "",
            NOTHING_MATCHES.to_owned(),
            CHECK_PATTERNS,
        );
    }
}

fn of_scrapes(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let scrapes = endpoint.scrape_counts();
    if scrapes.failed > 0 {
        let last = endpoint
            .failures()
            .1
            .map(|failure| failure.message.as_str());
        let last = last.unwrap_or_default();
        let message = format!(
            "{} of {} readings failed, the last with: {last}",
            scrapes.failed, scrapes.due
        );
        warn(
            to,
            "scrapes_failed",
            subject,
            message,
            "see the server's log",
        );
    }
    if scrapes.skipped + scrapes.late > scrapes.due / 10 {
        let message = format!(
            "of {} readings {} came late and {} were left out",
            scrapes.due, scrapes.late, scrapes.skipped
        );
        warn(
            to,
            "scrapes_late",
            subject,
            message,
            "raise `--server-metrics-interval`",
        );
    }
}

fn of_pages(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let counts = endpoint.counts();
    if counts.parse_errors > 0 {
        let first = endpoint.notes().first();
        let first = first.map(|note| format!(", the first in line {}: {}", note.line, note.reason));
        let first = first.unwrap_or_default();
        let message = format!("{} lines could not be read{first}", counts.parse_errors);
        let remedy = "report them to the maker of the server";
        warn(to, "parse_errors", subject, message, remedy);
    }
    of_types(to, endpoint, subject);
    if counts.duplicates > 0 {
        let message = format!(
            "{} samples stood twice on a page: the last one of each was taken",
            counts.duplicates
        );
        warn(
            to,
            "duplicate_samples",
            subject,
            message,
            "report them to the maker of the server",
        );
    }
    let unreadable = counts.not_utf8 + counts.malformed;
    if unreadable > 0 {
        let message = format!("{unreadable} samples had names that are no text");
        warn(
            to,
            "bad_names",
            subject,
            message,
            "report them to the maker of the server",
        );
    }
    of_memory(to, endpoint, subject);
    if counts.over_limit > 0 {
        let message = format!(
            "{} series were dropped: there are too many",
            counts.over_limit
        );
        let remedy = "raise `[run] max_series` or exclude families";
        warn(to, "too_many_series", subject, message, remedy);
    }
}

/// Of families that the source has called something else.
fn of_types(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let changes = endpoint.type_changes();
    let Some(first) = changes.first() else { return };
    let others = match changes.len() - 1 {
        0 => String::new(),
        others => format!(", and {others} others changed theirs"),
    };
    let message = format!(
        "`{}` was a {} and became another type, a {}{others}: the first type was kept",
        first.family, first.before, first.after
    );
    let remedy = "find out what changed in the server, and run again";
    warn(to, "type_changed", subject, message, remedy);
}

fn of_memory(to: &mut Vec<Warning>, endpoint: &EndpointView<'_>, subject: &str) {
    let remedy = "raise `[run] memory_limit`, lengthen the interval or exclude families";
    if let Some(folded) = endpoint.folded() {
        let message = format!(
            "its first {} readings are kept as statistics only: percentiles have an error of up to \
             0.5 %",
            folded.pages
        );
        warn(to, "memory_limit", subject, message, remedy);
    }
    let dropped = endpoint.counts().over_memory;
    if dropped > 0 {
        let message = format!("{dropped} series were dropped: memory was full");
        warn(to, "memory_limit", subject, message, remedy);
    }
}

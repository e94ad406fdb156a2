//! What the tool knows of its readings of an endpoint. See `docs/metrics.md#scrape-metrics`.

use aiperf_plugin_sdk::report::MetricReport;

use super::PhaseWindow;
use super::server;
use super::window::Window;
use crate::store::{EndpointView, Store};

/// The metrics, by key, and what each is.
const KNOWN: [(&str, &str); 4] = [
    ("scrape_body_size_bytes", "Bytes of the page, uncompressed."),
    (
        "scrape_duration_seconds",
        "Time from the request to the last byte.",
    ),
    (
        "scrape_samples_scraped",
        "Samples on the page, before any are left out.",
    ),
    ("up", "1 if the reading brought metrics, else 0."),
];

/// Metrics of the readings of an endpoint in `phases[at]`; none for one that nobody asked for and that
/// never answered, and none at all if no endpoint did: then there is no recording of them.
pub(super) fn metrics(
    store: &Store,
    endpoint: &EndpointView<'_>,
    phases: &[PhaseWindow],
    at: usize,
    has_load: bool,
) -> Vec<MetricReport> {
    let is_recorded = store.endpoints().any(|endpoint| endpoint.is_reached());
    if !is_recorded || endpoint.info().automatic && !endpoint.is_reached() {
        return Vec::new();
    }
    let own = store.own(endpoint.id);
    let window = Window::of(&own, phases, at, has_load);
    let mut measured = server::measured(&own, &window);
    let mut metrics = measured
        .pop()
        .map(|measured| measured.report.metrics)
        .unwrap_or_default();
    for metric in &mut metrics {
        let known = KNOWN.iter().find(|(key, _)| metric.key == *key);
        metric.description = known.map_or("", |(_, what)| what).to_owned();
    }
    metrics
}

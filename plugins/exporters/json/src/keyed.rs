//! Lists that are objects by key in the document.

use aiperf_plugin_sdk::report::MetricReport;
use serde::Serializer;

/// Metrics as an object by key, in the order of the list.
pub(crate) fn metrics<S: Serializer>(
    metrics: &&[MetricReport],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(metrics.iter().map(|metric| (&metric.key, metric)))
}

//! One file of pressure stall information, such as
//! `some avg10=1.50 avg60=0.47 avg300=0.10 total=4010530177`.

use aiperf_plugin_sdk::prelude::*;

const RATIO: &str = "pressure_ratio";
const STALLED: &str = "pressure_stalled_seconds_total";

/// Says what the families are; they are on no page that could say it.
pub(crate) fn describe(batch: &mut Batch) {
    let help = "Part of the time in which some or all programs waited.";
    batch.describe(RATIO, MetricKind::Gauge, help, "ratio");
    let help = "Time in which some or all programs waited.";
    batch.describe(STALLED, MetricKind::Counter, help, "seconds");
}

/// Reads the file of `resource`.
pub(crate) fn read(resource: &str, text: &str, batch: &mut Batch) -> Result<()> {
    for line in text.lines() {
        let mut words = line.split(' ');
        let who = words.next().unwrap_or_default();
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let value: f64 = value.parse()?;
            let labels = [("resource", resource), ("tasks", who)];
            match key.strip_prefix("avg") {
                Some(seconds) => {
                    let window = format!("{seconds}s");
                    let labels = [labels[0], labels[1], ("window", &window)];
                    // Percent there.
                    batch.gauge(RATIO, &labels, value / 100.0);
                }
                // Microseconds there.
                None if key == "total" => batch.counter(STALLED, &labels, value / 1e6),
                None => {}
            }
        }
    }
    Ok(())
}

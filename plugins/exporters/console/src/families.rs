//! Metrics of a server by family, so that the series of one family stand together under its name.

use std::collections::{BTreeMap, BTreeSet};

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::display::metric_title;
use aiperf_plugin_sdk::report::MetricReport;

use crate::selection::is_idle;
use crate::text::neutral;

/// Series of one name, and their sum if there is one.
#[derive(Debug, Default)]
pub(crate) struct Family<'a> {
    /// The family as a whole: the sum over its series, or its only series.
    pub(crate) whole: Option<&'a MetricReport>,
    /// Its series, if there are several.
    pub(crate) series: Vec<&'a MetricReport>,
}

/// Families in the order of the first key of each.
pub(crate) fn families(metrics: &[MetricReport]) -> Vec<Family<'_>> {
    let mut positions = BTreeMap::new();
    let mut families: Vec<Family<'_>> = Vec::new();
    for metric in metrics {
        let name = if metric.name.is_empty() {
            &metric.key
        } else {
            &metric.name
        };
        let position = *positions
            .entry((name, metric.kind.as_str()))
            .or_insert(families.len());
        if position == families.len() {
            families.push(Family::default());
        }
        families[position].add(metric);
    }
    families.iter_mut().for_each(Family::settle);
    families
}

impl<'a> Family<'a> {
    fn add(&mut self, metric: &'a MetricReport) {
        let is_whole = metric.sum_over_series || metric.labels.is_empty();
        if is_whole && self.whole.is_none() {
            self.whole = Some(metric);
        } else {
            self.series.push(metric);
        }
    }

    /// A family of one series is that series.
    fn settle(&mut self) {
        if let (None, [only]) = (self.whole, self.series.as_slice()) {
            self.whole = Some(only);
            self.series.clear();
        }
    }

    /// All its metrics.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a MetricReport> {
        self.whole.into_iter().chain(self.series.iter().copied())
    }

    /// Any of its metrics.
    fn any(&self) -> Option<&'a MetricReport> {
        self.members().next()
    }

    /// Unit of its values.
    pub(crate) fn unit(&self) -> &'a str {
        self.any().map_or("", |metric| &metric.unit)
    }

    /// Name for people, with the unit that its values are shown in.
    pub(crate) fn title(&self, shown_unit: &str) -> String {
        titled(&metric_title(&self.plain_key()), self.unit(), shown_unit)
    }

    /// Leaves out series that say nothing which the whole does not say: those that nothing
    /// happened to, and then one that stands alone.
    pub(crate) fn drop_idle_series(&mut self) {
        if self.whole.is_some() {
            self.series.retain(|series| !is_idle(series));
            if self.series.len() == 1 {
                self.series.clear();
            }
        }
    }

    /// Its name without `_total`.
    pub(crate) fn plain_key(&self) -> String {
        match (self.whole, self.any()) {
            (Some(whole), _) => whole.key.clone(),
            (None, Some(series)) if series.kind == MetricKind::Counter => series
                .name
                .strip_suffix("_total")
                .unwrap_or(&series.name)
                .to_owned(),
            (None, series) => series.map(|series| series.name.clone()).unwrap_or_default(),
        }
    }

    /// Names of `series`' labels by which it differs from the others, with their values.
    pub(crate) fn series_title(&self, series: &MetricReport) -> String {
        let telling = self.telling_labels();
        let labels = series
            .labels
            .iter()
            .filter(|(name, _)| telling.contains(name.as_str()));
        let labels: Vec<_> = labels
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let title = if labels.is_empty() {
            metric_title(&series.key)
        } else {
            labels.join(" ")
        };
        neutral(&title)
    }

    fn telling_labels(&self) -> BTreeSet<&'a str> {
        let names = self.series.iter().flat_map(|series| series.labels.keys());
        let differs = |name: &&String| {
            let mut values = self.series.iter().map(|series| series.labels.get(*name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        names.filter(differs).map(String::as_str).collect()
    }
}

/// `title` with the unit that values are shown in. Where that is not the unit in the name, the name
/// loses it: `CPU System Seconds (sec)`, but `CPU System (ms)`.
pub(crate) fn titled(title: &str, unit: &str, shown_unit: &str) -> String {
    let title = match title.strip_suffix(" Seconds") {
        Some(plain) if unit == "sec" && shown_unit != unit => plain,
        _ => title,
    };
    let unit = if shown_unit.is_empty() {
        String::new()
    } else {
        format!(" ({shown_unit})")
    };
    neutral(&format!("{title}{unit}"))
}

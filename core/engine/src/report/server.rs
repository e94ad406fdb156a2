//! Servers, and the keys of their metrics.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::report::{InfoReport, MetricReport, ServerReport, Stats};

use super::histogram::{Parts, unknown};
use super::scalar::{Track, gauge, quantile};
use super::unit::unit_of;
use super::window::Window;
use crate::store::{
    EndpointView, FamilyView, KeyNames, Role, SeriesRef, ServerView, flat_key, sanitize,
};

/// A server, and what combining it with others needs beside the report.
pub(super) struct Measured {
    pub(super) report: ServerReport,
    /// What its histograms counted, by key.
    pub(super) histograms: BTreeMap<String, Parts>,
}

impl Measured {
    /// True if a page of one of its histograms was torn.
    fn is_torn(&self) -> bool {
        self.histograms.values().any(Parts::is_torn)
    }
}

/// All servers behind an endpoint, over a phase. If one histogram was caught torn, none is trusted.
pub(super) fn whole(endpoint: &EndpointView<'_>, window: &mut Window) -> Vec<Measured> {
    let servers = measured(endpoint, window);
    window.torn = servers.iter().any(Measured::is_torn);
    if window.torn {
        measured(endpoint, window)
    } else {
        servers
    }
}

/// All servers behind an endpoint.
pub(super) fn measured(endpoint: &EndpointView<'_>, window: &Window) -> Vec<Measured> {
    endpoint
        .servers()
        .map(|server| measure(endpoint, &server, window))
        .collect()
}

fn measure(endpoint: &EndpointView<'_>, server: &ServerView<'_>, window: &Window) -> Measured {
    let info = endpoint.info();
    let mut families = server.families();
    // Counters last: on a collision it is the counter that keeps its `_total`.
    families.sort_by_key(|family| family.kind() == MetricKind::Counter);
    let mut rows: Vec<Row> = families
        .iter()
        .flat_map(|family| rows(family, window))
        .collect();
    // Plain keys are claimed before flattened ones.
    rows.sort_by_key(|row| row.flat);
    let mut names = KeyNames::default();
    let mut histograms = BTreeMap::new();
    let mut metrics = Vec::with_capacity(rows.len());
    for row in rows {
        let (metric, parts) = row.named(&mut names);
        histograms.extend(parts.map(|parts| (metric.key.clone(), parts)));
        metrics.push(metric);
    }
    metrics.sort_by(|a, b| a.key.cmp(&b.key));
    let report = ServerReport {
        endpoint_url: info.url.clone(),
        endpoint_display: info.display.clone(),
        server_id: server.id().to_owned(),
        metadata: server.metadata().clone(),
        metrics,
        info: facts(&families),
    };
    Measured { report, histograms }
}

/// A metric that has no key yet.
struct Row {
    wanted: String,
    /// What to take if that is taken: the same with a counter's `_total`.
    kept: Option<String>,
    flat: bool,
    metric: MetricReport,
    /// What a histogram counted.
    parts: Option<Parts>,
}

impl Row {
    /// `labels` are flattened into the key; `None` for a plain key.
    fn new(family: &FamilyView<'_>, labels: Option<Labels<'_, '_>>, metric: MetricReport) -> Self {
        let key = |stem: &str| match labels {
            Some(labels) => flat_key(stem, labels.iter().copied()),
            None => sanitize(stem),
        };
        let stem = family.key();
        let counter = family.kind() == MetricKind::Counter;
        Self {
            wanted: key(stem),
            kept: counter.then(|| key(&format!("{stem}_total"))),
            flat: labels.is_some(),
            metric: MetricReport {
                unit: unit_of(family.kind(), family.unit(), family.help(), stem),
                kind: family.kind(),
                description: family.help().to_owned(),
                ..metric
            },
            parts: None,
        }
    }

    fn named(self, names: &mut KeyNames) -> (MetricReport, Option<Parts>) {
        let metric = MetricReport {
            key: names.claim(self.wanted, self.kept),
            ..self.metric
        };
        (metric, self.parts)
    }
}

type Labels<'a, 'b> = &'a [(&'b str, &'b str)];

fn facts(families: &[FamilyView<'_>]) -> BTreeMap<String, Vec<InfoReport>> {
    let fact = |series: &SeriesRef<'_>| InfoReport {
        labels: owned(&series.labels()),
        value: series.latest(),
    };
    let mut facts = BTreeMap::new();
    for family in families {
        let mut series = family.facts();
        if family.known().is_code() {
            series.extend(family.scalars());
        }
        if !series.is_empty() {
            facts.insert(family.name().to_owned(), series.iter().map(fact).collect());
        }
    }
    facts
}

fn owned(labels: Labels<'_, '_>) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// All metrics of a family: plain if it is single or can be added up, flattened if it has several
/// series.
fn rows(family: &FamilyView<'_>, window: &Window) -> Vec<Row> {
    let mut rows = match family.kind() {
        MetricKind::Counter => counter_rows(family, window),
        _ => gauge_rows(family, window),
    };
    rows.extend(group_rows(family, window));
    rows
}

fn gauge_rows(family: &FamilyView<'_>, window: &Window) -> Vec<Row> {
    let all = family.scalars();
    let row = |series: &SeriesRef<'_>| {
        // A quantile alone is not its family.
        let (flat, metric) = match series.role() {
            Role::Quantile => (true, quantile(series, window)),
            _ if family.known().is_code() => (all.len() > 1, code(gauge(series, window))),
            _ => (all.len() > 1, gauge(series, window)),
        };
        series_row(family, series, flat, metric)
    };
    all.iter().map(row).collect()
}

/// Readings that nothing can be computed with: the last one stands among the facts.
fn code(readings: MetricReport) -> MetricReport {
    MetricReport {
        stats: Stats::default(),
        sampling_error: None,
        note: "code".to_owned(),
        ..readings
    }
}

fn series_row(
    family: &FamilyView<'_>,
    series: &SeriesRef<'_>,
    flat: bool,
    metric: MetricReport,
) -> Row {
    let labels = series.labels();
    let name = series.name().to_owned();
    let metric = MetricReport {
        name,
        labels: owned(&labels),
        ..metric
    };
    Row::new(family, flat.then_some(&labels), metric)
}

fn counter_rows(family: &FamilyView<'_>, window: &Window) -> Vec<Row> {
    let all = family.scalars();
    let tracks: Vec<Track<'_>> = all.iter().map(|series| Track::of(series, window)).collect();
    let flat = all.len() > 1;
    let mut rows = Vec::new();
    let past = window.folded.and_then(|phase| family.sum_past(phase));
    if flat && let Some(sum) = Track::sum(&tracks, past) {
        let name = all[0].name().to_owned();
        let metric = MetricReport {
            name,
            sum_over_series: true,
            ..sum.report(window)
        };
        rows.push(Row::new(family, None, metric));
    }
    let series = all.iter().zip(&tracks);
    rows.extend(series.map(|(one, track)| series_row(family, one, flat, track.report(window))));
    rows
}

fn group_rows(family: &FamilyView<'_>, window: &Window) -> Vec<Row> {
    let (groups, kind) = (family.groups(), family.kind());
    let flat = groups.len() > 1;
    let all: Vec<Option<Parts>> = groups
        .iter()
        .map(|group| Parts::of(family, group, window))
        .collect();
    let row = |labels: Option<Labels<'_, '_>>, parts: Option<Parts>, metric: MetricReport| {
        let known = parts.as_ref().map(|all| all.report(kind, window.seconds()));
        let metric = MetricReport {
            name: family.name().to_owned(),
            labels: metric.labels,
            sum_over_series: metric.sum_over_series,
            ..known.unwrap_or_else(|| unknown(kind))
        };
        Row {
            parts,
            ..Row::new(family, labels, metric)
        }
    };
    let mut rows = Vec::new();
    if flat {
        let known: Option<Vec<&Parts>> = all.iter().map(Option::as_ref).collect();
        let sum = known.and_then(Parts::sum);
        let metric = MetricReport {
            sum_over_series: true,
            ..MetricReport::default()
        };
        rows.push(row(None, sum, metric));
    }
    for (group, parts) in groups.iter().zip(all) {
        let labels = group.labels();
        let metric = MetricReport {
            labels: owned(&labels),
            ..MetricReport::default()
        };
        rows.push(row(flat.then_some(&labels), parts, metric));
    }
    rows
}

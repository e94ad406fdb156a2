//! The profiling phase in slices. See `docs/metrics.md#slices`.

use std::collections::BTreeMap;
use std::time::Duration;

use aiperf_plugin_sdk::report::{
    ClientMetric, MetricReport, MetricSlice, Percentiles, Report, SliceReport,
};

use super::aggregate;
use super::client::Requests;
use super::cuts::Cuts;
use super::histogram::Histograms;
use super::requests::{PhasePast, RequestLog};
use super::server;
use super::totals;
use super::window::Window;
use super::{PhaseWindow, ReportInput};
use crate::knowledge::Knowledge;
use crate::store::EndpointView;

/// Note of a slice that begins before the first page or request that is kept one by one.
const FOLDED: &str = "folded";

/// Where a phase is cut.
pub(super) fn cuts(phase: &PhaseWindow, length: Duration, input: &ReportInput<'_>) -> Cuts {
    let requests = input.records.map_or(0, RequestLog::len);
    let readings = input.store.endpoints();
    let readings: u64 = readings.map(|view| view.scrape_counts().done).sum();
    Cuts::new(
        phase.first_send.mono_ns,
        phase.last_response.mono_ns,
        length,
        requests.saturating_add(readings),
    )
}

/// All slices of a phase, with what the clients saw in them.
pub(super) fn reports(
    phase: &PhaseWindow,
    records: Option<&RequestLog>,
    cuts: Cuts,
    generates: bool,
) -> Vec<SliceReport> {
    let mut slices: Vec<SliceReport> = (0..cuts.len())
        .map(|index| empty(phase, cuts, index))
        .collect();
    let Some(records) = records else {
        return slices;
    };
    let requests = Requests::sliced(records, phase.index, cuts);
    let totals = totals::sliced(records, phase.index, cuts);
    // What is folded cannot be cut.
    let folded_ns = records.past(phase.index).map(PhasePast::until_ns);
    for (at, ((slice, requests), totals)) in slices.iter_mut().zip(requests).zip(totals).enumerate()
    {
        if folded_ns.is_some_and(|folded_ns| cuts.bounds(at).0 <= folded_ns) {
            FOLDED.clone_into(&mut slice.note);
            continue;
        }
        let metrics = requests.metrics(&totals, slice.duration_seconds, generates);
        let metrics = metrics.into_iter();
        slice.llm_metrics = metrics.map(|(key, metric)| (key, short(metric))).collect();
        slice.requests = Some(totals);
    }
    slices
}

/// The seven are enough for each of many slices.
fn short(metric: ClientMetric) -> ClientMetric {
    ClientMetric {
        percentiles: Percentiles::default(),
        confidence_intervals: BTreeMap::new(),
        ..metric
    }
}

fn empty(phase: &PhaseWindow, cuts: Cuts, index: usize) -> SliceReport {
    let (begin, end) = cuts.bounds(index);
    let wall = |mono_ns: i64| phase.first_send.wall_ns + (mono_ns - phase.first_send.mono_ns);
    SliceReport {
        start_ns: wall(begin),
        end_ns: wall(end),
        duration_seconds: (end - begin) as f64 / 1e9,
        partial: cuts.is_partial(index),
        ..SliceReport::default()
    }
}

/// Adds the slices of all metrics to servers and aggregates. `windows` are those of the endpoints, whose
/// servers `report` has in the same order.
pub(super) fn add(
    report: &mut Report,
    windows: &[(EndpointView<'_>, Window)],
    cuts: Cuts,
    knowledge: &Knowledge,
) {
    let sliced: Vec<_> = windows
        .iter()
        .map(|(endpoint, window)| (endpoint, window.slices(cuts)))
        .collect();
    for at in 0..cuts.len() {
        let mut servers = Vec::new();
        let mut histograms = Histograms::default();
        let mut lost = Vec::new();
        for (endpoint, windows) in &sliced {
            for measured in server::measured(endpoint, &windows[at]) {
                histograms.add(&measured.report.server_id, measured.histograms);
                servers.push(measured.report);
                lost.push(windows[at].lost);
            }
        }
        let aggregates = aggregate::of(&servers, knowledge, &histograms);
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        // Keys, order and what is combined depend on families and series only: every slice has the same.
        for (whole, slice) in report.aggregates.iter_mut().zip(aggregates) {
            let is_lost = servers
                .iter()
                .zip(&lost)
                .any(|(server, lost)| *lost && slice.servers.contains(&server.server_id));
            whole.metric.slices.push(of(index, slice.metric, is_lost));
        }
        for ((server, slice), lost) in report.servers.iter_mut().zip(servers).zip(lost) {
            for (metric, slice) in server.metrics.iter_mut().zip(slice.metrics) {
                metric.slices.push(of(index, slice, lost));
            }
        }
    }
}

fn of(slice: u32, metric: MetricReport, lost: bool) -> MetricSlice {
    MetricSlice {
        slice,
        stats: metric.stats,
        n: metric.n,
        total: metric.total,
        rate: metric.rate,
        count: metric.count,
        sum: metric.sum,
        bounds: metric.bounds,
        bound_scope: metric.bound_scope,
        note: if lost { FOLDED.to_owned() } else { metric.note },
    }
}

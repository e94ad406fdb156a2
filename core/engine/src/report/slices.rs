//! The profiling phase in slices. See `docs/metrics.md#slices`.

use std::time::Duration;

use aiperf_plugin_sdk::report::{MetricReport, MetricSlice, ServerReport, SliceReport};

use super::PhaseWindow;
use super::client::Requests;
use super::cuts::Cuts;
use super::requests::{PhasePast, RequestLog};
use super::server;
use super::totals;
use super::window::Window;
use crate::store::EndpointView;

/// Where a phase is cut.
pub(super) fn cuts(phase: &PhaseWindow, length: Duration) -> Cuts {
    Cuts::new(
        phase.first_send.mono_ns,
        phase.last_response.mono_ns,
        length,
    )
}

/// All slices of a phase, with what the clients saw in them.
pub(super) fn reports(
    phase: &PhaseWindow,
    records: Option<&RequestLog>,
    cuts: Cuts,
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
            continue;
        }
        slice.llm_metrics = requests.metrics(&totals, slice.duration_seconds);
        slice.requests = Some(totals);
    }
    slices
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

/// Adds the slices of an endpoint's metrics to its servers.
pub(super) fn add_servers(
    servers: &mut [ServerReport],
    endpoint: &EndpointView<'_>,
    window: &Window,
    cuts: Cuts,
) {
    for (window, index) in window.slices(cuts).iter().zip(0..) {
        // The keys depend on families and series only: every slice has the same in the same order.
        for (server, slice) in servers.iter_mut().zip(server::measured(endpoint, window)) {
            for (metric, slice) in server.metrics.iter_mut().zip(slice.report.metrics) {
                metric.slices.push(of(index, slice));
            }
        }
    }
}

fn of(slice: u32, metric: MetricReport) -> MetricSlice {
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
        note: metric.note,
    }
}

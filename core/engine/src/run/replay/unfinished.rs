//! A run that was killed left no word about its end: what its phases were is read from its requests.

use aiperf_plugin_sdk::report::Warning;
use aiperf_plugin_sdk::time::Instant2;

use super::super::record::RunRecord;
use crate::http::MonoNs;
use crate::report::{PhasePast, PhaseWindow, RequestLog};
use crate::store::Store;

/// Fills in what the run did not live to write. Returns what the report must say about it.
pub(super) fn reconstruct(
    record: &mut RunRecord,
    store: &mut Store,
    requests: &RequestLog,
) -> Warning {
    let ids: Vec<_> = store.endpoints().map(|endpoint| endpoint.id).collect();
    for id in ids {
        let counts = store.endpoint_counts_mut(id);
        counts.due = counts.done + counts.failed;
    }
    let started = record.run.started;
    let window = |phase: &PhaseWindow| match record.requests {
        Some(_) => with_load(phase, requests, started),
        None => without_load(phase, store, started),
    };
    record.phases = record.planned.iter().filter_map(window).collect();
    let what = match record.requests {
        Some(_) => format!("phases are those of the {} requests", requests.len()),
        None => "the window ends with the last page".to_owned(),
    };
    Warning {
        code: "run_incomplete".to_owned(),
        message: format!("the run did not live to its end: {what} that were recorded"),
        remedy: "run it again for settled totals".to_owned(),
        ..Warning::default()
    }
}

/// From the first send to the last response of the phase's requests; `None` if it has none.
fn with_load(phase: &PhaseWindow, requests: &RequestLog, started: Instant2) -> Option<PhaseWindow> {
    let (first, last) = requests
        .past(phase.index)
        .map(PhasePast::span)
        .unwrap_or_default();
    let rows = || requests.rows(phase.index);
    let first = rows().filter_map(|row| row.start).chain(first).min()?;
    let ends = rows().map(|row| row.last_token.unwrap_or(row.end));
    let last = ends.chain(last).max()?;
    Some(PhaseWindow {
        first_send: instant(first, started),
        last_response: instant(last.max(first), started),
        ..phase.clone()
    })
}

fn without_load(phase: &PhaseWindow, store: &Store, started: Instant2) -> Option<PhaseWindow> {
    let pages = store
        .endpoints()
        .filter_map(|endpoint| endpoint.scrapes().last());
    let last = pages.map(|page| page.sent.mono_ns).max()?;
    Some(PhaseWindow {
        first_send: started,
        last_response: instant(MonoNs(last), started),
        ..phase.clone()
    })
}

/// A monotonic instant on both clocks of the run.
fn instant(at: MonoNs, started: Instant2) -> Instant2 {
    Instant2 {
        mono_ns: at.0,
        wall_ns: started.wall_ns.saturating_add(at.0 - started.mono_ns),
    }
}

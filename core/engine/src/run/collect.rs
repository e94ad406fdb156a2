//! The server side alone, beside any other load generator.

use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::PhaseEvent;
use aiperf_plugin_sdk::report::RunStatus;
use aiperf_plugin_sdk::run::PhaseKind;

use super::profile::finish;
use super::setup::Setup;
use super::{RunError, RunOutcome, RunParts, unverified};
use crate::config::RunPlan;
use crate::event::{Event, Progress};
use crate::http::{Clock, MonoNs};
use crate::load::{OpenFiles, Stop, StopSignal};
use crate::report::{PhaseWindow, RequestLog};

/// Name of the one phase.
const PHASE: &str = "collect";
/// How often progress is shown and Ctrl-C is looked for.
const GLANCE: Duration = Duration::from_millis(50);

pub(super) fn run(plan: &RunPlan, parts: &RunParts) -> Result<RunOutcome, RunError> {
    if plan.collectors.is_empty() {
        return Err(RunError::NothingToCollect);
    }
    let setup = Setup::begin(plan, parts, None, Clock::new())?;
    let none = OpenFiles {
        connections: Some(0),
        ..OpenFiles::default()
    };
    let mut collection = setup.collection(plan, parts, vec![PHASE.to_owned()], true, none)?;
    unverified::tell(
        unverified::warning(None, &collection).as_ref(),
        &setup.events,
    );
    let planned = PhaseWindow {
        name: PHASE.to_owned(),
        kind: PhaseKind::Profiling,
        ..PhaseWindow::default()
    };
    let mut record = setup.record(vec![planned.clone()], false, plan)?;
    let start = setup.clock.now();
    tell(&setup, start, false);
    collection.begin_phase(0);
    setup.events.send(&Event::Endpoints(collection.states()));
    if !plan.collect.once {
        // One interval after the first reading, which has just been made.
        collection.tick(0, start.after(collection.interval()));
        wait(&setup, plan.collect.duration, start, &parts.stop);
        collection.rest();
        collection.final_reading(0);
    }
    let end = setup.clock.now();
    tell(&setup, end, true);
    record
        .warnings
        .extend(unverified::warning(None, &collection));
    collection.stop();
    let status = match parts.stop.state() {
        Stop::Run => RunStatus::Completed,
        // Without a duration Ctrl-C is the planned end.
        _ if plan.collect.duration.is_none() => RunStatus::Completed,
        _ => RunStatus::Interrupted,
    };
    let window = PhaseWindow {
        first_send: setup.instant(start),
        last_response: setup.instant(end),
        ..planned
    };
    let none = RequestLog::default();
    record.end(status, vec![window], &setup.store(), &none);
    Ok(finish(&setup, &mut record, &none))
}

fn wait(setup: &Setup, duration: Option<Duration>, start: MonoNs, stop: &StopSignal) {
    loop {
        let elapsed = setup.clock.now().until(start);
        let left = duration.map(|duration| duration.saturating_sub(elapsed));
        if stop.state() != Stop::Run || left.is_some_and(|left| left.is_zero()) {
            return;
        }
        let progress = Progress {
            phase: PHASE.to_owned(),
            duration,
            elapsed,
            ..Progress::default()
        };
        setup.events.send(&Event::Progress(progress));
        setup.glance();
        thread::sleep(left.map_or(GLANCE, |left| left.min(GLANCE)));
    }
}

fn tell(setup: &Setup, at: MonoNs, ended: bool) {
    let at = setup.instant(at);
    let (index, kind) = (0, PhaseKind::Profiling);
    setup.phase(PhaseEvent {
        index,
        name: PHASE.to_owned(),
        kind,
        ended,
        at,
    });
}

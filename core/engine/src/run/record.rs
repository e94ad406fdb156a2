//! What a run leaves behind beside pages and requests, so that its report can be made again.
//!
//! The report of a run is made from its record, whether the run has just ended or was recorded long
//! ago: what the record lacks, no report can show.

use std::time::Duration;

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::display::json_text;
use aiperf_plugin_sdk::report::{Report, RunStatus, SCHEMA_VERSION, Warning};
use serde::{Deserialize, Serialize};

use super::setup::Setup;
use crate::config::RunPlan;
use crate::config::schema::UserKnowledge;
use crate::http::ClockSource;
use crate::plugins::Artifacts;
use crate::report::{self, Goodput, PhaseWindow, ReportInput, RequestLog};
use crate::store::{EndpointRecord, EndpointView, Store, StoreOptions};

/// Name of the file.
pub const RUN_FILE: &str = "run.json";

/// Everything about a run but its pages and requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RunRecord {
    /// Version of this and of the files beside it.
    pub(super) schema_version: String,
    /// False while the run goes on, and for ever if it was killed.
    pub(super) complete: bool,
    /// Facts of the run.
    pub(super) run: RunInfo,
    /// How it ended.
    pub(super) status: RunStatus,
    /// Clock that stamped arrivals.
    pub(super) clock: Option<ClockSource>,
    /// Exchanges in HTTP/1.1 and in HTTP/2.
    pub(super) by_version: (u64, u64),
    /// Requests that ended; `None` without load.
    pub(super) requests: Option<u64>,
    /// All phases that were meant to be, without times.
    pub(super) planned: Vec<PhaseWindow>,
    /// Phases that have ended.
    pub(super) phases: Vec<PhaseWindow>,
    /// Findings of the run itself.
    pub(super) warnings: Vec<Warning>,
    /// Length of the slices of the profiling phase, if they were asked for.
    pub(super) slice_duration: Option<Duration>,
    /// What a good request keeps.
    pub(super) goodput: Goodput,
    /// What the user added to what is known of servers.
    pub(super) knowledge: UserKnowledge,
    /// Which series were kept.
    pub(super) store: StoreOptions,
    /// Sources, in order.
    pub(super) endpoints: Vec<EndpointRecord>,
}

impl RunRecord {
    /// The record of a run whose sources are known and whose first phase has not begun.
    pub(super) fn begun(
        run: &RunInfo,
        planned: Vec<PhaseWindow>,
        has_load: bool,
        plan: &RunPlan,
        store: &Store,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            run: run.clone(),
            status: RunStatus::Aborted,
            requests: has_load.then_some(0),
            planned,
            slice_duration: plan.slice_duration,
            goodput: plan.goodput.clone(),
            knowledge: plan.user_knowledge.clone(),
            store: plan.store.clone(),
            endpoints: endpoints(store),
            ..Self::default()
        }
    }

    /// Takes over how the run went.
    pub(super) fn end(
        &mut self,
        status: RunStatus,
        phases: Vec<PhaseWindow>,
        store: &Store,
        requests: &RequestLog,
    ) {
        self.complete = true;
        self.requests = self.requests.map(|_| requests.len());
        self.status = status;
        self.phases = phases;
        self.endpoints = endpoints(store);
    }

    /// Makes the report.
    pub(super) fn report(&self, store: &Store, requests: &RequestLog) -> Report {
        report::build(&ReportInput {
            run: &self.run,
            status: self.status,
            clock: self.clock,
            by_version: self.by_version,
            store,
            knowledge: &self.knowledge.table(),
            phases: &self.phases,
            records: self.requests.map(|_| requests),
            slice_duration: self.slice_duration,
            warnings: self.warnings.clone(),
        })
    }

    /// Writes the file, over its last version.
    pub(super) fn write(&self, artifacts: &Artifacts) -> aiperf_plugin_sdk::Result<()> {
        let text = json_text(self)?;
        artifacts.write(RUN_FILE, &String::from_utf8_lossy(&text))
    }
}

fn endpoints(store: &Store) -> Vec<EndpointRecord> {
    store
        .endpoints()
        .map(|view| EndpointView::record(&view))
        .collect()
}

impl Setup {
    /// Starts the record, and leaves it on disk in case the run does not live to end it.
    pub(super) fn record(
        &self,
        planned: Vec<PhaseWindow>,
        has_load: bool,
        plan: &RunPlan,
    ) -> aiperf_plugin_sdk::Result<RunRecord> {
        let record = RunRecord::begun(&self.run, planned, has_load, plan, &self.store());
        let written = record.write(&self.artifacts);
        written.inspect_err(|error| self.give_up(error))?;
        Ok(record)
    }
}

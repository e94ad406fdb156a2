//! The report: store, request records and phases in, one value out. Pure, and computed once.
//!
//! Every number is defined in `docs/metrics.md`.

mod aggregate;
mod client;
mod cuts;
mod derived;
mod devices;
mod display;
mod goodput;
mod health;
mod histogram;
mod label;
mod observed;
mod own;
mod pairs;
mod refresh;
mod request;
mod requests;
mod scalar;
mod server;
mod slices;
mod steady;
#[cfg(test)]
mod tests;
mod timeline;
mod totals;
mod unit;
mod values;
mod warnings;
mod window;

use std::time::Duration;

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::{
    Boundary, ClientHealth, EndpointReport, Metadata, PhaseReport, Report, RunStatus,
    SCHEMA_VERSION, SettleReport, Warning,
};
use aiperf_plugin_sdk::run::PhaseKind;
use aiperf_plugin_sdk::time::Instant2;

use serde::{Deserialize, Serialize};

pub use goodput::{Goodput, Limit, Quantity};
pub use health::{Effort, client_health};
pub(crate) use requests::PhasePast;
pub use requests::RequestLog;
pub use unit::unit_of;

use crate::http::ClockSource;
use crate::knowledge::Knowledge;
use crate::load::EndpointKind;
use crate::store::{EndpointView, Store};
use client::Requests;
use histogram::Histograms;
use timeline::Timeline;
use window::Window;

/// A phase that has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseWindow {
    /// Index of the phase.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What it was for.
    pub kind: PhaseKind,
    /// First byte of the first request (without load: the first reading was asked for).
    pub first_send: Instant2,
    /// Last byte of the last response (without load: the last reading had come; see also
    /// [`PhaseWindow::hand_over`]).
    pub last_response: Instant2,
    /// How it follows the phase before.
    pub boundary: Boundary,
    /// Requests in flight at its start, if it took over without draining.
    pub in_flight_at_start: u64,
    /// Its barrier at the end, by endpoint.
    pub settle: Vec<SettleReport>,
    /// What the tool measured of itself, not yet judged; `None` without load.
    pub health: Option<ClientHealth>,
}

impl PhaseWindow {
    /// `next` takes over at `at` while `in_flight` requests of this phase are running: there this
    /// window ends and the other one begins.
    ///
    /// To be called when both phases are over.
    pub fn hand_over(&mut self, next: &mut Self, at: Instant2, in_flight: u64) {
        self.last_response = at;
        next.first_send = at;
        next.boundary = Boundary::Seamless;
        next.in_flight_at_start = in_flight;
    }

    /// True if it took over running load from the phase before.
    fn takes_over(&self) -> bool {
        self.boundary == Boundary::Seamless
    }

    /// Wall nanoseconds of a moment. Recorded times may be further apart than a number holds.
    fn wall_ns(&self, mono_ns: i64) -> i64 {
        let since = mono_ns.saturating_sub(self.first_send.mono_ns);
        self.first_send.wall_ns.saturating_add(since)
    }

    /// Seconds from first send to last response.
    fn seconds(&self) -> f64 {
        (self.last_response.mono_ns - self.first_send.mono_ns) as f64 / 1e9
    }
}

/// Everything that a report is made of.
#[derive(Debug)]
pub struct ReportInput<'a> {
    /// Facts of the run.
    pub run: &'a RunInfo,
    /// How it ended.
    pub status: RunStatus,
    /// Clock that stamped arrivals.
    pub clock: Option<ClockSource>,
    /// Exchanges in HTTP/1.1 and in HTTP/2.
    pub by_version: (u64, u64),
    /// What the servers said.
    pub store: &'a Store,
    /// What is known of server software.
    pub knowledge: &'a Knowledge,
    /// Phases, in order.
    pub phases: &'a [PhaseWindow],
    /// What the clients saw; `None` without load.
    pub records: Option<&'a RequestLog>,
    /// Length of the slices of the profiling phase, if they were asked for.
    pub slice_duration: Option<Duration>,
    /// What is known already to make numbers less than they seem.
    pub warnings: Vec<Warning>,
}

/// Makes the report. The last profiling phase is what servers and clients are measured by.
pub fn build(input: &ReportInput<'_>) -> Report {
    let at = input
        .phases
        .iter()
        .rposition(|phase| phase.kind == PhaseKind::Profiling);
    let profiling = at.map(|at| &input.phases[at]);
    let phases: Vec<PhaseReport> = input
        .phases
        .iter()
        .enumerate()
        .map(|(at, phase)| phase_report(input, at, phase))
        .collect();
    let mut report = Report {
        metadata: metadata(input, profiling),
        requests: at.and_then(|at| phases[at].requests.clone()),
        phases,
        endpoints: input
            .store
            .endpoints()
            .map(|view| endpoint_report(&view))
            .collect(),
        warnings: input.warnings.clone(),
        ..Report::default()
    };
    let cuts = profiling
        .zip(input.slice_duration)
        .map(|(phase, length)| (phase, slices::cuts(phase, length, input)));
    let mut histograms = Histograms::default();
    let mut windows = Vec::new();
    for endpoint in input.store.endpoints() {
        let at = at.unwrap_or(usize::MAX);
        let has_load = input.records.is_some();
        let mut window = Window::of(&endpoint, input.phases, at, has_load);
        let row = endpoint.id.0 as usize;
        report.endpoints[row].scrape_metrics =
            own::metrics(input.store, &endpoint, input.phases, at, has_load);
        let mut servers = Vec::new();
        for measured in server::whole(&endpoint, &mut window) {
            histograms.add(&measured.report.server_id, measured.histograms);
            servers.push(measured.report);
        }
        if profiling.is_some() {
            warnings::of_window(&mut report.warnings, &endpoint, &window, has_load);
            refresh::check(&mut report.warnings, input.knowledge, &endpoint, &window);
        }
        warnings::of_endpoint(&mut report.warnings, &endpoint, input.store, &input.run.url);
        warnings::of_servers(&mut report.warnings, &servers);
        report.servers.extend(servers);
        windows.push((endpoint, window));
    }
    warnings::of_patterns(&mut report.warnings, input.store);
    if let Some((phase, cuts)) = cuts {
        warnings::of_slices(&mut report.warnings, input.slice_duration, cuts);
        report.slices = slices::reports(phase, input.records, cuts, generates(input));
    }
    if let (Some(phase), Some(records)) = (profiling, input.records) {
        add_clients(&mut report, input, phase, records);
    }
    warnings::of_phases(&mut report.warnings, &report.phases, &report.endpoints);
    report.aggregates = aggregate::of(&report.servers, input.knowledge, &histograms);
    if let Some((_, cuts)) = cuts {
        slices::add(&mut report, &windows, cuts, input.knowledge);
    }
    report.pairs = pairs::of(&report, input.knowledge, &histograms);
    report.devices = devices::of(&report.servers, input.knowledge);
    report.derived = derived::of(&report, input.knowledge);
    devices::alarms(&mut report.warnings, &report.devices, input.knowledge);
    report
}

fn add_clients(
    report: &mut Report,
    input: &ReportInput<'_>,
    phase: &PhaseWindow,
    records: &RequestLog,
) {
    let requests = Requests::of_phase(records, phase.index);
    if let Some(past) = records.past(phase.index) {
        warnings::of_folded_requests(&mut report.warnings, past.count());
    }
    let totals = report.requests.get_or_insert_default();
    let generates = generates(input);
    let unreported = if generates {
        requests.output_unreported()
    } else {
        0
    };
    warnings::of_requests(&mut report.warnings, totals, unreported);
    warnings::of_held(&mut report.warnings, requests.held());
    report.goodput = requests.goodput();
    report.llm_metrics = requests.metrics(totals, phase.seconds(), generates);
    // After the values of the whole phase are gone: these are as many again.
    add_steady(report, phase, records, generates);
    report.client_health = phase.health.clone().map(|mut health| {
        let scale = health::Scale::of(&report.llm_metrics);
        health.degraded = health::judge(&health, &scale, &mut report.warnings)
            | warnings::scrapes_late(&report.warnings);
        health
    });
}

/// What was in flight, and the part of the phase in which that was steady.
fn add_steady(report: &mut Report, phase: &PhaseWindow, records: &RequestLog, generates: bool) {
    let timeline = Timeline::of(records, phase);
    let wall = |mono_ns| phase.wall_ns(mono_ns);
    report.concurrency = Some(timeline.report(wall));
    report.steady_state = Some(steady::report(phase, records, &timeline, generates));
}

/// Whether answers are made of tokens.
fn generates(input: &ReportInput<'_>) -> bool {
    let kind = EndpointKind::from_name(&input.run.endpoint_type);
    kind.is_none_or(EndpointKind::generates)
}

fn metadata(input: &ReportInput<'_>, profiling: Option<&PhaseWindow>) -> Metadata {
    let run = input.run;
    Metadata {
        benchmark_start_time: profiling
            .map(|p| rfc3339(p.first_send.wall_ns))
            .unwrap_or_default(),
        benchmark_end_time: profiling
            .map(|p| rfc3339(p.last_response.wall_ns))
            .unwrap_or_default(),
        duration_seconds: profiling.map(PhaseWindow::seconds).unwrap_or_default(),
        aiperf_version: run.aiperf_version.clone(),
        schema_version: SCHEMA_VERSION.to_owned(),
        model: run.model.clone(),
        command: run.command.clone(),
        url: run.url.clone(),
        endpoint_type: run.endpoint_type.clone(),
        status: input.status,
        clock: input
            .clock
            .map(|clock| clock.as_str().to_owned())
            .unwrap_or_default(),
        http_version: spoken(input.by_version).to_owned(),
        settings: run.settings.clone(),
    }
}

fn spoken((http1, http2): (u64, u64)) -> &'static str {
    match (http1 > 0, http2 > 0) {
        (false, false) => "",
        (true, false) => "1.1",
        (false, true) => "2",
        (true, true) => "1.1, 2",
    }
}

/// UTC with milliseconds.
fn rfc3339(wall_ns: i64) -> String {
    let since = Duration::from_nanos(u64::try_from(wall_ns).unwrap_or_default());
    humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + since).to_string()
}

fn phase_report(input: &ReportInput<'_>, at: usize, phase: &PhaseWindow) -> PhaseReport {
    let next = input.phases.get(at + 1).filter(|next| next.takes_over());
    PhaseReport {
        name: phase.name.clone(),
        kind: phase.kind,
        start_ns: phase.first_send.wall_ns,
        end_ns: phase.last_response.wall_ns,
        duration_seconds: phase.seconds(),
        requests: input
            .records
            .map(|records| totals::totals(records, phase.index)),
        boundary: phase.boundary,
        in_flight_at_start: phase.in_flight_at_start,
        boundary_at_end: next.map(|next| next.boundary).unwrap_or_default(),
        in_flight_at_end: next.map_or(0, |next| next.in_flight_at_start),
        settle: phase.settle.clone(),
    }
}

fn endpoint_report(view: &EndpointView<'_>) -> EndpointReport {
    let info = view.info();
    let (first_error, last_error) = view.failures();
    EndpointReport {
        url: info.url.clone(),
        display: info.display.clone(),
        collector: info.collector.clone(),
        automatic: info.automatic,
        labels: info.labels.clone(),
        reachable: view.is_reached(),
        scrapes: view.scrape_counts(),
        latency_avg_ms: view.latency_ns().map(|(mean, _)| mean / 1e6),
        latency_max_ms: view.latency_ns().map(|(_, max)| max as f64 / 1e6),
        first_error: first_error.cloned(),
        last_error: last_error.cloned(),
        parse_errors: view.counts().parse_errors,
        parse_notes: view.notes().to_vec(),
        disabled: view.disabled().map(str::to_owned),
        scrape_metrics: Vec::new(),
    }
}

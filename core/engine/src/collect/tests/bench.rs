//! A collection with everything around it.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::{Report, RunStatus, ScrapeCounts};
use aiperf_plugin_sdk::time::Instant2;
use aiperf_plugin_sdk::view::ScrapeMeta;
use serde_json::{Value, json};

use super::plugins;
use crate::collect::{Collection, CollectionParts, StartError, TickOptions};
use crate::config::schema::OnStartError;
use crate::config::{CollectorPlan, ExporterPlan};
use crate::event::{Event, EventSink, Events};
use crate::http::Clock;
use crate::http::testing::Answer;
use crate::plugins::{Artifacts, Exporters, Registry};
use crate::report::RequestLog;
use crate::report::{self, PhaseWindow, ReportInput};
use crate::store::{EndpointId, Store, StoreOptions};

/// Long enough for anything that must happen, on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Log lines of a run.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<String>>);

impl EventSink for Log {
    fn event(&self, event: &Event) {
        if let Event::Log {
            source, message, ..
        } = event
        {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(format!("{source}: {message}"));
        }
    }
}

/// Everything around a collection. Collectors are added before it starts.
pub(super) struct Bench {
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) clock: Clock,
    pub(super) log: Arc<Log>,
    name: String,
    exporters: Arc<Exporters>,
    registry: Arc<Registry>,
    specs: Vec<CollectorPlan>,
    ticks: TickOptions,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// `name` must be unique among tests.
    pub(super) fn new(name: &str) -> Self {
        let log = Arc::<Log>::default();
        let registry = Arc::new(Registry::with_builtins().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let stdout = Arc::new(Mutex::new(Vec::new()));
        let artifacts = Artifacts::claim(dir.path(), "", stdout).unwrap().0;
        let clock = Clock::new();
        let exporters = Exporters::start(
            &[recorder(name)],
            &registry,
            &RunInfo::default(),
            &artifacts,
            &Events::new(Arc::<Log>::clone(&log)),
            &clock,
        );
        let ticks = TickOptions {
            slice: None,
            interval: Duration::from_secs(1),
            jitter: false,
            seed: 1,
            from_start: true,
        };
        Self {
            store: Arc::new(Mutex::new(Store::new(StoreOptions::default()))),
            clock,
            log,
            name: name.to_owned(),
            exporters: Arc::new(exporters.unwrap()),
            registry,
            specs: Vec::new(),
            ticks,
            _dir: dir,
        }
    }

    /// Adds a collector of these URLs.
    pub(super) fn targets(
        mut self,
        urls: &[String],
        interval: Duration,
        timeout: Duration,
    ) -> Self {
        let options = json!({ "urls": urls });
        let name = format!("targets{}", self.specs.len());
        self.specs.push(CollectorPlan {
            interval,
            timeout,
            ..spec(&name, "test_targets", options)
        });
        self
    }

    /// Adds a collector that fails to open so many times.
    pub(super) fn late(mut self, failures: u64, retriable: bool, then: OnStartError) -> Self {
        let name = self.name.clone();
        let options = json!({ "name": name, "failures": failures, "retriable": retriable });
        self.specs.push(CollectorPlan {
            on_start_error: then,
            ..spec("late", "test_late", options)
        });
        self
    }

    pub(super) fn start(&self) -> Result<Collection, StartError> {
        let parts = CollectionParts {
            registry: Arc::clone(&self.registry),
            store: Arc::clone(&self.store),
            exporters: Arc::clone(&self.exporters),
            events: Events::new(Arc::<Log>::clone(&self.log)),
            clock: self.clock.clone(),
            secrets: Arc::default(),
            phases: (0..10).map(|phase| format!("phase {phase}")).collect(),
            parsers: Vec::new(),
        };
        Collection::start(&self.specs, self.ticks, parts)
    }

    pub(super) fn counts(&self, endpoint: u32) -> ScrapeCounts {
        self.store().endpoint(EndpointId(endpoint)).scrape_counts()
    }

    pub(super) fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is true of the counts of an endpoint.
    pub(super) fn until(&self, endpoint: u32, is_true: impl Fn(ScrapeCounts) -> bool) {
        wait_until(|| is_true(self.counts(endpoint)));
    }

    pub(super) fn instant(&self) -> Instant2 {
        let moment = self.clock.moment();
        Instant2 {
            mono_ns: moment.mono.0,
            wall_ns: moment.wall_ns,
        }
    }

    /// A phase of load that begins now.
    pub(super) fn phase(&self, index: u32) -> PhaseWindow {
        PhaseWindow {
            index,
            first_send: self.instant(),
            ..PhaseWindow::default()
        }
    }

    /// The report of a run with load, of which no request ended.
    pub(super) fn report(&self, phases: &[PhaseWindow]) -> Report {
        report::build(&ReportInput {
            knowledge: crate::knowledge::Knowledge::embedded(),
            run: &RunInfo::default(),
            status: RunStatus::Completed,
            clock: None,
            by_version: (1, 0),
            store: &self.store(),
            phases,
            records: Some(&RequestLog::default()),
            slice_duration: None,
            warnings: Vec::new(),
        })
    }

    pub(super) fn log(&self) -> Vec<String> {
        let lines = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// Ends the run; what the exporters were shown.
    pub(super) fn finish(&self, collection: Collection) -> Vec<ScrapeMeta> {
        collection.stop();
        assert_eq!(self.exporters.finish(Report::default()), []);
        plugins::records(&self.name)
    }
}

/// Waits until something is true that must become true.
pub(super) fn wait_until(is_true: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "it does not become true");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A page with this running total.
pub(super) fn page(total: impl std::fmt::Display) -> Answer {
    Answer::respond("200 OK", "text/x-number", &total.to_string())
}

fn spec(name: &str, plugin: &str, options: Value) -> CollectorPlan {
    CollectorPlan {
        name: name.to_owned(),
        plugin: plugin.to_owned(),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        on_start_error: OnStartError::Error,
        parser: None,
        options,
        labels: indexmap::IndexMap::new(),
        families: crate::store::Families::default(),
        tls: crate::http::Tls::default(),
        proxies: crate::http::Proxies::default(),
        follow_redirects: false,
    }
}

fn recorder(name: &str) -> ExporterPlan {
    ExporterPlan {
        name: "recorder".to_owned(),
        plugin: "test_recorder".to_owned(),
        on_start_error: OnStartError::Error,
        spill_limit: 0,
        finish_timeout: PATIENCE,
        options: json!({ "name": name }),
        tls: crate::http::Tls::default(),
        proxies: crate::http::Proxies::default(),
    }
}

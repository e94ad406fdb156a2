//! Exporters from outside: slow, stuck, failing and late ones beside one that is well.

use std::collections::HashMap;
use std::sync::Condvar;

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::view::{KeyEntry, ScrapeMeta, ServerEntry};
use serde_json::json;

use super::*;
use crate::event::{Event, EventSink};

/// What the exporters of these tests did, by name.
#[derive(Debug, Default)]
struct Seen {
    opened: HashMap<String, u64>,
    calls: HashMap<String, Vec<String>>,
    /// Names of those that may go on.
    open_gates: Vec<String>,
}

static SEEN: Mutex<Option<Seen>> = Mutex::new(None);
static GATES: Condvar = Condvar::new();

fn seen<T>(with: impl FnOnce(&mut Seen) -> T) -> T {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    with(seen.get_or_insert_default())
}

fn calls(name: &str) -> Vec<String> {
    seen(|seen| seen.calls.get(name).cloned().unwrap_or_default())
}

fn open_gate(name: &str) {
    seen(|seen| seen.open_gates.push(name.to_owned()));
    GATES.notify_all();
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Behaviour {
    /// Unique among tests.
    name: String,
    /// Waits in every scrape until its gate is open.
    gated: bool,
    /// Every scrape fails.
    fails: bool,
    /// Attempts to begin that fail; the file has been opened by then.
    late: u64,
}

struct TestExporter {
    behaviour: Behaviour,
    host: Host,
}

impl Plugin for TestExporter {
    const ID: &'static str = "test_exporter";
    const SUMMARY: &'static str = "Does what the test says.";
    const VERSION: &'static str = "0.0.0";
    type Config = Behaviour;

    fn open(behaviour: Behaviour, host: &Host) -> Result<Self> {
        let host = host.clone();
        Ok(Self { behaviour, host })
    }
}

impl TestExporter {
    fn note(&self, call: &str) {
        let name = self.behaviour.name.clone();
        seen(|seen| seen.calls.entry(name).or_default().push(call.to_owned()));
    }
}

impl Exporter for TestExporter {
    fn begin(&mut self, _: &RunInfo) -> Result<()> {
        let name = self.behaviour.name.clone();
        self.host.artifact(&name)?;
        let attempts = seen(|seen| {
            let attempts = seen.opened.entry(name).or_default();
            *attempts += 1;
            *attempts
        });
        if attempts > self.behaviour.late {
            return Ok(());
        }
        let error = PluginError::new(ErrorKind::Network, "no database yet");
        Err(error.retry_after(Duration::from_millis(1)))
    }

    fn scrape(&mut self, view: &ScrapeView<'_>) -> Result<()> {
        let name = &self.behaviour.name;
        let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |seen: &mut Option<Seen>| {
            let open = |seen: &Seen| seen.open_gates.contains(name);
            self.behaviour.gated && !seen.as_ref().is_some_and(open)
        };
        drop(GATES.wait_while(seen, waits));
        self.note(&format!("scrape {}", view.meta.mono_ns));
        if self.behaviour.fails {
            return Err(PluginError::new(ErrorKind::Io, "disk full"));
        }
        Ok(())
    }

    fn finish(&mut self, _: &Report) -> Result<()> {
        self.note("finish");
        Ok(())
    }

    fn abort(&mut self, _: &str) -> Result<()> {
        self.note("abort");
        Ok(())
    }
}

export_plugin!(exporter TestExporter);

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl EventSink for Log {
    fn event(&self, event: &Event) {
        if let Event::Log {
            source, message, ..
        } = event
        {
            let mut lines = self.0.lock().unwrap();
            lines.push(format!("{source}: {message}"));
        }
    }
}

fn spec(name: &str, behaviour: &serde_json::Value) -> ExporterPlan {
    let mut options = behaviour.clone();
    options["name"] = json!(name);
    ExporterPlan {
        name: name.to_owned(),
        plugin: "test_exporter".to_owned(),
        on_start_error: OnStartError::Error,
        spill_limit: 1 << 30,
        finish_timeout: Duration::from_mins(1),
        options,
        tls: crate::http::Tls::default(),
        proxies: crate::http::Proxies::default(),
    }
}

struct Bench {
    dir: tempfile::TempDir,
    log: Arc<Log>,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            log: Arc::default(),
        }
    }

    fn start(&self, specs: &[ExporterPlan]) -> Result<Exporters, ExporterFailure> {
        let stdout = Arc::new(Mutex::new(Vec::new()));
        let artifacts = Artifacts::claim(self.dir.path(), "", stdout).unwrap().0;
        let registry = Arc::new(Registry::with_builtins().unwrap());
        let events = Events::new(Arc::<Log>::clone(&self.log));
        let (run, clock) = (RunInfo::default(), Clock::new());
        Exporters::start(specs, &registry, &run, &artifacts, &events, &clock)
    }

    fn log(&self) -> Vec<String> {
        self.log.0.lock().unwrap().clone()
    }
}

/// Scrapes `0..n` of one server.
fn scrape(exporters: &Exporters, n: u32) {
    for number in 0..n {
        let mut record = ScrapeRecord {
            meta: ScrapeMeta {
                mono_ns: i64::from(number),
                ..ScrapeMeta::default()
            },
            ..ScrapeRecord::default()
        };
        // Large, so that few fill the memory.
        record.key_values = vec![0.0; 1 << 17];
        record.keys = vec![0; 1 << 17];
        if number == 0 {
            record.schema.servers = vec![ServerEntry::default()];
            record.schema.keys = vec![KeyEntry::default()];
        }
        exporters.scrape(&Arc::new(record));
    }
}

fn whole(n: u32) -> Vec<String> {
    let scrapes = (0..n).map(|number| format!("scrape {number}"));
    scrapes.chain(["finish".to_owned()]).collect()
}

#[test]
fn a_slow_one_loses_nothing_and_leaves_no_file() {
    let bench = Bench::new();
    let slow = spec("slow", &json!({ "gated": true }));
    let exporters = bench
        .start(&[slow, spec("beside slow", &json!({}))])
        .unwrap();
    scrape(&exporters, 40);
    let files = std::fs::read_dir(bench.dir.path()).unwrap().count();
    assert_eq!(files, 3, "run.log and one file each, nothing else");
    assert_eq!(calls("slow"), [""; 0]);
    open_gate("slow");
    assert_eq!(exporters.finish(Report::default()), []);
    assert_eq!(calls("slow"), whole(40));
    assert_eq!(calls("beside slow"), whole(40));
    let slow = |line: &&String| line.starts_with("exporter slow: it was slow: ");
    assert_eq!(
        bench.log().iter().filter(slow).count(),
        1,
        "{:?}",
        bench.log()
    );
}

#[test]
fn what_finds_no_room_is_dropped_counted_and_reported() {
    let bench = Bench::new();
    let mut narrow = spec("narrow", &json!({ "gated": true }));
    narrow.spill_limit = 0;
    let exporters = bench.start(&[narrow]).unwrap();
    scrape(&exporters, 40);
    open_gate("narrow");
    let failures = exporters.finish(Report::default());
    let taken = calls("narrow").len() - 1;
    let message = format!(
        "it was too slow: {} updates were dropped, `spill_limit` is reached",
        40 - taken
    );
    assert_eq!(failures[0].message, message);
    assert!(taken < 40 && failures.len() == 1);
}

#[test]
fn a_stuck_one_holds_nobody_longer_than_its_deadline() {
    let bench = Bench::new();
    let mut stuck = spec("stuck", &json!({ "gated": true }));
    stuck.finish_timeout = Duration::from_millis(50);
    let mut stuck_too = spec("stuck too", &json!({ "gated": true }));
    stuck_too.finish_timeout = Duration::from_millis(50);
    let specs = [stuck, stuck_too, spec("beside stuck", &json!({}))];
    let exporters = bench.start(&specs).unwrap();
    scrape(&exporters, 5);
    let failures = exporters.finish(Report::default());
    let late = |name: &str| ExporterFailure {
        name: name.to_owned(),
        message: "it did not finish within 50ms".to_owned(),
    };
    assert_eq!(failures, [late("stuck"), late("stuck too")]);
    assert_eq!(calls("beside stuck"), whole(5));
    open_gate("stuck");
    open_gate("stuck too");
}

#[test]
fn a_failing_one_costs_no_other_its_output() {
    let bench = Bench::new();
    let specs = [
        spec("failing", &json!({ "fails": true })),
        spec("beside failing", &json!({})),
    ];
    let exporters = bench.start(&specs).unwrap();
    scrape(&exporters, 3);
    let failures = exporters.finish(Report::default());
    let messages: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        ["exporter `failing`: disk full (and 2 more failures)"]
    );
    assert_eq!(calls("failing"), whole(3), "it is called all the same");
    assert_eq!(calls("beside failing"), whole(3));
}

#[test]
fn one_that_begins_late_gets_everything() {
    let bench = Bench::new();
    let mut late = spec("late", &json!({ "late": 3 }));
    late.on_start_error = OnStartError::Retry;
    let exporters = bench.start(&[late]).unwrap();
    scrape(&exporters, 3);
    while seen(|seen| seen.opened["late"]) < 4 {
        std::thread::yield_now();
    }
    assert_eq!(exporters.finish(Report::default()), []);
    assert_eq!(calls("late"), whole(3));
}

#[test]
fn one_that_never_begins_is_reported_or_ends_the_run_by_choice() {
    let bench = Bench::new();
    let never = |name: &str, then: OnStartError| ExporterPlan {
        on_start_error: then,
        ..spec(name, &json!({ "late": 1_000_000 }))
    };
    let specs = [
        never("never", OnStartError::Retry),
        never("ignored", OnStartError::Ignore),
        spec("beside never", &json!({})),
    ];
    let exporters = bench.start(&specs).unwrap();
    scrape(&exporters, 1);
    let failures = exporters.finish(Report::default());
    let mut failed: Vec<_> = failures.iter().map(ToString::to_string).collect();
    failed.sort();
    assert_eq!(
        failed,
        [
            "exporter `ignored`: no database yet",
            "exporter `never`: no database yet"
        ]
    );
    assert_eq!(calls("beside never"), whole(1));
    assert_eq!(seen(|seen| seen.opened["ignored"]), 1);

    let bench = Bench::new();
    let specs = [
        spec("first", &json!({})),
        never("must", OnStartError::Error),
    ];
    let failure = bench.start(&specs).unwrap_err();
    assert_eq!(failure.to_string(), "exporter `must`: no database yet");
    assert_eq!(calls("first"), ["abort"]);
}

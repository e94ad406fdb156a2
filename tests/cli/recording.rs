//! A run with everything in it, recorded once, copied by each test that spoils it.

use std::path::Path;
use std::sync::OnceLock;

use aiperf_sim::{Faults, Sim, SimConfig};

use super::context::{Context, Ran};
use super::pages::Pages;

/// Wide enough for every column of a table.
const COLUMNS: &str = "240";

/// The run, and what it showed.
pub(crate) struct Recorded {
    pub(crate) context: Context,
    pub(crate) shown: Ran,
}

/// Warm-up, two endpoints, failed requests, slices.
pub(crate) fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(record)
}

fn record() -> Recorded {
    let faults = Faults {
        error_every: 9,
        cut_every: 7,
        ..Faults::default()
    };
    let sim = Sim::start(SimConfig {
        jitter: 0.2,
        faults,
        ..SimConfig::default()
    });
    let (sim, pages) = (sim.expect("a simulated server"), Pages::start());
    let (url, more) = (sim.url(), pages.url());
    let context = Context::new();
    let mut command = context.command(&[
        "profile",
        "--url",
        &url,
        "--server-metrics",
        &more,
        "--concurrency",
        "3",
        "--request-count",
        "40",
        "--warmup-request-count",
        "5",
        "--isl",
        "20",
        "--osl",
        "12",
        "--server-metrics-interval",
        "0.05",
        "--slice-duration",
        "0.2",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ]);
    let output = command.env("COLUMNS", COLUMNS).output();
    let shown = super::context::ran(output.expect("the binary starts"));
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    Recorded { context, shown }
}

impl Recorded {
    /// A copy that may be spoiled.
    pub(crate) fn copy(&self) -> Context {
        let copy = Context::new();
        copy_folder(&self.context.path().join("out"), &copy.path().join("out"));
        copy
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the run's files") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

/// Runs `aiperf report`.
pub(crate) fn report(context: &Context, more: &[&str]) -> Ran {
    let mut command = context.command(&["report", "out"]);
    let output = command.args(more).env("COLUMNS", COLUMNS).output();
    super::context::ran(output.expect("the binary starts"))
}

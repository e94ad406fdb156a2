//! What the store says beside what is known.

use aiperf_core::http::ClockSource;
use aiperf_core::knowledge::Knowledge;
use aiperf_core::report::{self, PhaseWindow, ReportInput};
use aiperf_core::stats::{summary, weighted_summary};
use aiperf_core::store::Store;
use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::report::{MetricReport, Report, RunStatus, Stats};

use super::machine::mib;
use super::{ASIDE, Args, Cost, Server, instant};

/// Series that are kept in full beside the store.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) gauges: [Vec<f64>; 3],
    pub(super) counter: Vec<f64>,
    pub(super) observed: [Vec<f64>; ASIDE.len()],
}

impl Aside {
    pub(super) fn bytes(&self) -> usize {
        let columns = self.gauges.iter().chain(&self.observed);
        8 * columns
            .chain([&self.counter])
            .map(Vec::capacity)
            .sum::<usize>()
    }

    pub(super) fn keep(&mut self, server: &Server) {
        for (gauge, kept) in server.gauges.iter().zip(&mut self.gauges) {
            kept.push(*gauge);
        }
        if !self.counter.is_empty() {
            for (all, new) in self.observed.iter_mut().zip(&server.observed) {
                all.extend(new);
            }
        }
        self.counter.push(server.counters[7]);
    }
}

pub(super) fn show(args: &Args, cost: &Cost, used: usize) {
    let Args {
        endpoints,
        hours,
        limit_mib,
    } = args;
    let (pages, samples) = (args.total_pages(), args.total_pages() * 1001.0);
    println!("{endpoints} endpoints x 1,000 series x {hours} h at 2 Hz, limit {limit_mib} MiB");
    println!(
        "  counted {:.0} MiB at most, resident {:.0} MiB at most, {:.2} bytes/sample in the end",
        mib(cost.most_bytes),
        cost.most_mib,
        used as f64 / samples
    );
    println!(
        "  {:.1} ns/sample, {:.0} us/page of CPU, slowest page {:.1} ms",
        cost.busy.as_nanos() as f64 / samples,
        cost.busy.as_secs_f64() * 1e6 / pages,
        cost.slowest.as_secs_f64() * 1e3
    );
}

pub(super) fn build(store: &Store, pages: u32) -> Report {
    let phase = PhaseWindow {
        first_send: instant(0),
        last_response: instant(pages - 1),
        ..PhaseWindow::default()
    };
    report::build(&ReportInput {
        run: &RunInfo::default(),
        status: RunStatus::Completed,
        clock: Some(ClockSource::Kernel),
        by_version: (1, 0),
        store,
        phases: &[phase],
        records: None,
        slice_duration: None,
        knowledge: Knowledge::embedded(),
        warnings: Vec::new(),
    })
}

/// Largest relative difference of each statistic.
pub(super) fn compare(report: &Report, aside: &Aside) {
    let metric = |key: &str| {
        let metrics = &report.servers[0].metrics;
        metrics.iter().find(|metric| metric.key == key).unwrap()
    };
    let mut worst = [0.0_f64; 7];
    let mut note = |found: &Stats, exact: &Stats| {
        let pairs = found.seven().into_iter().zip(exact.seven());
        for ((found, exact), worst) in pairs.zip(&mut worst) {
            let (found, exact) = (found.unwrap(), exact.unwrap());
            *worst = worst.max((found - exact).abs() / exact.abs().max(1e-9));
        }
    };
    for (at, values) in aside.gauges.iter().enumerate() {
        let mut weights = vec![1.0; values.len()];
        if let [first, .., last] = &mut weights[..] {
            (*first, *last) = (0.5, 0.5);
        }
        note(
            &metric(&format!("g{at}")).stats,
            &weighted_summary(values, &weights),
        );
    }
    let weights = vec![1.0; aside.counter.len()];
    let counter = metric("c7");
    note(&counter.stats, &weighted_summary(&aside.counter, &weights));
    let total = aside.counter.last().unwrap() - aside.counter.first().unwrap();
    println!("  counter: total {:?}, exact {total}", counter.total);
    for (name, worst) in Stats::NAMES.iter().zip(worst) {
        println!("  {name}: {:.4} % off at most", worst * 100.0);
    }
    println!("  estimator: {:?}", metric("g0").estimator);
    for (at, observed) in ASIDE.iter().zip(&aside.observed) {
        compare_histogram(metric(&format!("h{at}")), observed);
    }
}

/// Percentiles beside the true ones, and whether these lie within the bounds.
fn compare_histogram(found: &MetricReport, observed: &[f64]) {
    let mut all = observed.to_vec();
    let exact = summary(&mut all);
    let pairs = [
        ("p50", found.stats.p50, exact.p50),
        ("p90", found.stats.p90, exact.p90),
        ("p99", found.stats.p99, exact.p99),
        ("std", found.stats.std, exact.std),
    ];
    print!(
        "  {} ({} of {} observations):",
        found.key,
        found.n,
        all.len()
    );
    for (name, found_value, exact) in pairs {
        let (value, exact) = (found_value.unwrap(), exact.unwrap());
        let bounds = found.bounds[name];
        let inside = bounds
            .lower
            .is_none_or(|lower| lower <= exact * (1.0 + 1e-9))
            && bounds
                .upper
                .is_none_or(|upper| exact <= upper * (1.0 + 1e-9));
        let off = (value / exact - 1.0) * 100.0;
        let within = if inside { "within" } else { "OUTSIDE" };
        print!(" {name} {off:+.2} %, {within} bounds;");
    }
    println!();
}

//! The store under many series for a long time, with simulated clocks:
//! `cargo bench -p aiperf-core --bench store -- [ENDPOINTS [HOURS [LIMIT_MIB]]]`.
//!
//! Every endpoint has 1,000 series, scraped at 2 Hz: 69 % are parts of 46 histograms, 10 % stand
//! still, the rest move. Some series are kept aside in full, and what the store says of them at the
//! end is compared.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

mod compare;
mod machine;

use std::time::{Duration, Instant};

use compare::{Aside, build, compare, show};
use machine::{cpu, mib, resident_mib};

use aiperf_core::store::{EndpointId, EndpointInfo, ScrapeInfo, Store, StoreOptions};
use aiperf_plugin_sdk::batch::{FamilyRow, SampleRow};
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};
use aiperf_plugin_sdk::view::Barrier;
use aiperf_plugin_sdk::{Batch, MetricKind};

const HISTOGRAMS: usize = 46;
const EDGES: [&str; 13] = [
    "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0",
    "+Inf",
];
const STILL: usize = 100;
const COUNTERS: usize = 105;
const GAUGES: usize = 105;

/// Histograms all of whose observations are kept aside.
const ASIDE: [usize; 3] = [1, 3, 7];

/// Repeatable noise: xorshift.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What a server counts.
struct Server {
    buckets: Vec<[f64; EDGES.len()]>,
    sums: Vec<f64>,
    counters: Vec<f64>,
    gauges: Vec<f64>,
    edges: Vec<f64>,
    /// What was observed in the last step, of the histograms that are kept aside.
    observed: [Vec<f64>; ASIDE.len()],
}

impl Server {
    fn new() -> Self {
        Self {
            buckets: vec![[0.0; EDGES.len()]; HISTOGRAMS],
            sums: vec![0.0; HISTOGRAMS],
            counters: vec![0.0; COUNTERS],
            gauges: vec![100.0; GAUGES],
            edges: EDGES.iter().map(|le| le.parse().unwrap()).collect(),
            observed: Default::default(),
        }
    }

    /// Half a second later.
    fn step(&mut self, noise: &mut Noise) {
        for (at, (buckets, sum)) in self.buckets.iter_mut().zip(&mut self.sums).enumerate() {
            let mut kept = ASIDE.iter().position(|kept| *kept == at);
            let mut kept = kept.as_mut().map(|kept| &mut self.observed[*kept]);
            if let Some(kept) = &mut kept {
                kept.clear();
            }
            for _ in 0..noise.next() % (1 + at as u64 % 8) {
                let value = 0.002 * (1.0 / (1.0 - noise.unit())).powf(1.2);
                let first = self.edges.partition_point(|edge| *edge < value);
                buckets[first..].iter_mut().for_each(|count| *count += 1.0);
                *sum += value;
                if let Some(kept) = &mut kept {
                    kept.push(value);
                }
            }
        }
        for (at, counter) in self.counters.iter_mut().enumerate() {
            let by = (noise.next() % (1 + at as u64)) as f64;
            *counter += if at % 5 == 0 { by * 0.013_7 } else { by };
        }
        for (at, gauge) in self.gauges.iter_mut().enumerate() {
            *gauge = match at % 3 {
                0 => (*gauge + (noise.next() % 3) as f64 - 1.0).clamp(0.0, 256.0),
                1 => noise.unit(),
                _ => (*gauge * (0.95 + 0.1 * noise.unit())).clamp(1e3, 1e9),
            };
        }
    }

    fn write(&self, page: &mut Page) {
        for at in 0..HISTOGRAMS {
            for (le, count) in EDGES.iter().zip(self.buckets[at]) {
                page.add(MetricKind::Histogram, "h", at, "_bucket", Some(le), count);
            }
            let count = self.buckets[at][EDGES.len() - 1];
            page.add(MetricKind::Histogram, "h", at, "_sum", None, self.sums[at]);
            page.add(MetricKind::Histogram, "h", at, "_count", None, count);
        }
        for at in 0..STILL {
            page.add(MetricKind::Gauge, "still", at, "", None, at as f64);
        }
        for (at, value) in self.counters.iter().enumerate() {
            page.add(MetricKind::Counter, "c", at, "_total", None, *value);
        }
        for (at, value) in self.gauges.iter().enumerate() {
            page.add(MetricKind::Gauge, "g", at, "", None, *value);
        }
    }
}

/// A page whose names are made once.
struct Page {
    batch: Batch,
    name: String,
}

impl Page {
    fn add(
        &mut self,
        kind: MetricKind,
        stem: &str,
        at: usize,
        suffix: &str,
        le: Option<&str>,
        value: f64,
    ) {
        use std::fmt::Write as _;
        self.name.clear();
        write!(self.name, "{stem}{at}").unwrap();
        let name = self.batch.push_extra(self.name.as_bytes());
        let family = self.batch.push_family(FamilyRow::new(name, kind));
        if let Some(le) = le {
            let name = self.batch.push_extra(b"le");
            let value = self.batch.push_extra(le.as_bytes());
            self.batch.push_label(name, value);
        }
        self.name.push_str(suffix);
        let name = self.batch.push_extra(self.name.as_bytes());
        self.batch.push_sample(SampleRow::new(family, name, value));
    }
}

fn instant(page: u32) -> Instant2 {
    let ns = i64::from(page) * 500_000_000;
    Instant2 {
        mono_ns: ns,
        wall_ns: ns,
    }
}

fn info(page: u32, pages: u32) -> ScrapeInfo {
    let sent = instant(page);
    let clock = PayloadClock::new(sent, sent.mono_ns + 1, sent.mono_ns + 2);
    ScrapeInfo {
        clock,
        phase: Some(0),
        phase_name: None,
        barrier: match page {
            0 => Barrier::Start,
            page if page + 1 == pages => Barrier::End,
            _ => Barrier::Tick,
        },
        ..ScrapeInfo::default()
    }
}

/// How much to run.
struct Args {
    endpoints: u32,
    hours: u32,
    limit_mib: usize,
}

impl Args {
    fn read() -> Self {
        let numbers: Vec<u32> = std::env::args()
            .filter_map(|arg| arg.parse().ok())
            .collect();
        let of = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
        Self {
            endpoints: of(0, 4),
            hours: of(1, 1),
            limit_mib: of(2, 512) as usize,
        }
    }

    fn pages(&self) -> u32 {
        self.hours * 7200
    }

    /// Every endpoint's.
    fn total_pages(&self) -> f64 {
        f64::from(self.pages()) * f64::from(self.endpoints)
    }
}

/// What it cost.
#[derive(Default)]
struct Cost {
    busy: Duration,
    slowest: Duration,
    most_bytes: usize,
    most_mib: f64,
}

fn main() {
    let args = Args::read();
    let mut store = Store::new(StoreOptions {
        memory_limit: args.limit_mib << 20,
        ..StoreOptions::default()
    });
    let mut aside = Aside::default();
    let cost = collect(&args, &mut store, &mut aside);
    show(&args, &cost, store.memory_used());
    let begin = Instant::now();
    let report = build(&store, args.pages());
    println!("  report in {:.2} s", begin.elapsed().as_secs_f64());
    compare(&report, &aside);
}

/// Scrapes all endpoints. All show the same page at a time: making pages must stay cheap.
fn collect(args: &Args, store: &mut Store, aside: &mut Aside) -> Cost {
    let url = |at: u32| format!("http://h{at}/metrics");
    let info_of = |at: u32| EndpointInfo {
        url: url(at),
        ..EndpointInfo::default()
    };
    let ids: Vec<EndpointId> = (0..args.endpoints)
        .map(|at| store.add_endpoint(info_of(at)))
        .collect();
    let (mut noise, mut server) = (Noise(0x9e37_79b9_7f4a_7c15), Server::new());
    let mut page = Page {
        batch: Batch::new(),
        name: String::new(),
    };
    let mut cost = Cost::default();
    let before = cpu();
    for number in 0..args.pages() {
        server.step(&mut noise);
        aside.keep(&server);
        page.batch.clear();
        server.write(&mut page);
        let info = info(number, args.pages());
        for id in &ids {
            let begin = Instant::now();
            page.batch
                .read(&[], |view| store.scrape(*id, &info, view))
                .unwrap();
            let took = begin.elapsed();
            cost.slowest = cost.slowest.max(took);
        }
        if number % 600 == 0 || number + 1 == args.pages() {
            let resident = resident_mib() - mib(aside.bytes());
            cost.most_bytes = cost.most_bytes.max(store.memory_used());
            cost.most_mib = cost.most_mib.max(resident);
            if number % 3600 == 0 {
                let (hours, used) = (f64::from(number) / 7200.0, mib(store.memory_used()));
                let cpu = cpu().as_secs_f64();
                println!(
                    "  {hours:4.1} h: counted {used:.0} MiB, resident {resident:.0} MiB, {cpu:.0} s of CPU"
                );
            }
        }
    }
    cost.busy = cpu().saturating_sub(before);
    cost
}

//! The pages that the server offers.

use std::sync::Mutex;

use super::family::{Catalog, Labels, View};
use super::page::Layout;
use super::process::Process;
use super::stats::Stats;
use super::{dcgm, dynamo, generic, vllm};
use crate::clock::monotonic;
use crate::config::SimConfig;
use crate::truth::lock;

pub(crate) use super::family::Format;

/// Servers that one process plays; requests are dealt to them in turn.
pub(crate) const SERVERS: usize = 2;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `/metrics`: all servers as one.
    Whole,
    /// `/multi/metrics`: each server's series marked as its own.
    Multi,
    /// `/dcgm/metrics`: the GPUs.
    Dcgm,
}

/// Counters of one event loop, one set a server. Each has its own lock, held for a few
/// instructions at a time, so that a scrape never waits behind a whole turn of a loop.
pub(crate) type LoopStats = [Mutex<Stats>; SERVERS];

struct Formats {
    classic: Layout,
    open: Layout,
}

/// All pages, laid out.
pub(crate) struct Pages {
    whole: Formats,
    multi: Formats,
    dcgm: Formats,
    process: Process,
    started: i64,
    dcgm_interval: i64,
    /// What the DCGM exporter saw when it last looked.
    dcgm_seen: Mutex<Option<View>>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Pages")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

impl Formats {
    fn new(catalog: &Catalog, servers: &[Labels]) -> Self {
        Self {
            classic: Layout::new(catalog, Format::Classic, servers),
            open: Layout::new(catalog, Format::OpenMetrics, servers),
        }
    }
}

impl Pages {
    pub(crate) fn new(config: &SimConfig) -> Self {
        let process = Process::new();
        let mut catalog = Catalog::default();
        if config.metrics_families.vllm {
            vllm::add_to(&mut catalog, config, &process);
        }
        if config.metrics_families.dynamo {
            dynamo::add_to(&mut catalog, config);
        }
        if config.metrics_families.spec {
            generic::add_to(&mut catalog, config, &process);
        }
        let mut gpus = Catalog::default();
        dcgm::add_to(&mut gpus, config);
        let marks: Vec<Labels> = (0..SERVERS).map(server_labels).collect();
        Self {
            whole: Formats::new(&catalog, &[Labels::new()]),
            multi: Formats::new(&catalog, &marks),
            dcgm: Formats::new(&gpus, &[Labels::new()]),
            process,
            started: monotonic(),
            dcgm_interval: i64::try_from(config.dcgm_interval.as_nanos()).unwrap_or(i64::MAX),
            dcgm_seen: Mutex::new(None),
        }
    }

    /// Renders a page from the counters of all event loops.
    pub(crate) fn render(&self, kind: Kind, format: Format, loops: &[LoopStats]) -> Vec<u8> {
        let formats = match kind {
            Kind::Whole => &self.whole,
            Kind::Multi => &self.multi,
            Kind::Dcgm => &self.dcgm,
        };
        let layout = match format {
            Format::Classic => &formats.classic,
            Format::OpenMetrics => &formats.open,
        };
        if kind == Kind::Dcgm {
            return self.render_gpus(layout, loops);
        }
        layout.render(&self.views(kind, loops))
    }

    /// The GPUs as they were at the exporter's last look.
    fn render_gpus(&self, layout: &Layout, loops: &[LoopStats]) -> Vec<u8> {
        let mut seen = lock(&self.dcgm_seen);
        let is_old = |view: &View| monotonic() - view.now >= self.dcgm_interval;
        if seen.as_ref().is_none_or(is_old) {
            *seen = self.views(Kind::Dcgm, loops).into_iter().next();
        }
        layout.render(seen.as_slice())
    }

    fn views(&self, kind: Kind, loops: &[LoopStats]) -> Vec<View> {
        let mut servers: [Stats; SERVERS] = Default::default();
        for stats in loops {
            for (sum, part) in servers.iter_mut().zip(stats) {
                sum.merge(&lock(part));
            }
        }
        if kind == Kind::Multi {
            return servers
                .into_iter()
                .map(|stats| self.view(stats, SERVERS))
                .collect();
        }
        let mut whole = Stats::default();
        for stats in &servers {
            whole.merge(stats);
        }
        vec![self.view(whole, 1)]
    }

    fn view(&self, stats: Stats, servers: usize) -> View {
        let now = monotonic();
        View {
            ended: stats.all_ended(),
            http: stats.all_http(),
            stats,
            reading: self.process.read().divided(servers),
            now,
            uptime: (now - self.started) as f64 / 1e9,
        }
    }
}

fn server_labels(index: usize) -> Labels {
    vec![
        ("server_id", format!("server-{index}")),
        ("instance", format!("server-{index}:8080")),
        ("server_type", "ai-server".to_owned()),
    ]
}

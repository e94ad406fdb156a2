//! What the dashboard knows: the latest of everything, and how it came to that.

use std::collections::VecDeque;
use std::time::Duration;

use aiperf_core::event::{EndpointState, Event, Progress, ServerGlance};

/// Between two points of a curve.
const STEP: Duration = Duration::from_millis(500);
/// Points kept: more than a screen is wide.
const MOST_POINTS: usize = 512;
/// Lines kept for afterwards. What comes later is counted.
const MOST_LINES: usize = 1000;

/// What the dashboard shows.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) phase: String,
    /// The phase has ended: servers are waited for.
    pub(super) settling: bool,
    pub(super) progress: Progress,
    pub(super) curves: Curves,
    pub(super) endpoints: Vec<EndpointState>,
    pub(super) servers: Vec<ServerGlance>,
    lines: Vec<String>,
    lost: usize,
}

/// What happened in half a second each.
#[derive(Debug, Default)]
pub(super) struct Curves {
    /// When the last point was made, and what there was of requests and tokens by then.
    last: (Duration, u64, u64),
    /// Sum and number of the times since.
    ttft: Mean,
    latency: Mean,
    pub(super) requests: Curve,
    pub(super) chunks: Curve,
    /// Milliseconds.
    pub(super) ttfts: Curve,
    /// Milliseconds.
    pub(super) latencies: Curve,
}

/// The newest points, the newest last.
#[derive(Debug, Default)]
pub(super) struct Curve(VecDeque<f64>);

#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    n: u32,
}

impl Mean {
    fn add(&mut self, time: Option<Duration>) {
        if let Some(time) = time {
            self.sum += time.as_secs_f64() * 1e3;
            self.n += 1;
        }
    }

    fn take(&mut self) -> Option<f64> {
        let Self { sum, n } = std::mem::take(self);
        (n > 0).then(|| sum / f64::from(n))
    }
}

impl Curve {
    fn push(&mut self, value: f64) {
        if self.0.len() == MOST_POINTS {
            self.0.pop_front();
        }
        self.0.push_back(value);
    }

    pub(super) fn latest(&self) -> Option<f64> {
        self.0.back().copied()
    }

    /// The newest points, as many as there is room for.
    pub(super) fn newest(&self, room: usize) -> impl Iterator<Item = f64> {
        self.0
            .iter()
            .copied()
            .skip(self.0.len().saturating_sub(room))
    }
}

impl Curves {
    fn take(&mut self, progress: &Progress) {
        self.ttft.add(progress.recent_ttft);
        self.latency.add(progress.recent_latency);
        let ended = progress.done + progress.failed + progress.cancelled;
        let (then, before, chunks) = self.last;
        let Some(passed) = progress.elapsed.checked_sub(then) else {
            return;
        };
        if passed < STEP {
            return;
        }
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / passed.as_secs_f64();
        self.requests.push(rate(ended, before));
        self.chunks.push(rate(progress.tokens, chunks));
        self.last = (progress.elapsed, ended, progress.tokens);
        if let Some(ttft) = self.ttft.take() {
            self.ttfts.push(ttft);
        }
        if let Some(latency) = self.latency.take() {
            self.latencies.push(latency);
        }
    }
}

impl State {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Phase(event) => {
                self.settling = event.ended;
                if !event.ended {
                    self.phase.clone_from(&event.name);
                    self.curves = Curves::default();
                    self.progress = Progress::default();
                }
            }
            Event::Progress(progress) => {
                self.curves.take(progress);
                self.progress = progress.clone();
            }
            Event::Endpoints(states) => self.endpoints.clone_from(states),
            Event::Servers(servers) => self.servers.clone_from(servers),
            Event::Log { .. } | Event::Warning(_) | Event::Reporting => {}
        }
    }

    /// Takes a line that was meant for stderr.
    pub(super) fn say(&mut self, line: &str) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(line.to_owned());
        } else {
            self.lost += 1;
        }
    }

    /// The newest lines, the newest last.
    pub(super) fn newest_lines(&self, room: usize) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(room)..]
    }

    /// All that was said, for afterwards.
    pub(super) fn said(self) -> impl Iterator<Item = String> {
        let more = (self.lost > 0).then(|| format!("and {} lines more: see the log", self.lost));
        self.lines.into_iter().chain(more)
    }

    /// Share of the phase that is over.
    pub(super) fn share(&self) -> Option<f64> {
        let Progress {
            planned,
            duration,
            elapsed,
            done,
            failed,
            cancelled,
            ..
        } = &self.progress;
        let by_count = planned
            .filter(|planned| *planned > 0)
            .map(|planned| (done + failed + cancelled) as f64 / planned as f64);
        let by_time = duration
            .filter(|duration| !duration.is_zero())
            .map(|duration| elapsed.as_secs_f64() / duration.as_secs_f64());
        let share = by_count.into_iter().chain(by_time).reduce(f64::max)?;
        Some(share.clamp(0.0, 1.0))
    }
}

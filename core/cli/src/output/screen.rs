//! The run as it goes on: one live line, and what is worth a line of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aiperf_core::config::schema::Ui;
use aiperf_core::event::{EndpointState, Event, EventSink, Progress};
use aiperf_plugin_sdk::display::{excerpt, printable};
use aiperf_plugin_sdk::{LogLevel, PhaseEvent};
use console::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::dashboard::{self, Dashboard};
use super::text::{say, warning};

/// Characters of a line on the screen; files have the rest.
const LONGEST: usize = 2000;

/// Shows events on stderr.
#[derive(Debug)]
pub(crate) struct Screen {
    /// Show progress and facts; warnings and errors are always shown.
    talkative: bool,
    bar: Mutex<Option<ProgressBar>>,
    _dashboard: Option<Dashboard>,
}

impl Screen {
    pub(crate) fn new(ui: Ui) -> Self {
        let dashboard = match ui {
            Ui::Dashboard => match Dashboard::open() {
                Ok(dashboard) => Some(dashboard),
                Err(why) => {
                    warning(&format!("no dashboard, a line instead: {why}"));
                    None
                }
            },
            Ui::Line | Ui::None => None,
        };
        Self {
            talkative: ui == Ui::Line || (ui == Ui::Dashboard && dashboard.is_none()),
            bar: Mutex::new(None),
            _dashboard: dashboard,
        }
    }

    /// Prints a line without tearing the live line.
    fn line(&self, line: &str) {
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    /// Shows who says what. Both may be text of others.
    fn complain(&self, label: &impl std::fmt::Display, who: &str, what: &str) {
        let text = format!("{who}: {what}");
        self.line(&format!("{label} {}", excerpt(&text, LONGEST)));
    }

    fn endpoints(&self, states: &[EndpointState]) {
        let reachable: Vec<_> = states
            .iter()
            .filter(|state| state.problem.is_none())
            .collect();
        if self.talkative && !states.is_empty() {
            let names: Vec<_> = reachable
                .iter()
                .map(|state| state.display.as_str())
                .collect();
            let names = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            self.line(&format!("Server metrics from {}", printable(&names)));
        }
        for state in states.iter().filter(|state| !state.automatic) {
            if let Some(problem) = &state.problem {
                self.complain(&warning_label(), &state.display, problem);
            }
        }
    }

    fn phase(&self, event: &PhaseEvent) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bar.take() {
            bar.finish_and_clear();
        }
        if self.talkative && !event.ended {
            let new = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            new.set_style(style());
            new.set_prefix(printable(&event.name).into_owned());
            *bar = Some(new);
        }
    }

    fn progress(&self, progress: &Progress) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.set_message(line_of(progress));
            bar.tick();
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {prefix:.bold}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn warning_label() -> impl std::fmt::Display {
    Style::new()
        .for_stderr()
        .yellow()
        .bold()
        .apply_to("warning:")
}

/// `37 %  370/1000 requests, 10 in flight, 123.4 req/s, 3.9 k tok/s, TTFT 52 ms  3s`.
fn line_of(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64().max(1e-9);
    let elapsed = Duration::from_secs(progress.elapsed.as_secs());
    let elapsed = humantime_seconds(elapsed);
    let total = progress
        .duration
        .map_or_else(String::new, |d| format!(" of {}", humantime_seconds(d)));
    if progress.sent == 0 && progress.planned.is_none() {
        return format!("{elapsed}{total}");
    }
    let ended = progress.done + progress.failed;
    let mut parts = Vec::new();
    parts.push(match progress.planned {
        Some(planned) => format!("{ended}/{planned} requests"),
        None => format!("{ended} requests"),
    });
    parts.push(format!("{} in flight", progress.in_flight));
    if progress.failed > 0 {
        parts.push(format!("{} failed", progress.failed));
    }
    parts.push(format!("{} req/s", short(ended as f64 / seconds)));
    parts.push(format!("{} tok/s", short(progress.tokens as f64 / seconds)));
    if let Some(ttft) = progress.recent_ttft {
        parts.push(format!("TTFT {} ms", short(ttft.as_secs_f64() * 1e3)));
    }
    format!("{}  {elapsed}{total}", parts.join(", "))
}

pub(super) fn humantime_seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, s) => format!("{h}h{m:02}m{s:02}s"),
    }
}

/// Three significant digits, with `k` and `M`.
pub(super) fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{:.1}M", v / 1e6),
        v if v >= 1e4 => format!("{:.1}k", v / 1e3),
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

impl EventSink for Screen {
    fn event(&self, event: &Event) {
        dashboard::take(event);
        match event {
            Event::Log {
                level: LogLevel::Warn,
                source,
                message,
            } => {
                self.complain(&warning_label(), source, message);
            }
            Event::Log {
                level: LogLevel::Error,
                source,
                message,
            } => {
                let label = Style::new().for_stderr().red().bold().apply_to("error:");
                self.complain(&label, source, message);
            }
            // The exporters show warnings beside the numbers that they are about.
            Event::Log { .. } | Event::Warning(_) | Event::Servers(_) | Event::Reporting => {}
            Event::Endpoints(states) => self.endpoints(states),
            Event::Phase(event) => self.phase(event),
            Event::Progress(progress) => self.progress(progress),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_line_says_where_the_load_is() {
        let progress = Progress {
            planned: Some(1000),
            elapsed: Duration::from_millis(2500),
            sent: 380,
            done: 368,
            failed: 2,
            in_flight: 10,
            tokens: 40_000,
            recent_ttft: Some(Duration::from_micros(52_300)),
            ..Progress::default()
        };
        assert_eq!(
            line_of(&progress),
            "370/1000 requests, 10 in flight, 2 failed, 148 req/s, 16.0k tok/s, TTFT 52.3 ms  2s"
        );
    }

    #[test]
    fn without_load_only_time_passes() {
        let progress = Progress {
            elapsed: Duration::from_secs(61),
            duration: Some(Duration::from_hours(1)),
            ..Progress::default()
        };
        assert_eq!(line_of(&progress), "1m01s of 1h00m00s");
    }
}

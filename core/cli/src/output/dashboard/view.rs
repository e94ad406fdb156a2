//! How the dashboard looks.

use aiperf_core::event::{Gauge, Progress};
use aiperf_plugin_sdk::display::printable;
use console::strip_ansi_codes;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, LineGauge, Paragraph, Sparkline};

use super::state::{Curve, State};
use crate::output::screen::{humantime_seconds, short};

/// Lines of warnings and messages.
const MESSAGES: usize = 4;
const HINT: &str = "Ctrl-C: finish what is in flight; again: give it up";
/// Height of a curve in steps.
const STEPS: u32 = 1000;

pub(super) fn draw(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let servers = server_lines(state, area.width);
    let messages = message_lines(state);
    let most = usize::from(area.height / 3);
    let shown = servers.len().min(most);
    let rows = |n: usize| Constraint::Length(u16::try_from(n).unwrap_or(u16::MAX));
    let [head, bar, numbers, upper, lower, below, said, hint] = Layout::vertical([
        rows(1),
        rows(1),
        rows(1),
        Constraint::Fill(1),
        Constraint::Fill(1),
        rows(if shown == 0 { 0 } else { shown + 1 }),
        rows(if messages.is_empty() {
            0
        } else {
            messages.len() + 1
        }),
        rows(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(title(state)), head);
    progress_bar(state, frame, bar);
    frame.render_widget(Paragraph::new(counts(&state.progress)), numbers);
    let curves = &state.curves;
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(halves).areas(upper);
    draw_curve("Requests/s", &curves.requests, Color::Green, frame, left);
    draw_curve("Chunks/s", &curves.chunks, Color::Cyan, frame, right);
    let [left, right] = Layout::horizontal(halves).areas(lower);
    draw_curve(
        "Time to first token, ms",
        &curves.ttfts,
        Color::Yellow,
        frame,
        left,
    );
    draw_curve(
        "Request latency, ms",
        &curves.latencies,
        Color::Magenta,
        frame,
        right,
    );
    let cut = servers.len() - shown;
    let heading = if cut == 0 {
        " Servers ".to_owned()
    } else {
        format!(" Servers ({cut} more below) ")
    };
    let list = servers.into_iter().take(shown).collect::<Vec<_>>();
    frame.render_widget(Paragraph::new(list).block(section(heading)), below);
    frame.render_widget(
        Paragraph::new(messages).block(section(" Messages ".to_owned())),
        said,
    );
    frame.render_widget(Paragraph::new(Line::styled(HINT, dim())), hint);
}

fn section(title: String) -> Block<'static> {
    Block::new()
        .borders(Borders::TOP)
        .border_style(dim())
        .title(title)
}

/// Bold, where there are colours in this one.
fn paint(color: Color) -> Style {
    let style = Style::new().add_modifier(Modifier::BOLD);
    if console::colors_enabled_stderr() {
        style.fg(color)
    } else {
        style
    }
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// `aiperf  profiling  12s of 1m00s`.
fn title(state: &State) -> Line<'static> {
    let Progress {
        elapsed, duration, ..
    } = &state.progress;
    let total = duration.map_or_else(String::new, |all| format!(" of {}", humantime_seconds(all)));
    let what = if state.settling {
        ": waiting for the servers' last counts"
    } else {
        ""
    };
    Line::from_iter([
        Span::styled("aiperf  ", Style::new().add_modifier(Modifier::BOLD)),
        Span::styled(printable(&state.phase).into_owned(), paint(Color::Cyan)),
        Span::raw(format!("{what}  {}{total}", humantime_seconds(*elapsed))),
    ])
}

fn progress_bar(state: &State, frame: &mut Frame<'_>, area: Rect) {
    if let Some(share) = state.share() {
        let bar = LineGauge::default()
            .filled_style(paint(Color::Green))
            .unfilled_style(dim())
            .filled_symbol(symbols::line::THICK_HORIZONTAL)
            .label(format!("{:3.0} %", share * 100.0))
            .ratio(share);
        frame.render_widget(bar, area);
    }
}

/// `370 of 1000 requests, 10 in flight, 2 failed, 1 given up`.
fn counts(progress: &Progress) -> Line<'static> {
    let Progress {
        sent,
        done,
        failed,
        cancelled,
        in_flight,
        ..
    } = *progress;
    if sent == 0 && progress.planned.is_none() {
        return Line::default();
    }
    let ended = done + failed + cancelled;
    let planned = progress
        .planned
        .map_or_else(String::new, |n| format!(" of {n}"));
    let mut spans = vec![Span::raw(format!(
        "{ended}{planned} requests, {in_flight} in flight"
    ))];
    if failed > 0 {
        spans.push(Span::styled(
            format!(", {failed} failed"),
            paint(Color::Red),
        ));
    }
    if cancelled > 0 {
        spans.push(Span::raw(format!(", {cancelled} given up")));
    }
    Line::from(spans)
}

fn draw_curve(name: &str, curve: &Curve, color: Color, frame: &mut Frame<'_>, area: Rect) {
    let latest = curve.latest().map_or_else(|| "-".to_owned(), short);
    let points: Vec<f64> = curve.newest(usize::from(area.width)).collect();
    let most = points.iter().copied().fold(0.0, f64::max);
    let title = Line::from_iter([
        Span::raw(format!(" {name}  ")),
        Span::styled(latest, paint(color)),
        Span::styled(format!("  (at most {}) ", short(most)), dim()),
    ]);
    let height = |value: &f64| steps(*value, most);
    let line = Sparkline::default()
        .block(
            Block::new()
                .borders(Borders::TOP)
                .border_style(dim())
                .title(title),
        )
        .data(points.iter().map(height).collect::<Vec<_>>())
        .max(u64::from(STEPS))
        .style(paint(color));
    frame.render_widget(line, area);
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 1000"
)]
fn steps(value: f64, most: f64) -> u64 {
    (value / most.max(f64::MIN_POSITIVE) * f64::from(STEPS)) as u64
}

/// For each server its name, and its gauges beside one another as far as there is room.
fn server_lines(state: &State, width: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for server in &state.servers {
        let mut line = vec![Span::styled(
            printable(&server.server).into_owned(),
            paint(Color::Cyan),
        )];
        let mut used = server.server.chars().count();
        for gauge in &server.gauges {
            let (name, value) = (printable(&gauge.name).into_owned(), level(gauge));
            let long = name.chars().count() + value.chars().count() + 4;
            if used + long > usize::from(width) {
                lines.push(Line::from(std::mem::take(&mut line)));
                used = 0;
            }
            used += long;
            line.push(Span::raw(format!("   {name} ")));
            line.push(Span::styled(
                value,
                Style::new().add_modifier(Modifier::BOLD),
            ));
        }
        lines.push(Line::from(line));
    }
    let silent = state.endpoints.iter().filter(|one| !one.automatic);
    for endpoint in silent {
        if let Some(problem) = &endpoint.problem {
            let text = format!("{}: {problem}", endpoint.display);
            let text = printable(&text).into_owned();
            lines.push(Line::styled(text, paint(Color::Yellow)));
        }
    }
    lines
}

/// A share as one of hundred, as people read it.
fn level(gauge: &Gauge) -> String {
    match gauge.unit.as_str() {
        "ratio" => format!("{} %", short(gauge.value * 100.0)),
        "count" | "" => count(gauge.value),
        unit => format!("{} {}", short(gauge.value), printable(unit)),
    }
}

fn count(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e4 {
        format!("{value:.0}")
    } else {
        short(value)
    }
}

fn message_lines(state: &State) -> Vec<Line<'static>> {
    let plain = |line: &String| {
        let line = strip_ansi_codes(line).into_owned();
        let style = if line.starts_with("error:") {
            paint(Color::Red)
        } else if line.starts_with("warning:") {
            paint(Color::Yellow)
        } else {
            Style::new()
        };
        Line::styled(printable(&line).into_owned(), style)
    };
    state.newest_lines(MESSAGES).iter().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aiperf_core::event::{Event, ServerGlance};
    use aiperf_plugin_sdk::PhaseEvent;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn screen(state: &State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(state, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let row = |y| -> String { (0..width).map(|x| buffer[(x, y)].symbol()).collect() };
        let rows: Vec<_> = (0..height).map(|y| row(y).trim_end().to_owned()).collect();
        rows.join("\n")
    }

    fn under_load() -> State {
        let mut state = State::default();
        state.take(&Event::Phase(PhaseEvent {
            name: "profiling".to_owned(),
            ..PhaseEvent::default()
        }));
        for half in 1..=20_u32 {
            state.take(&Event::Progress(Progress {
                planned: Some(1000),
                elapsed: Duration::from_millis(500) * half,
                sent: 380,
                done: u64::from(half * half),
                failed: 2,
                in_flight: 10,
                tokens: u64::from(half) * 1000,
                recent_ttft: Some(Duration::from_millis(52)),
                recent_latency: Some(Duration::from_millis(812)),
                ..Progress::default()
            }));
        }
        let gauge = |name: &str, value, unit: &str| Gauge {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        };
        state.take(&Event::Servers(vec![ServerGlance {
            server: "localhost:8000".to_owned(),
            gauges: vec![
                gauge("vllm:num_requests_running", 10.0, "count"),
                gauge("vllm:kv_cache_usage_perc", 0.431, "ratio"),
            ],
        }]));
        state
    }

    #[test]
    fn everything_has_its_place() {
        let mut state = under_load();
        state.say("\u{1b}[33mwarning:\u{1b}[0m exporter csv: the disk is \u{1b}[2J full");
        let screen = screen(&state, 100, 24);
        for part in [
            "aiperf  profiling  10s",
            " 40 %",
            "402 of 1000 requests, 10 in flight, 2 failed",
            "Requests/s  78.0  (at most 78.0)",
            "Chunks/s  2000",
            "Time to first token, ms  52.0",
            "Request latency, ms  812",
            "localhost:8000   vllm:num_requests_running 10   vllm:kv_cache_usage_perc 43.1 %",
            "warning: exporter csv: the disk is",
            HINT,
        ] {
            assert!(screen.contains(part), "{part}\n{screen}");
        }
        assert!(!screen.contains('\u{1b}'));
    }

    #[test]
    fn gauges_go_on_below_if_there_is_no_room() {
        let screen = screen(&under_load(), 60, 24);
        assert!(
            screen.contains("\n   vllm:kv_cache_usage_perc 43.1 %"),
            "{screen}"
        );
    }

    #[test]
    fn no_size_is_too_small() {
        let state = under_load();
        for (width, height) in [(1, 1), (3, 40), (200, 2), (20, 5)] {
            screen(&state, width, height);
        }
    }

    #[test]
    fn a_phase_that_has_ended_waits_for_servers() {
        let mut state = under_load();
        state.take(&Event::Phase(PhaseEvent {
            name: "profiling".to_owned(),
            ended: true,
            ..PhaseEvent::default()
        }));
        let screen = screen(&state, 100, 24);
        assert!(
            screen.contains("waiting for the servers' last counts"),
            "{screen}"
        );
    }
}

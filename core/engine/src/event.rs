//! What the engine tells whoever runs it. The engine prints nothing itself.

use std::sync::Arc;
use std::time::Duration;

use aiperf_plugin_sdk::display::excerpt;
use aiperf_plugin_sdk::report::Warning;
use aiperf_plugin_sdk::{LogLevel, PhaseEvent};

use crate::secrets::Secrets;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A line for the log.
    Log {
        /// By consequence.
        level: LogLevel,
        /// Who says it, such as `exporter jsonl`.
        source: String,
        /// One line.
        message: String,
    },
    /// A warning of the report. The exporters show it as well.
    Warning(Warning),
    /// The endpoints have been tried for the first time.
    Endpoints(Vec<EndpointState>),
    /// A phase began or ended.
    Phase(PhaseEvent),
    /// How far the load is.
    Progress(Progress),
    /// What servers say of their load. Only if [`Ui::Dashboard`](crate::config::schema::Ui) asks for it.
    Servers(Vec<ServerGlance>),
    /// The run is over; its report is made and written now.
    Reporting,
}

/// What a server says of its load.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerGlance {
    /// Its id.
    pub server: String,
    /// By name.
    pub gauges: Vec<Gauge>,
}

/// The latest value of a gauge.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Family.
    pub name: String,
    /// Sum of its series, or the mean of what is averaged over servers.
    pub value: f64,
    /// As the report has it.
    pub unit: String,
}

/// An endpoint after the first try.
#[derive(Debug, Clone)]
pub struct EndpointState {
    /// Short form for people.
    pub display: String,
    /// True if the user did not ask for it.
    pub automatic: bool,
    /// Why it is not reachable; `None` if it is.
    pub problem: Option<String>,
}

/// How far the load is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Name of the phase.
    pub phase: String,
    /// Requests to send, if that is the limit.
    pub planned: Option<u64>,
    /// Time to send for, if that is the limit.
    pub duration: Option<Duration>,
    /// Since the first send.
    pub elapsed: Duration,
    /// Requests sent, answered, failed, and not yet answered.
    pub sent: u64,
    /// Complete answers.
    pub done: u64,
    /// Failures.
    pub failed: u64,
    /// Given up.
    pub cancelled: u64,
    /// Not yet answered.
    pub in_flight: u64,
    /// Chunks with text so far.
    pub tokens: u64,
    /// Time to first token of a recent request.
    pub recent_ttft: Option<Duration>,
    /// Mean latency of the requests that ended well since the last report.
    pub recent_latency: Option<Duration>,
}

/// Receives events, from any thread. Must not block for long.
pub trait EventSink: Send + Sync + 'static {
    /// Takes an event.
    fn event(&self, event: &Event);
}

/// Handle to the sink.
#[derive(Clone)]
pub struct Events(Arc<dyn EventSink>);

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    /// Sends to `sink`.
    pub fn new(sink: Arc<dyn EventSink>) -> Self {
        Self(sink)
    }

    /// Sends an event.
    pub fn send(&self, event: &Event) {
        self.0.event(event);
    }

    /// Sends a log line.
    pub fn log(&self, level: LogLevel, source: &str, message: impl Into<String>) {
        let message = one_line(&message.into());
        self.send(&Event::Log {
            level,
            source: one_line(source),
            message,
        });
    }
}

/// Longest line of a log or on the screen, in characters.
const LONGEST: usize = 2000;

/// `text` on one line that foreign bytes cannot steer a terminal with, nor forge another line, nor fill
/// the screen.
pub(crate) fn one_line(text: &str) -> String {
    let flat = text.replace(['\n', '\r', '\t'], " ");
    excerpt(&flat, LONGEST).into_owned()
}

/// Passes everything on without secrets.
pub(crate) struct Scrubbed {
    inner: Events,
    secrets: Arc<Secrets>,
}

impl Scrubbed {
    pub(crate) fn events(inner: Events, secrets: Arc<Secrets>) -> Events {
        Events::new(Arc::new(Self { inner, secrets }))
    }
}

impl EventSink for Scrubbed {
    fn event(&self, event: &Event) {
        let scrub = |text: &String| self.secrets.scrub(text).into_owned();
        match event {
            Event::Log {
                level,
                source,
                message,
            } => self.inner.send(&Event::Log {
                level: *level,
                source: source.clone(),
                message: scrub(message),
            }),
            Event::Warning(warning) => self.inner.send(&Event::Warning(Warning {
                code: warning.code.clone(),
                subject: scrub(&warning.subject),
                message: scrub(&warning.message),
                remedy: warning.remedy.clone(),
            })),
            Event::Endpoints(states) => {
                let states = states.iter().map(|state| EndpointState {
                    problem: state.problem.as_ref().map(scrub),
                    ..state.clone()
                });
                self.inner.send(&Event::Endpoints(states.collect()));
            }
            Event::Phase(_) | Event::Progress(_) | Event::Servers(_) | Event::Reporting => {
                self.inner.send(event);
            }
        }
    }
}

/// Passes everything on, and writes all but progress to a file as well.
pub(crate) struct Logged {
    inner: Events,
    file: std::sync::Mutex<std::fs::File>,
}

impl Logged {
    pub(crate) fn events(inner: Events, file: std::fs::File) -> Events {
        Events::new(Arc::new(Self {
            inner,
            file: std::sync::Mutex::new(file),
        }))
    }
}

impl Logged {
    fn write(&self, level: LogLevel, source: &str, message: &str) {
        let now = humantime::format_rfc3339_millis(std::time::SystemTime::now());
        let line = format!("{now} {level:?} {source}: {message}\n");
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // A log that cannot be written must not end the run.
        std::io::Write::write_all(&mut *file, line.as_bytes()).ok();
    }
}

impl EventSink for Logged {
    fn event(&self, event: &Event) {
        match event {
            Event::Log {
                level,
                source,
                message,
            } => self.write(*level, source, message),
            Event::Warning(warning) => {
                self.write(LogLevel::Warn, "report", &line_of(warning));
            }
            Event::Endpoints(states) => {
                for state in states {
                    self.write(LogLevel::Info, "endpoint", &line_of_endpoint(state));
                }
            }
            Event::Phase(phase) => {
                let what = if phase.ended { "ended" } else { "began" };
                let line = one_line(&format!("{} {what}", phase.name));
                self.write(LogLevel::Info, "phase", &line);
            }
            Event::Progress(_) | Event::Servers(_) | Event::Reporting => {}
        }
        self.inner.send(event);
    }
}

/// Which endpoint it is, and whether it answered.
fn line_of_endpoint(state: &EndpointState) -> String {
    let display = &state.display;
    one_line(&match (&state.problem, state.automatic) {
        (None, _) => format!("{display} answers"),
        (Some(_), true) => format!("{display} was looked for and not found"),
        (Some(problem), false) => format!("{display} does not answer: {problem}"),
    })
}

/// `code: subject: message (remedy)` on one line.
fn line_of(warning: &Warning) -> String {
    let Warning {
        code,
        subject,
        message,
        remedy,
    } = warning;
    let subject = match subject.as_str() {
        "" => String::new(),
        subject => format!("{subject}: "),
    };
    let remedy = match remedy.as_str() {
        "" => String::new(),
        remedy => format!(" ({remedy})"),
    };
    one_line(&format!("{code}: {subject}{message}{remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_endpoints_and_phases() {
        struct Nobody;
        impl EventSink for Nobody {
            fn event(&self, _: &Event) {}
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let events = Logged::events(Events::new(Arc::new(Nobody)), file.reopen().unwrap());
        let endpoint = |display: &str, automatic, problem: Option<&str>| EndpointState {
            display: display.to_owned(),
            automatic,
            problem: problem.map(str::to_owned),
        };
        events.send(&Event::Endpoints(vec![
            endpoint("a:1", true, None),
            endpoint("b:2", true, Some("refused")),
            endpoint("c:3", false, Some("refused\nhere")),
        ]));
        events.send(&Event::Phase(PhaseEvent {
            name: "profiling".to_owned(),
            ended: true,
            ..PhaseEvent::default()
        }));
        let log = std::fs::read_to_string(file.path()).unwrap();
        let said = |line: &str| line.split_once(' ').unwrap().1.to_owned();
        let lines: Vec<_> = log.lines().map(said).collect();
        assert_eq!(
            lines,
            [
                "Info endpoint: a:1 answers",
                "Info endpoint: b:2 was looked for and not found",
                "Info endpoint: c:3 does not answer: refused here",
                "Info phase: profiling ended",
            ]
        );
    }

    #[test]
    fn a_warning_is_one_line_of_the_log() {
        let mut warning = Warning {
            code: "not_settled".to_owned(),
            subject: "http://h/\nmetrics".to_owned(),
            message: "counters moved".to_owned(),
            remedy: "wait".to_owned(),
        };
        let line = line_of(&warning);
        assert_eq!(
            line,
            "not_settled: http://h/ metrics: counters moved (wait)"
        );
        warning.subject.clear();
        warning.remedy.clear();
        assert_eq!(line_of(&warning), "not_settled: counters moved");
    }
}

//! Plugins in processes of their own, as the objects that a host drives. A process that ends costs the
//! call that it was in; the next one starts it again, after a pause that grows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::hosting::{
    CollectorObject, FactoryObject, HostServices, Nobody, ParserObject, SinkServices,
};
use aiperf_plugin_sdk::{
    Context, Described, Descriptor, ErrorKind, LogLevel, Payload, PluginError, PluginKind,
    Response, Result as PluginResult, Targets, Verdict,
};
use serde_json::Value as Json;

use super::library::IsolatedLibrary;
use super::message::{Call, Outcome, PageHead};
use super::process::{Caller, Failure, PluginProcess};
use crate::plugins::BackOff;

/// Time to load the library and to open an instance, or to check options.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// Time to name targets, or to look at an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Time to parse a page. Less than after what the parser's thread is given up.
const PARSE_LIMIT: Duration = Duration::from_secs(4);
/// Time to close. Less than what the end of a run waits for it.
const CLOSE_LIMIT: Duration = Duration::from_millis(800);
/// A reading that takes this many times its deadline does not come.
const READING_LIMIT: u32 = 4;
/// A process that has lived this long is started again without delay.
const GOOD_LIFE: Duration = Duration::from_secs(10);

/// A plugin of a library that runs in processes of its own.
#[derive(Debug, Clone)]
pub(super) struct IsolatedPlugin {
    pub(super) library: Arc<IsolatedLibrary>,
    pub(super) descriptor: Descriptor,
}

impl IsolatedPlugin {
    fn open(
        &self,
        options: &Json,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> PluginResult<Instance> {
        if self.descriptor.kind == PluginKind::Exporter {
            return Err(no_exporter());
        }
        let mut instance = Instance {
            plugin: self.clone(),
            options: options.clone(),
            context: context.clone(),
            services,
            process: None,
            started: Instant::now(),
            back_off: BackOff::default(),
            not_before: None,
            endings: 0,
            last_end: ("has ended".to_owned(), ErrorKind::Crashed),
        };
        match instance.start() {
            Ok(()) => Ok(instance),
            Err(Failure::Plugin(error)) => Err(error),
            Err(Failure::Ended { how, kind }) => {
                let message = format!("its process {how} when it was opened");
                Err(PluginError::new(kind, message).retriable())
            }
        }
    }
}

fn no_exporter() -> PluginError {
    let message = "an exporter cannot have a process of its own";
    PluginError::new(ErrorKind::Unsupported, message)
        .remedy("load its library with `isolation = \"thread\"`")
}

impl FactoryObject for IsolatedPlugin {
    fn describe(&self) -> PluginResult<Described> {
        Ok(Described::Known(Box::new(self.descriptor.clone())))
    }

    fn validate(&self, options: &Json) -> Vec<PluginError> {
        let Descriptor { kind, id, .. } = &self.descriptor;
        if *kind == PluginKind::Exporter {
            return vec![no_exporter()];
        }
        let nobody: Arc<dyn HostServices> = Arc::new(Nobody);
        let call = Call::Validate {
            kind: *kind,
            id: id.clone(),
            options: options.clone(),
        };
        let caller = Caller {
            services: &*nobody,
            sink: &mut Nobody,
            bytes: &[],
            limit: Some(OPEN_LIMIT),
        };
        let started = PluginProcess::start(&self.library, &nobody).map_err(PluginError::from);
        let outcome = started
            .map_err(Failure::Plugin)
            .and_then(|mut process| process.call(&call, caller));
        match outcome {
            Ok(Outcome::Problems(problems)) => problems,
            Ok(_) => vec![nonsense()],
            Err(Failure::Plugin(error)) => vec![error],
            Err(Failure::Ended { how, kind }) => {
                let message = format!("its process {how} when it checked them");
                vec![PluginError::new(kind, message)]
            }
        }
    }

    fn open_collector(
        &self,
        options: &Json,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> PluginResult<Box<dyn CollectorObject>> {
        Ok(Box::new(self.open(options, context, services)?))
    }

    fn open_parser(
        &self,
        options: &Json,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> PluginResult<Box<dyn ParserObject>> {
        Ok(Box::new(self.open(options, context, services)?))
    }
}

fn nonsense() -> PluginError {
    PluginError::new(ErrorKind::Other, "its process answers something else")
}

/// An instance, whether or not it has a process right now.
struct Instance {
    plugin: IsolatedPlugin,
    options: Json,
    context: Context,
    services: Arc<dyn HostServices>,
    process: Option<PluginProcess>,
    /// When the last process was started.
    started: Instant,
    back_off: BackOff,
    /// No new process before this.
    not_before: Option<Instant>,
    /// Processes that have ended.
    endings: u64,
    /// How the last one did.
    last_end: (String, ErrorKind),
}

/// How a call goes about a process that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It is started again, if its pause is over.
    Restart,
    /// The caller makes pauses of its own, and tells of the end.
    RestartAtOnce,
    /// There is nothing to do without one.
    Ignore,
}

impl Instance {
    /// Starts a process and opens the instance in it.
    fn start(&mut self) -> Result<(), Failure> {
        self.started = Instant::now();
        let now = self.services.now();
        let library = &self.plugin.library;
        let process = PluginProcess::start(library, &self.services).map_err(PluginError::from);
        let mut process = process.map_err(|error| {
            let message = format!("no process for it: {}", error.message);
            PluginError::new(ErrorKind::Io, message).retriable()
        })?;
        let call = Call::Open {
            kind: self.plugin.descriptor.kind,
            id: self.plugin.descriptor.id.clone(),
            options: self.options.clone(),
            context: self.context.clone(),
            wall_minus_mono: now.wall_ns.saturating_sub(now.mono_ns),
        };
        let caller = Caller {
            services: &*self.services,
            sink: &mut Nobody,
            bytes: &[],
            limit: Some(OPEN_LIMIT),
        };
        process.call(&call, caller)?;
        self.process = Some(process);
        Ok(())
    }

    /// Makes sure that there is a process.
    fn ready(&mut self, missing: Missing) -> PluginResult<()> {
        if self.process.is_some() {
            return Ok(());
        }
        let pause = self.not_before.map(|at| at.duration_since(Instant::now()));
        if let Some(pause) = pause.filter(|pause| !pause.is_zero() && missing == Missing::Restart) {
            let (how, kind) = &self.last_end;
            let message = format!("its process {how}; it is started again in {pause:.1?}");
            return Err(PluginError::new(*kind, message).retriable());
        }
        match self.start() {
            Ok(()) => {
                let number = self.endings;
                let message = format!("its process was started again (number {})", number + 1);
                self.services.log(LogLevel::Info, &message);
                Ok(())
            }
            Err(Failure::Plugin(error)) => {
                self.not_before = Some(Instant::now() + self.pause(&error));
                Err(error)
            }
            Err(Failure::Ended { how, kind }) => Err(self.ended(&how, kind, missing)),
        }
    }

    fn call(
        &mut self,
        call: &Call,
        sink: &mut dyn SinkServices,
        bytes: &[u8],
        limit: Option<Duration>,
        missing: Missing,
    ) -> PluginResult<Outcome> {
        if missing != Missing::Ignore {
            self.ready(missing)?;
        }
        let services = Arc::clone(&self.services);
        let Some(process) = &mut self.process else {
            return Ok(Outcome::Nothing);
        };
        let caller = Caller {
            services: &*services,
            sink,
            bytes,
            limit,
        };
        match process.call(call, caller) {
            Ok(outcome) => Ok(outcome),
            Err(Failure::Plugin(error)) => Err(error),
            Err(Failure::Ended { how, kind }) => Err(self.ended(&how, kind, missing)),
        }
    }

    /// The process has ended: says so, and when there will be another one.
    fn ended(&mut self, how: &str, kind: ErrorKind, missing: Missing) -> PluginError {
        self.process = None;
        self.endings += 1;
        self.last_end = (how.to_owned(), kind);
        if self.started.elapsed() > GOOD_LIFE {
            self.back_off = BackOff::default();
        }
        let mut error = PluginError::new(kind, format!("its process {how}")).retriable();
        if missing == Missing::Restart {
            let pause = self.pause(&error);
            self.not_before = Some(Instant::now() + pause);
            error.message = format!("its process {how}; it is started again in {pause:?}");
            // The first one is news; how many there were is told at the end.
            let level = if self.endings == 1 {
                LogLevel::Warn
            } else {
                LogLevel::Info
            };
            self.services.log(level, &error.message);
        }
        error
    }

    fn pause(&mut self, error: &PluginError) -> Duration {
        let retriable = error.clone().retriable();
        self.back_off.after(&retriable).unwrap_or_default()
    }

    fn nothing(&mut self, call: &Call, limit: Duration) -> PluginResult<()> {
        let outcome = self.call(call, &mut Nobody, &[], Some(limit), Missing::Ignore);
        outcome.map(drop)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.endings > 1 {
            let (how, _) = &self.last_end;
            let message = format!(
                "its process ended {} times; the last one {how}",
                self.endings
            );
            self.services.log(LogLevel::Warn, &message);
        }
    }
}

impl CollectorObject for Instance {
    fn targets(&mut self) -> PluginResult<Targets> {
        let limit = Some(ANSWER_LIMIT);
        match self.call(&Call::Targets, &mut Nobody, &[], limit, Missing::Restart)? {
            Outcome::Targets(targets) => Ok(targets),
            _ => Err(nonsense()),
        }
    }

    fn on_response(&mut self, response: &Response<'_>) -> PluginResult<Verdict> {
        let call = Call::OnResponse {
            target_id: response.target_id.to_owned(),
            status: response.status,
            content_type: response.content_type.to_owned(),
            error: response.error.to_owned(),
            headers: response.headers.to_owned(),
        };
        let limit = Some(ANSWER_LIMIT);
        match self.call(&call, &mut Nobody, response.head, limit, Missing::Restart)? {
            Outcome::Verdict(verdict) => Ok(verdict),
            _ => Err(nonsense()),
        }
    }

    fn collect(&mut self, sink: &mut dyn SinkServices) -> PluginResult<()> {
        let deadline = self.context.timeout().unwrap_or(ANSWER_LIMIT);
        let limit = Some(deadline.saturating_mul(READING_LIMIT));
        let outcome = self.call(&Call::Collect, sink, &[], limit, Missing::Restart);
        outcome.map(drop)
    }

    fn run(&mut self, sink: &mut dyn SinkServices) -> PluginResult<()> {
        let outcome = self.call(&Call::Run, sink, &[], None, Missing::RestartAtOnce);
        outcome.map(drop)
    }

    fn close(&mut self) -> PluginResult<()> {
        self.nothing(&Call::Close, CLOSE_LIMIT)
    }
}

impl ParserObject for Instance {
    fn sniff(&mut self, head: &[u8]) -> bool {
        let limit = Some(ANSWER_LIMIT);
        let outcome = self.call(&Call::Sniff, &mut Nobody, head, limit, Missing::Restart);
        matches!(outcome, Ok(Outcome::Yes(true)))
    }

    fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> PluginResult<()> {
        let call = Call::Parse(PageHead {
            source_id: payload.source_id.to_owned(),
            content_type: payload.content_type.to_owned(),
            clock: payload.clock,
            length: payload.body.len(),
        });
        let limit = Some(PARSE_LIMIT);
        let outcome = self.call(&call, sink, payload.body, limit, Missing::Restart);
        outcome.map(drop)
    }

    fn close(&mut self) -> PluginResult<()> {
        self.nothing(&Call::Close, CLOSE_LIMIT)
    }
}

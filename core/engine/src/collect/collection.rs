//! All collectors of a run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::report::{SettleBasis, SettleReport};
use aiperf_plugin_sdk::view::Barrier;
use aiperf_plugin_sdk::{CollectorMode, PluginError, PluginKind};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::driver::{Answer, Command, Source, drive};
use super::ingest::{Ingest, Sinks};
use super::instance::Instance;
use super::poll::{Poller, Route, Sources, run_stream};
use super::schedule::TickOptions;
use super::scrape::{Context, Outcome, Scraper};
use super::settle::{Expected, Settle, SettleOptions, Verdict, Watched};
use super::tag::Tag;
use crate::config::CollectorPlan;
use crate::config::schema::OnStartError;
use crate::event::{EndpointState, Events};
use crate::http::{Clock, MonoNs};
use crate::plugins::{Exporters, InstanceHost, Registry};
use crate::store::{EndpointId, EndpointInfo, Store, display_of};

/// Longest wait for a source at a barrier.
const BARRIER_LIMIT: Duration = Duration::from_secs(1);
/// Threads that parse pages.
const INGEST_THREADS: usize = 2;
/// Gaps between the scrapes of a barrier that is not settled yet.
const BACK_OFF_MS: [u64; 7] = [2, 5, 10, 25, 50, 100, 250];

/// Why the collectors cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A collector does not open, and must.
    #[error("collector `{name}`: {error}")]
    Collector {
        /// Name of the instance.
        name: String,
        /// What it says.
        error: PluginError,
    },
    /// No thread or runtime can be had.
    #[error("cannot start a thread for the collectors: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the engine lends to the collectors.
#[derive(Debug)]
pub struct CollectionParts {
    /// Plugins that can be used.
    pub registry: Arc<Registry>,
    /// Where readings go.
    pub store: Arc<Mutex<Store>>,
    /// Who sees them at once.
    pub exporters: Arc<Exporters>,
    /// Log and progress.
    pub events: Events,
    /// The run's clock.
    pub clock: Clock,
    /// Names of the phases, by index.
    pub phases: Vec<String>,
    /// Options of parsers, by id.
    pub parser_options: Vec<(String, serde_json::Value)>,
}

/// One source as the dispatcher sees it.
struct Handle {
    endpoint: EndpointId,
    commands: UnboundedSender<Command>,
    timeout: Duration,
    options: TickOptions,
    /// It missed a deadline: it is not waited for again until it has answered.
    unresponsive: bool,
}

impl Handle {
    /// A driver ends only with the run, so that nothing is lost here.
    fn send(&self, command: Command) {
        drop(self.commands.send(command));
    }
}

/// A stream collector and its host.
struct Stream {
    endpoint: EndpointId,
    host: Arc<InstanceHost>,
}

/// The running collectors. Sources start when asked, and stop when this is dropped.
pub struct Collection {
    context: Context,
    sources: Vec<Handle>,
    streams: Vec<Stream>,
    tag: Arc<SharedTag>,
    settle: Settle,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection")
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

/// Phase of readings that come by themselves.
#[derive(Debug, Default)]
struct SharedTag(AtomicU64);

impl SharedTag {
    const NONE: u64 = u64::MAX;

    fn set(&self, tag: Tag) {
        let barrier = match tag.barrier {
            Barrier::Tick => 0,
            Barrier::Start => 1,
            Barrier::End => 2,
        };
        let code = tag
            .phase
            .map_or(Self::NONE, |phase| u64::from(phase) << 2 | barrier);
        self.0.store(code, Ordering::Relaxed);
    }

    fn get(&self) -> Tag {
        match self.0.load(Ordering::Relaxed) {
            Self::NONE => Tag::default(),
            code => {
                let phase = u32::try_from(code >> 2).ok();
                let barrier = match code & 3 {
                    1 => Barrier::Start,
                    2 => Barrier::End,
                    _ => Barrier::Tick,
                };
                Tag { phase, barrier }
            }
        }
    }
}

fn labels_of(spec: &CollectorPlan) -> impl Iterator<Item = (String, String)> {
    spec.labels
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
}

/// A source that is ready to be driven.
type Driven = (Source, UnboundedReceiver<Command>);

impl Collection {
    /// Opens all collectors. Nothing is read yet.
    ///
    /// # Errors
    /// The first that cannot start and must.
    pub fn start(
        specs: &[CollectorPlan],
        ticks: TickOptions,
        parts: CollectionParts,
    ) -> Result<Self, StartError> {
        let CollectionParts {
            registry,
            store,
            exporters,
            events,
            clock,
            phases,
            parser_options,
        } = parts;
        let sinks = Arc::new(Sinks { store, exporters });
        let ingest = Ingest::start(
            INGEST_THREADS,
            Arc::clone(&registry),
            Arc::clone(&sinks),
            parser_options,
            events.clone(),
            clock.clone(),
        )?;
        let context = Context {
            sinks,
            ingest,
            events,
            clock,
            phases: phases.into(),
        };
        let mut collection = Self {
            context,
            sources: Vec::new(),
            streams: Vec::new(),
            tag: Arc::default(),
            settle: Settle::default(),
            threads: Vec::new(),
        };
        collection.tag.set(Tag::default());
        let mut driven = Vec::new();
        for spec in specs {
            if let Err(error) = collection.add(spec, &registry, ticks, &mut driven) {
                let name = spec.name.clone();
                let must = spec.on_start_error == OnStartError::Error;
                if must {
                    return Err(StartError::Collector { name, error });
                }
                let source = format!("collector {name}");
                let level = aiperf_plugin_sdk::LogLevel::Warn;
                collection
                    .context
                    .events
                    .log(level, &source, format!("left out: {error}"));
            }
        }
        collection.spawn_runtime(driven)?;
        Ok(collection)
    }

    fn add(
        &mut self,
        spec: &CollectorPlan,
        registry: &Registry,
        ticks: TickOptions,
        driven: &mut Vec<Driven>,
    ) -> Result<(), PluginError> {
        let entry = registry
            .get(PluginKind::Collector, &spec.plugin)
            .map_err(|error| PluginError::config("use", error.to_string()))?;
        let label = format!("collector {}", spec.name);
        let (events, clock) = (self.context.events.clone(), self.context.clock.clone());
        let host = Arc::new(InstanceHost::new(&label, events, None, clock));
        let handle = entry
            .factory
            .open_collector(&spec.options, Arc::<InstanceHost>::clone(&host))?;
        let mode = entry.descriptor.mode.unwrap_or(CollectorMode::Poll);
        let (instance, thread) = Instance::start(&spec.name, handle)?;
        match mode {
            CollectorMode::Targets => self.add_targets(spec, &instance, ticks, driven)?,
            CollectorMode::Poll => self.add_poll(spec, instance, ticks, driven),
            CollectorMode::Stream => self.add_stream(spec, &instance, host),
        }
        self.threads.push(thread);
        Ok(())
    }

    fn add_targets(
        &mut self,
        spec: &CollectorPlan,
        instance: &Instance,
        ticks: TickOptions,
        driven: &mut Vec<Driven>,
    ) -> Result<(), PluginError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let targets = runtime.block_on(instance.targets())?;
        for mut target in targets.targets {
            target.labels.extend(labels_of(spec));
            let endpoint = self.context.sinks.lock().add_endpoint(EndpointInfo {
                display: display_of(&target.url),
                url: target.url.clone(),
                collector: spec.name.clone(),
                automatic: target.automatic,
                labels: target.labels.clone(),
            });
            let interval = target
                .interval_ns
                .map_or(spec.interval, Duration::from_nanos);
            let scraper = Scraper::new(
                self.context.clone(),
                instance.clone(),
                endpoint,
                target,
                spec.timeout,
                spec.parser.as_deref().map(Into::into),
            )?;
            self.drive(
                Source::Target(Box::new(scraper)),
                spec.timeout,
                interval,
                ticks,
                driven,
            );
        }
        Ok(())
    }

    fn route(&self, spec: &CollectorPlan) -> Route {
        let endpoint = self.context.sinks.lock().add_endpoint(EndpointInfo {
            url: spec.name.clone(),
            display: spec.name.clone(),
            collector: spec.name.clone(),
            automatic: false,
            labels: labels_of(spec).collect(),
        });
        Route {
            context: self.context.clone(),
            name: spec.name.as_str().into(),
            endpoint,
            sources: Sources::default(),
            parser: spec.parser.as_deref().map(Into::into),
        }
    }

    fn add_poll(
        &mut self,
        spec: &CollectorPlan,
        instance: Instance,
        ticks: TickOptions,
        driven: &mut Vec<Driven>,
    ) {
        let poller = Poller::new(self.route(spec), instance, spec.timeout);
        self.drive(
            Source::Poll(poller),
            spec.timeout,
            spec.interval,
            ticks,
            driven,
        );
    }

    fn add_stream(&mut self, spec: &CollectorPlan, instance: &Instance, host: Arc<InstanceHost>) {
        let route = self.route(spec);
        self.streams.push(Stream {
            endpoint: route.endpoint,
            host: Arc::clone(&host),
        });
        let tag = Arc::clone(&self.tag);
        instance.run(move |handle| {
            run_stream(handle, &route, &|| tag.get(), &|delay| host.pause(delay));
        });
    }

    fn drive(
        &mut self,
        source: Source,
        timeout: Duration,
        interval: Duration,
        ticks: TickOptions,
        driven: &mut Vec<Driven>,
    ) {
        let (commands, received) = unbounded_channel();
        let endpoint = source.endpoint();
        // Each source draws its own ticks, or all would be read at the same moments.
        let seed = ticks.seed.wrapping_add(u64::from(endpoint.0));
        let options = TickOptions {
            interval,
            seed,
            ..ticks
        };
        self.sources.push(Handle {
            endpoint,
            commands,
            timeout,
            options,
            unresponsive: false,
        });
        driven.push((source, received));
    }

    fn spawn_runtime(&mut self, driven: Vec<Driven>) -> Result<(), StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let context = self.context.clone();
        let thread = thread::Builder::new()
            .name("scrape".to_owned())
            .spawn(move || {
                let local = tokio::task::LocalSet::new();
                for (source, commands) in driven {
                    local.spawn_local(drive(source, context.clone(), commands));
                }
                runtime.block_on(local);
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Reads all sources regularly as part of phase `phase`, from `start` on.
    pub fn tick(&self, phase: u32, start: MonoNs) {
        self.tag.set(Tag::tick(phase));
        for source in &self.sources {
            let tag = Tag::tick(phase);
            source.send(Command::Tick {
                tag,
                start,
                options: source.options,
            });
        }
    }

    /// Stops the regular readings.
    pub fn rest(&self) {
        for source in &self.sources {
            source.send(Command::Rest);
        }
    }

    /// The shortest interval of all sources.
    pub fn interval(&self) -> Duration {
        self.sources
            .iter()
            .map(|source| source.options.interval)
            .min()
            .unwrap_or_default()
    }

    /// The last reading of a phase without load, which has nothing to wait for.
    pub fn final_reading(&mut self, phase: u32) {
        let all: Vec<_> = self.sources.iter().map(|source| source.endpoint).collect();
        self.read(Tag::end(phase), &all);
    }

    /// The barrier before a phase: one reading of every source.
    pub fn begin_phase(&mut self, phase: u32) {
        let all: Vec<_> = self.sources.iter().map(|source| source.endpoint).collect();
        self.read(Tag::start(phase), &all);
        let watched = self.watched(&all);
        self.settle.begin(&watched);
    }

    /// One reading of `endpoints`; waits for those that answer in time.
    fn read(&mut self, tag: Tag, endpoints: &[EndpointId]) -> Vec<Answer> {
        self.tag.set(tag);
        let (reply, answers) = channel();
        let mut wanted = 0;
        let mut limit = Duration::ZERO;
        for source in self
            .sources
            .iter()
            .filter(|s| endpoints.contains(&s.endpoint))
        {
            source.send(Command::Barrier {
                tag,
                reply: reply.clone(),
            });
            if !source.unresponsive {
                wanted += 1;
                limit = limit.max(source.timeout.min(BARRIER_LIMIT));
            }
        }
        drop(reply);
        for stream in self.streams.iter().filter(|_| tag.barrier != Barrier::Tick) {
            stream.host.sync(BARRIER_LIMIT);
        }
        // A reading that runs into its own timeout answers just after it.
        let deadline = Instant::now() + limit + Duration::from_millis(50);
        let mut got = Vec::new();
        let mut missing = wanted;
        while missing > 0 {
            match answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(answer) => {
                    let waited_for = self.note(answer);
                    missing -= usize::from(waited_for);
                    got.push(answer);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        for source in self
            .sources
            .iter_mut()
            .filter(|s| endpoints.contains(&s.endpoint))
        {
            if !got.iter().any(|answer| answer.endpoint == source.endpoint) {
                source.unresponsive = true;
            }
        }
        got
    }

    /// Remembers whether a source answers; true if the barrier waited for it.
    fn note(&mut self, answer: Answer) -> bool {
        let source = self
            .sources
            .iter_mut()
            .find(|s| s.endpoint == answer.endpoint);
        source.is_none_or(|source| {
            let waited_for = !source.unresponsive;
            source.unresponsive = answer.outcome == Outcome::TimedOut;
            waited_for
        })
    }

    /// The barrier after a phase: readings until the counters are true by the settle rule.
    ///
    /// `last_response` is when the last response came.
    pub fn end_phase(
        &mut self,
        phase: u32,
        last_response: MonoNs,
        expected: &Expected,
        options: &SettleOptions,
    ) -> Vec<SettleReport> {
        let limit = if expected.troubled {
            options.troubled_timeout
        } else {
            options.timeout
        };
        let mut open: Vec<_> = self.sources.iter().map(|source| source.endpoint).collect();
        let mut reports = BTreeMap::new();
        let mut back_off = BACK_OFF_MS.iter().copied().chain(std::iter::repeat(250));
        for scrapes in 1.. {
            let answers = self.read(Tag::end(phase), &open);
            let waited = self.context.clock.now().until(last_response);
            let done = |endpoint: &EndpointId| {
                answers
                    .iter()
                    .any(|a| a.endpoint == *endpoint && a.outcome == Outcome::Done)
            };
            let (answered, missed): (Vec<_>, Vec<_>) = open.iter().copied().partition(done);
            let watched = self.watched(&answered);
            let mut verdicts = self.settle.look(&answered, &watched, expected, waited);
            let over = waited >= limit;
            for endpoint in answered.iter().filter(|_| over) {
                if !verdicts.contains_key(endpoint) {
                    let verdict = self.settle.give_up(*endpoint, &watched, expected);
                    verdicts.insert(*endpoint, verdict);
                }
            }
            for endpoint in missed {
                let basis = SettleBasis::Missed;
                verdicts.insert(
                    endpoint,
                    Verdict {
                        basis,
                        families: Vec::new(),
                    },
                );
            }
            open.retain(|endpoint| !verdicts.contains_key(endpoint));
            for (endpoint, verdict) in verdicts {
                reports.insert(endpoint, self.settled(endpoint, verdict, waited, scrapes));
            }
            if open.is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(back_off.next().unwrap_or(250)));
        }
        self.tag.set(Tag::default());
        reports.into_values().flatten().collect()
    }

    /// The report of an endpoint's barrier; none for one that has never answered unasked.
    fn settled(
        &self,
        endpoint: EndpointId,
        verdict: Verdict,
        waited: Duration,
        scrapes: u32,
    ) -> Option<SettleReport> {
        let store = self.context.sinks.lock();
        let view = store.endpoint(endpoint);
        let silent = view.info().automatic && view.scrapes().is_empty();
        (!silent).then(|| SettleReport {
            endpoint: view.info().url.clone(),
            settled: matches!(verdict.basis, SettleBasis::Equal | SettleBasis::Stable),
            basis: verdict.basis,
            wait_ms: waited.as_secs_f64() * 1e3,
            scrapes,
            families: verdict.families,
        })
    }

    /// Recognised series on the last pages of `endpoints`.
    fn watched(&self, endpoints: &[EndpointId]) -> Vec<Watched> {
        let store = self.context.sinks.lock();
        let mut watched = Vec::new();
        for endpoint in endpoints {
            let series = store.latest(*endpoint);
            watched.extend(series.filter(|(s, ..)| Settle::knows(s.name())).map(
                |(series, value, _)| Watched {
                    endpoint: *endpoint,
                    series: series.row(),
                    name: series.name().to_owned(),
                    value,
                },
            ));
        }
        watched
    }

    /// What became of the endpoints so far.
    pub fn states(&self) -> Vec<EndpointState> {
        let store = self.context.sinks.lock();
        let mut states = Vec::new();
        let streams = self.streams.iter().map(|stream| stream.endpoint);
        for endpoint in self
            .sources
            .iter()
            .map(|source| source.endpoint)
            .chain(streams)
        {
            let view = store.endpoint(endpoint);
            let problem = view.scrapes().is_empty().then(|| {
                let failure = view.failures().1.map(|failure| failure.message.clone());
                view.disabled().map(str::to_owned).or(failure)
            });
            states.push(EndpointState {
                display: view.info().display.clone(),
                automatic: view.info().automatic,
                problem: problem.map(|why| why.unwrap_or_else(|| "no answer yet".to_owned())),
            });
        }
        states
    }

    /// Stops all sources and closes the collectors. A stuck plugin's thread is left behind.
    pub fn stop(self) {
        for stream in &self.streams {
            stream.host.stop();
        }
        drop(self.sources);
        drop(self.context);
        let deadline = Instant::now() + BARRIER_LIMIT;
        for thread in self.threads {
            while !thread.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A panic there has been reported by whoever asked.
                drop(thread.join());
            }
        }
    }
}

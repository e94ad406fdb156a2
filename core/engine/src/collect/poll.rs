//! Poll and stream collectors: what they push goes to the store, source by source.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{CollectorHandle, SinkServices};
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{LogLevel, Payload, PluginError};

use super::ingest::Page;
use super::instance::Instance;
use super::scrape::{Context, Outcome, failed_clock};
use super::tag::Tag;
use crate::store::{EndpointId, EndpointInfo};

/// Sources of one instance, by the id that the plugin gives them.
#[derive(Debug, Default, Clone)]
pub(super) struct Sources(Arc<Mutex<HashMap<String, EndpointId>>>);

/// Where a poll or stream collector's readings go.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) context: Context,
    pub(super) name: Arc<str>,
    pub(super) endpoint: EndpointId,
    pub(super) sources: Sources,
    pub(super) parser: Option<Arc<str>>,
}

impl Route {
    /// The endpoint of a source; the instance itself has the empty id.
    fn endpoint(&self, source_id: &str) -> EndpointId {
        if source_id.is_empty() {
            return self.endpoint;
        }
        let mut known = self
            .sources
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known.entry(source_id.to_owned()).or_insert_with(|| {
            let url = format!("{}/{source_id}", self.name);
            self.context.sinks.lock().add_endpoint(EndpointInfo {
                display: url.clone(),
                url,
                collector: self.name.to_string(),
                automatic: false,
                labels: std::collections::BTreeMap::new(),
            })
        })
    }

    fn failure(&self, clock: PayloadClock, tag: Tag, error: &PluginError) {
        let endpoint = self.endpoint(error.source_id.as_deref().unwrap_or_default());
        let failure = ScrapeFailure {
            timestamp_ns: clock.sent.wall_ns,
            code: 0,
            class: error.kind.as_str().to_owned(),
            message: error.to_string(),
        };
        self.context
            .sinks
            .failure(endpoint, &self.context.info(clock, tag), &failure);
    }
}

/// Takes the readings of one call.
struct Sink<'a> {
    route: &'a Route,
    tag: &'a dyn Fn() -> Tag,
    started: crate::http::MonoNs,
    pages: Vec<Page>,
}

impl Sink<'_> {
    fn clock(&self) -> PayloadClock {
        failed_clock(&self.route.context.clock, self.started)
    }
}

impl SinkServices for Sink<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), PluginError> {
        let context = &self.route.context;
        self.pages.push(Page {
            endpoint: self.route.endpoint(payload.source_id),
            info: context.info(payload.clock, (self.tag)()),
            source_id: payload.source_id.into(),
            content_type: payload.content_type.to_owned(),
            parser: self.route.parser.clone(),
            body: payload.body.to_vec(),
            clock: payload.clock,
        });
        Ok(())
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        let endpoint = self.route.endpoint(source_id);
        let info = self.route.context.info(self.clock(), (self.tag)());
        self.route.context.sinks.batch(endpoint, &info, batch);
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        self.route.failure(self.clock(), (self.tag)(), &error);
    }
}

/// A poll collector.
#[derive(Debug)]
pub(super) struct Poller {
    route: Route,
    instance: Instance,
    timeout: Duration,
    /// A call that missed its deadline is still running: it is not called again before it is back.
    stuck: Option<tokio::task::JoinHandle<()>>,
}

impl Poller {
    pub(super) fn new(route: Route, instance: Instance, timeout: Duration) -> Self {
        Self {
            route,
            instance,
            timeout,
            stuck: None,
        }
    }

    pub(super) fn endpoint(&self) -> EndpointId {
        self.route.endpoint
    }

    /// Calls the collector once.
    pub(super) async fn poll(&mut self, tag: Tag) -> Outcome {
        if self.stuck.as_ref().is_some_and(|call| !call.is_finished()) {
            return Outcome::TimedOut;
        }
        let started = self.route.context.clock.now();
        let (reply, answer) = tokio::sync::oneshot::channel();
        let (route, instance) = (self.route.clone(), self.instance.clone());
        let call = tokio::task::spawn_local(async move {
            let result = instance
                .ask(move |handle| Ok(call(handle, &route, tag, started)))
                .await;
            drop(reply.send(result));
        });
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(Ok((result, pages)))) => self.finish(tag, started, result, pages).await,
            Ok(Ok(Err(error))) => self.finish(tag, started, Err(error), Vec::new()).await,
            Ok(Err(_)) => Outcome::Failed,
            Err(_elapsed) => {
                self.stuck = Some(call);
                let message = format!("no reading within {:?}", self.timeout);
                let error = PluginError::new(aiperf_plugin_sdk::ErrorKind::Timeout, message);
                self.route.failure(
                    failed_clock(&self.route.context.clock, started),
                    tag,
                    &error,
                );
                Outcome::TimedOut
            }
        }
    }

    async fn finish(
        &self,
        tag: Tag,
        started: crate::http::MonoNs,
        result: Result<(), PluginError>,
        pages: Vec<Page>,
    ) -> Outcome {
        let clock = failed_clock(&self.route.context.clock, started);
        let mut outcome = Outcome::Done;
        for page in pages {
            let source = page.source_id.to_string();
            if let (_, Err(error)) = self.route.context.ingest.page(page).await {
                self.route.failure(clock, tag, &error.source(source));
                outcome = Outcome::Failed;
            }
        }
        if let Err(error) = result {
            self.route.failure(clock, tag, &error);
            outcome = Outcome::Failed;
        }
        outcome
    }
}

/// One call on the instance's thread.
fn call(
    handle: &mut CollectorHandle,
    route: &Route,
    tag: Tag,
    started: crate::http::MonoNs,
) -> (Result<(), PluginError>, Vec<Page>) {
    let tag = move || tag;
    let mut sink = Sink {
        route,
        tag: &tag,
        started,
        pages: Vec::new(),
    };
    let result = handle.collect(&mut sink);
    (result, sink.pages)
}

/// Runs a stream collector until the host says stop; restarts it with back-off if its error may
/// pass. Blocks; runs on the instance's thread.
pub(super) fn run_stream(
    handle: &mut CollectorHandle,
    route: &Route,
    tag: &dyn Fn() -> Tag,
    wait: &dyn Fn(Duration) -> bool,
) {
    let mut delay = Duration::from_millis(100);
    loop {
        let started = route.context.clock.now();
        let mut sink = StreamSink { route, tag };
        let Err(error) = handle.run(&mut sink) else {
            return;
        };
        let clock = failed_clock(&route.context.clock, started);
        route.failure(clock, tag(), &error);
        let label = format!("collector {}", route.name);
        route
            .context
            .events
            .log(LogLevel::Warn, &label, error.to_string());
        if !error.retriable || !wait(error.retry_after.unwrap_or(delay)) {
            return;
        }
        delay = (delay * 2).min(Duration::from_secs(10));
    }
}

/// Takes the readings of a stream as they come.
struct StreamSink<'a> {
    route: &'a Route,
    tag: &'a dyn Fn() -> Tag,
}

impl StreamSink<'_> {
    fn now(&self) -> Sink<'_> {
        let started = self.route.context.clock.now();
        Sink {
            route: self.route,
            tag: self.tag,
            started,
            pages: Vec::new(),
        }
    }
}

impl SinkServices for StreamSink<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), PluginError> {
        let mut sink = self.now();
        sink.payload(payload)?;
        let pages = sink.pages;
        pages
            .into_iter()
            .try_for_each(|page| self.route.context.ingest.page_blocking(page))
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        self.now().batch(source_id, batch)
    }

    fn error(&mut self, error: PluginError) {
        self.now().error(error);
    }
}

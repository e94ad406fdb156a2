//! Poll collectors: called once every interval, on their instance's thread.

use std::sync::Arc;
use std::time::Duration;

use aiperf_plugin_sdk::hosting::CollectorHandle;
use aiperf_plugin_sdk::{ErrorKind, PluginError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::instance::Instance;
use super::parsers::Page;
use super::route::{Route, Sink};
use super::scrape::Outcome;
use super::tag::Place;
use crate::http::MonoNs;
use crate::plugins::InstanceHost;
use crate::store::EndpointId;

/// A poll collector.
#[derive(Debug)]
pub(super) struct Poller {
    route: Route,
    instance: Instance,
    host: Arc<InstanceHost>,
    timeout: Duration,
    /// A call that missed its deadline is still running: it is not called again before it is back.
    stuck: Option<JoinHandle<()>>,
}

/// What a call brought.
struct Called {
    result: Result<(), PluginError>,
    pages: Vec<Page>,
    has_own: bool,
    /// Why something that it brought was not taken.
    refused: Option<PluginError>,
}

impl Poller {
    pub(super) fn new(
        route: Route,
        instance: Instance,
        host: Arc<InstanceHost>,
        timeout: Duration,
    ) -> Self {
        Self {
            route,
            instance,
            host,
            timeout,
            stuck: None,
        }
    }

    pub(super) fn endpoint(&self) -> EndpointId {
        self.route.endpoint
    }

    /// Calls the collector once.
    pub(super) async fn poll(&mut self, place: &Place) -> Outcome {
        if self.stuck.as_ref().is_some_and(|call| !call.is_finished()) {
            return Outcome::Skipped;
        }
        let started = self.route.context.clock.now();
        let (call, answer) = self.call(place, started);
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(Ok(called))) => self.finish(place, started, called).await,
            Ok(Ok(Err(error))) => self.fail(place, started, &error, Outcome::Failed),
            Ok(Err(_)) => {
                let error = PluginError::new(ErrorKind::Other, "its thread has ended");
                self.fail(place, started, &error, Outcome::Failed)
            }
            Err(_elapsed) => {
                self.stuck = Some(call);
                let message = format!("no reading within {:?}", self.timeout);
                let error = PluginError::new(ErrorKind::Timeout, message);
                self.fail(place, started, &error, Outcome::TimedOut)
            }
        }
    }

    /// Starts a call, which goes on if nobody waits for it any more.
    fn call(
        &self,
        place: &Place,
        started: MonoNs,
    ) -> (
        JoinHandle<()>,
        oneshot::Receiver<Result<Called, PluginError>>,
    ) {
        let (reply, answer) = oneshot::channel();
        let (route, instance, place) = (self.route.clone(), self.instance.clone(), place.clone());
        let (host, deadline) = (Arc::clone(&self.host), started.after(self.timeout));
        let call = tokio::task::spawn_local(async move {
            let called = instance
                .ask(move |handle| {
                    let sink = Sink::new(&route, &place, started);
                    let call = || collect(handle, sink);
                    Ok(host.within(deadline, call))
                })
                .await;
            drop(reply.send(called));
        });
        (call, answer)
    }

    fn fail(
        &self,
        place: &Place,
        started: MonoNs,
        error: &PluginError,
        outcome: Outcome,
    ) -> Outcome {
        let context = &self.route.context;
        let tag = place.tag(context.clock.now());
        self.route.failure(context.clock_since(started), tag, error);
        outcome
    }

    async fn finish(&self, place: &Place, started: MonoNs, called: Called) -> Outcome {
        let context = &self.route.context;
        let clock = context.clock_since(started);
        let tag = place.tag(context.clock.now());
        let mut outcome = Outcome::Done;
        for page in called.pages {
            let endpoint = page.endpoint;
            if let (_, Err(error)) = context.ingest.page(page).await {
                self.route.failed(endpoint, clock, tag, &error);
                outcome = Outcome::Failed;
            }
        }
        let result = match called.refused {
            Some(error) => called.result.and(Err(error)),
            None => called.result,
        };
        match result {
            Err(error) => return self.fail(place, started, &error, Outcome::Failed),
            Ok(()) if !called.has_own => self.route.answered_for_others(),
            Ok(()) => {}
        }
        outcome
    }
}

/// One call on the instance's thread.
fn collect(handle: &mut CollectorHandle, mut sink: Sink<'_>) -> Called {
    let result = handle.collect(&mut sink);
    Called {
        result,
        pages: sink.pages,
        has_own: sink.has_own,
        refused: sink.refused,
    }
}

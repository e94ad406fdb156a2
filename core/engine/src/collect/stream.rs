//! Stream collectors: they run by themselves and push.

use std::time::Duration;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{CollectorHandle, SinkServices};
use aiperf_plugin_sdk::{Payload, PluginError};

use super::limits::Allowance;
use super::parsers::Page;
use super::route::{Route, Sink};
use super::tag::SharedPlace;
use crate::plugins::BackOff;

/// Runs a stream collector until the host says stop; restarts it with back-off if its error may
/// pass. Blocks; runs on the instance's thread. `wait` is false if the run is over.
pub(super) fn run_stream(
    handle: &mut CollectorHandle,
    route: &Route,
    place: &SharedPlace,
    wait: &dyn Fn(Duration) -> bool,
) {
    let mut back_off = BackOff::default();
    loop {
        let started = route.context.clock.now();
        let allowance = route.context.sinks.limits.whole();
        let mut sink = StreamSink {
            route,
            place,
            allowance,
        };
        let Err(error) = handle.run(&mut sink) else {
            return;
        };
        let now = route.context.clock.now();
        let clock = route.context.clock_since(started);
        route.failure(clock, place.get().tag(now), &error);
        route.note_end(&error);
        if !back_off.after(&error).is_some_and(wait) {
            return;
        }
    }
}

/// Takes the readings of a stream as they come.
struct StreamSink<'a> {
    route: &'a Route,
    place: &'a SharedPlace,
    /// Of this second.
    allowance: Allowance,
}

impl StreamSink<'_> {
    /// Takes one reading that comes now.
    fn take<T>(&mut self, take: impl FnOnce(&mut Sink<'_>) -> T) -> T {
        let place = self.place.get();
        let now = self.route.context.clock.now();
        self.allowance.renew(now);
        let mut sink = Sink::new(self.route, &place, now);
        std::mem::swap(&mut sink.allowance, &mut self.allowance);
        let taken = take(&mut sink);
        std::mem::swap(&mut sink.allowance, &mut self.allowance);
        if let Some(error) = sink.refused {
            // A stream has no end at which it could be told.
            let clock = self.route.context.clock_since(now);
            self.route.failure(clock, place.tag(now), &error);
        }
        taken
    }

    /// A reading of one source says that the stream as such is well.
    fn note(&self, source_id: &str) {
        if !source_id.is_empty() {
            self.route.answered_for_others();
        }
    }

    fn parse(&self, page: Page) -> Result<(), PluginError> {
        let context = &self.route.context;
        let (endpoint, clock) = (page.endpoint, page.clock);
        context.ingest.page_blocking(page).inspect_err(|error| {
            let tag = self.place.get().tag(context.clock.now());
            self.route.failed(endpoint, clock, tag, error);
        })
    }
}

impl SinkServices for StreamSink<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), PluginError> {
        self.note(payload.source_id);
        let pages = self.take(|sink| {
            sink.payload(payload)?;
            Ok::<_, PluginError>(std::mem::take(&mut sink.pages))
        })?;
        pages.into_iter().try_for_each(|page| self.parse(page))
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        self.note(source_id);
        self.take(|sink| sink.batch(source_id, batch))
    }

    fn error(&mut self, error: PluginError) {
        self.take(|sink| sink.error(error));
    }
}

//! Where the readings of a poll or stream collector go, source by source.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::SinkServices;
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};
use aiperf_plugin_sdk::{ErrorKind, LogLevel, Payload, PluginError};

use super::context::Context;
use super::limits::{Allowance, SOURCES};
use super::parsers::Page;
use super::tag::{Place, Tag};
use crate::config::CollectorPlan;
use crate::http::MonoNs;
use crate::plugins::Budget;
use crate::store::{EndpointId, EndpointInfo, ScrapeInfo};

/// Failures of one instance that become records in a second. Those beyond are counted only.
const ERROR_RECORDS: u32 = 100;

/// Endpoints of one instance, by the id that the plugin gives its sources.
type Sources = Arc<Mutex<HashMap<String, EndpointId>>>;

/// The endpoints of one poll or stream collector. A reading without a source belongs to the
/// instance's own.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) context: Context,
    pub(super) name: Arc<str>,
    pub(super) endpoint: EndpointId,
    /// Of the instance's own endpoint.
    info: Arc<EndpointInfo>,
    sources: Sources,
    parser: Option<Arc<str>>,
    error_records: Arc<Budget>,
    /// It was told that the instance brings too much.
    told: Arc<AtomicBool>,
}

impl Route {
    pub(super) fn new(context: Context, spec: &CollectorPlan) -> Self {
        let labels = spec.labels.iter();
        let info = EndpointInfo {
            url: spec.name.clone(),
            display: spec.name.clone(),
            collector: spec.name.clone(),
            automatic: false,
            labels: labels.map(|(k, v)| (k.clone(), v.clone())).collect(),
            families: Some(spec.families.clone()),
        };
        let endpoint = context.sinks.add_endpoint(info.clone());
        Self {
            context,
            name: spec.name.as_str().into(),
            endpoint,
            info: Arc::new(info),
            sources: Sources::default(),
            parser: spec.parser.as_deref().map(Into::into),
            error_records: Arc::new(Budget::new(ERROR_RECORDS)),
            told: Arc::default(),
        }
    }

    fn endpoint(&self, source_id: &str) -> EndpointId {
        if source_id.is_empty() {
            return self.endpoint;
        }
        let mut known = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SOURCES && !known.contains_key(source_id) {
            let message = format!(
                "it has more than {SOURCES} sources: readings of others are refused, and their errors are counted \
                 as its own"
            );
            self.note(&PluginError::new(ErrorKind::Limit, message));
            return self.endpoint;
        }
        *known.entry(source_id.to_owned()).or_insert_with(|| {
            let url = format!("{}/{source_id}", self.name);
            self.context.sinks.add_endpoint(EndpointInfo {
                display: url.clone(),
                url,
                ..EndpointInfo::clone(&self.info)
            })
        })
    }

    /// Whether there is room for a reading of the source.
    fn admits(&self, source_id: &str) -> Result<(), PluginError> {
        if source_id.is_empty() || self.endpoint(source_id) != self.endpoint {
            return Ok(());
        }
        let message = format!("it has more than {SOURCES} sources");
        Err(PluginError::new(ErrorKind::Limit, message))
    }

    /// Says once that the instance brings too much.
    fn note(&self, error: &PluginError) {
        if !self.told.swap(true, Ordering::Relaxed) {
            self.warn(error);
        }
    }

    /// Says what ended a stream, unless that was told when it was refused something.
    pub(super) fn note_end(&self, error: &PluginError) {
        if error.kind != ErrorKind::Limit || !self.told.load(Ordering::Relaxed) {
            self.warn(error);
        }
    }

    fn warn(&self, error: &PluginError) {
        let label = format!("collector {}", self.name);
        let events = &self.context.events;
        events.log(LogLevel::Warn, &label, error.to_string());
    }

    /// The endpoint of a reading that has come, or should have: it counts as due.
    fn due(&self, source_id: &str) -> EndpointId {
        let endpoint = self.endpoint(source_id);
        let mut store = self.context.sinks.lock();
        store.endpoint_counts_mut(endpoint).due += 1;
        endpoint
    }

    /// Counts a call that brought something, though nothing for the instance itself.
    pub(super) fn answered_for_others(&self) {
        let mut store = self.context.sinks.lock();
        let counts = store.endpoint_counts_mut(self.endpoint);
        counts.due += 1;
        counts.done += 1;
    }

    /// Records a reading that failed.
    pub(super) fn failure(&self, clock: PayloadClock, tag: Tag, error: &PluginError) {
        let endpoint = self.due(error.source_id.as_deref().unwrap_or_default());
        self.failed(endpoint, clock, tag, error);
    }

    /// Records that a page of `endpoint`, which counts as due already, could not be read.
    pub(super) fn failed(
        &self,
        endpoint: EndpointId,
        clock: PayloadClock,
        tag: Tag,
        error: &PluginError,
    ) {
        let failure = ScrapeFailure {
            timestamp_ns: clock.sent.wall_ns,
            code: 0,
            class: error.kind.as_str().to_owned(),
            message: error.to_string(),
        };
        let sinks = &self.context.sinks;
        if self.error_records.take(self.context.clock.now()).is_some() {
            sinks.failure(endpoint, &self.context.info(clock, tag), &failure);
        } else {
            sinks.count_failure(endpoint, &failure);
        }
    }
}

/// Takes the readings of one call.
pub(super) struct Sink<'a> {
    route: &'a Route,
    place: &'a Place,
    started: MonoNs,
    /// Pages to be parsed when the call is over.
    pub(super) pages: Vec<Page>,
    /// True once the instance's own source had a reading.
    pub(super) has_own: bool,
    /// What may still come.
    pub(super) allowance: Allowance,
    /// Why something was not taken.
    pub(super) refused: Option<PluginError>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(route: &'a Route, place: &'a Place, started: MonoNs) -> Self {
        Self {
            route,
            place,
            started,
            pages: Vec::new(),
            has_own: false,
            allowance: route.context.sinks.limits.whole(),
            refused: None,
        }
    }

    /// Whether something that has come is taken.
    fn admit(
        &mut self,
        source_id: &str,
        take: impl FnOnce(&mut Allowance) -> Result<(), PluginError>,
    ) -> Result<(), PluginError> {
        let admitted = take(&mut self.allowance).and_then(|()| self.route.admits(source_id));
        admitted.inspect_err(|error| {
            self.route.note(error);
            self.refused.get_or_insert_with(|| error.clone());
        })
    }

    fn clock(&self) -> PayloadClock {
        self.route.context.clock_since(self.started)
    }

    fn tag(&self) -> Tag {
        self.place.tag(self.route.context.clock.now())
    }

    fn due(&mut self, source_id: &str) -> EndpointId {
        self.has_own |= source_id.is_empty();
        self.route.due(source_id)
    }
}

impl SinkServices for Sink<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), PluginError> {
        self.admit(payload.source_id, |left| left.page(payload.body.len()))?;
        let endpoint = self.due(payload.source_id);
        let clock = plausible(payload.clock, self.clock());
        self.pages.push(Page {
            endpoint,
            info: ScrapeInfo {
                body_bytes: i64::try_from(payload.body.len()).ok(),
                ..self.route.context.info(clock, self.tag())
            },
            source_id: payload.source_id.into(),
            content_type: payload.content_type.to_owned(),
            parser: self.route.parser.clone(),
            body: payload.body.to_vec(),
            clock,
        });
        Ok(())
    }

    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        self.admit(source_id, |left| left.batch(batch))?;
        let endpoint = self.due(source_id);
        let info = self.route.context.info(self.clock(), self.tag());
        self.route.context.sinks.batch(endpoint, &info, batch);
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        let endpoint = self.due(error.source_id.as_deref().unwrap_or_default());
        self.route
            .failed(endpoint, self.clock(), self.tag(), &error);
    }
}

/// When a page was asked for and complete, says its plugin: not in the wrong order, and not in the time to
/// come. It may have been before the call that brought it.
fn plausible(theirs: PayloadClock, call: PayloadClock) -> PayloadClock {
    let complete_ns = theirs.complete_ns.clamp(0, call.complete_ns);
    let mono_ns = theirs.sent.mono_ns.clamp(0, complete_ns);
    let wall_ns = if mono_ns == theirs.sent.mono_ns {
        theirs.sent.wall_ns
    } else {
        call.sent
            .wall_ns
            .saturating_add(mono_ns - call.sent.mono_ns)
    };
    PayloadClock::new(
        Instant2 { mono_ns, wall_ns },
        theirs.first_byte_ns.clamp(mono_ns, complete_ns),
        complete_ns,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_from_the_time_to_come_or_ended_before_it_began() {
        let clock = |sent: i64, first_byte_ns: i64, complete_ns: i64| {
            PayloadClock::new(
                Instant2 {
                    mono_ns: sent,
                    wall_ns: sent.saturating_add(1_000_000),
                },
                first_byte_ns,
                complete_ns,
            )
        };
        let call = clock(100, 200, 200);
        // Before the call, and within it.
        for right in [
            clock(10, 20, 30),
            clock(110, 120, 130),
            clock(100, 200, 200),
        ] {
            assert_eq!(plausible(right, call), right);
        }
        for (wrong, right) in [
            (clock(1, 2, i64::MAX), clock(1, 2, 200)),
            (clock(180, 0, 150), clock(150, 150, 150)),
            (clock(i64::MIN, 0, 150), clock(0, 0, 150)),
            (clock(i64::MAX, 0, i64::MIN), clock(0, 0, 0)),
        ] {
            assert_eq!(plausible(wrong, call), right, "{wrong:?}");
        }
    }
}

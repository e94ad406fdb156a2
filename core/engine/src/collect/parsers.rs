//! The parsers of one ingest thread: which one reads a page, and what comes of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{HostServices, ParserHandle, SinkServices};
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{
    Context, Descriptor, ErrorKind, LogLevel, Payload, PluginError, PluginKind,
};

use super::limits::Allowance;
use super::sinks::Sinks;
use crate::config::ParserPlan;
use crate::event::Events;
use crate::http::Clock;
use crate::plugins::{InstanceHost, Origin, Registry};
use crate::store::{EndpointId, ScrapeInfo};

/// Bytes of a page that parsers are shown to find the one that knows it.
const HEAD: usize = 4096;

/// A page on its way to a parser.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) endpoint: EndpointId,
    pub(super) info: ScrapeInfo,
    pub(super) source_id: Arc<str>,
    pub(super) content_type: String,
    /// Parser that the user chose; by content type if none.
    pub(super) parser: Option<Arc<str>>,
    pub(super) body: Vec<u8>,
    pub(super) clock: PayloadClock,
}

/// What parsers are opened with, and where their batches go.
pub(super) struct ParserParts {
    pub(super) registry: Arc<Registry>,
    pub(super) sinks: Arc<Sinks>,
    pub(super) events: Events,
    pub(super) clock: Clock,
    /// Parsers with options of their own.
    pub(super) plans: Vec<ParserPlan>,
    /// Parsers of which a fault was told: one page after the other would tell the same.
    pub(super) faulty: Mutex<BTreeSet<String>>,
    /// Hosts of all parsers that have been opened.
    pub(super) hosts: Mutex<Vec<Weak<InstanceHost>>>,
}

impl ParserParts {
    /// Says once that a parser has a fault of its own: no page is to blame.
    fn note_fault(&self, parser: &str, error: &PluginError) {
        let mut faulty = self.faulty.lock().unwrap_or_else(PoisonError::into_inner);
        if faulty.insert(parser.to_owned()) {
            let label = format!("parser {parser}");
            self.events.log(LogLevel::Warn, &label, error.to_string());
        }
    }

    /// Says once that a page is still being parsed although its time is over.
    pub(super) fn note_stuck(&self, parser: Option<&str>, error: &PluginError) {
        self.note_fault(parser.unwrap_or("by content type"), error);
    }

    /// Tells all parsers that the run is over.
    pub(super) fn stop(&self) {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|host| host.stop());
    }

    /// The parser called `name`: an instance with options of its own, else the plugin as it is.
    fn plan_of(&self, name: &str) -> Option<&ParserPlan> {
        let named = self.plans.iter().find(|plan| plan.name == name);
        named.or_else(|| self.plans.iter().find(|plan| plan.plugin == name))
    }
}

/// Parsers, opened when first needed, and closed in the end.
pub(super) struct Parsers<'a> {
    parts: &'a ParserParts,
    open: Vec<Open>,
}

struct Open {
    name: String,
    handle: ParserHandle,
    host: Arc<InstanceHost>,
}

impl Drop for Parsers<'_> {
    fn drop(&mut self) {
        for mut open in self.open.drain(..) {
            open.host.stop();
            if let Err(error) = open.handle.close() {
                open.host
                    .log(LogLevel::Warn, &format!("closing it failed: {error}"));
            }
        }
    }
}

impl<'a> Parsers<'a> {
    pub(super) fn new(parts: &'a ParserParts) -> Self {
        let open = Vec::new();
        Self { parts, open }
    }

    /// Parses a page and stores it, unless it `is_abandoned` when the parser is done.
    pub(super) fn parse(
        &mut self,
        page: &Page,
        is_abandoned: &dyn Fn() -> bool,
    ) -> Result<(), PluginError> {
        let id = self.choose(page)?;
        let parts = self.parts;
        let note = |error: &PluginError| parts.note_fault(&id, error);
        let parser = self.opened(&id).inspect_err(note)?;
        let payload =
            Payload::new(&page.content_type, &page.body, page.clock).source(&page.source_id);
        let mut sink = PageSink {
            sinks: &parts.sinks,
            page,
            is_abandoned,
            allowance: parts.sinks.limits.whole(),
            error: None,
        };
        let parsed = parser.parse(&payload, &mut sink);
        parsed
            .and(sink.error.map_or(Ok(()), Err))
            .inspect_err(|error| {
                if matches!(error.kind, ErrorKind::Panic | ErrorKind::Limit) {
                    note(error);
                }
            })
    }

    /// All parsers, built-in ones first: a library must not take pages over by being there.
    fn descriptors(&self) -> impl Iterator<Item = &'a Descriptor> + use<'a> {
        let registry = &self.parts.registry;
        let entries = |built_in: bool| {
            let entries = registry.of_kind(PluginKind::Parser);
            entries.filter(move |entry| (entry.origin == Origin::BuiltIn) == built_in)
        };
        let all = entries(true).chain(entries(false));
        all.map(|entry| &entry.descriptor)
    }

    /// The user's choice, else by content type, else by the look of the page.
    fn choose(&mut self, page: &Page) -> Result<String, PluginError> {
        if let Some(id) = &page.parser {
            return Ok(id.to_string());
        }
        let mime = page.content_type.split(';').next().unwrap_or_default();
        let mime = mime.trim();
        let reads = |parser: &&Descriptor| {
            parser
                .content_types
                .iter()
                .any(|t| t.eq_ignore_ascii_case(mime))
        };
        if let Some(parser) = self.descriptors().find(reads) {
            return Ok(parser.id.clone());
        }
        let head = page.body.get(..HEAD).unwrap_or(&page.body);
        for parser in self.descriptors() {
            // One that cannot open, for lack of options perhaps, does not know the page either.
            if self.opened(&parser.id).is_ok_and(|open| open.sniff(head)) {
                return Ok(parser.id.clone());
            }
        }
        Err(PluginError::new(ErrorKind::Format, unreadable(mime, head)))
    }

    fn opened(&mut self, id: &str) -> Result<&mut ParserHandle, PluginError> {
        let known = self.open.iter().position(|open| open.name == id);
        let at = if let Some(at) = known {
            at
        } else {
            self.open.push(self.open(id)?);
            self.open.len() - 1
        };
        Ok(&mut self.open[at].handle)
    }

    fn open(&self, name: &str) -> Result<Open, PluginError> {
        let parts = self.parts;
        let plan = parts.plan_of(name);
        let id = plan.map_or(name, |plan| &plan.plugin);
        let entry = parts
            .registry
            .get(PluginKind::Parser, id)
            .map_err(|error| PluginError::new(ErrorKind::Config, error.to_string()))?;
        let label = format!("parser {name}");
        let host = InstanceHost::new(&label, parts.events.clone(), None, parts.clock.clone());
        let host = Arc::new(host);
        let none = serde_json::json!({});
        let options = plan.map_or(&none, |plan| &plan.options);
        let context = Context::new(name);
        let lent = Arc::<InstanceHost>::clone(&host);
        let handle = entry.factory.open_parser(options, &context, lent)?;
        let mut hosts = parts.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.push(Arc::downgrade(&host));
        drop(hosts);
        Ok(Open {
            name: name.to_owned(),
            handle,
            host,
        })
    }
}

struct PageSink<'a> {
    sinks: &'a Sinks,
    page: &'a Page,
    is_abandoned: &'a dyn Fn() -> bool,
    allowance: Allowance,
    error: Option<PluginError>,
}

impl SinkServices for PageSink<'_> {
    fn payload(&mut self, _: &Payload<'_>) -> Result<(), PluginError> {
        Err(PluginError::new(
            ErrorKind::Unsupported,
            "a parser pushes batches, not payloads",
        ))
    }

    fn batch(&mut self, _: &str, batch: &BatchView<'_>) -> Result<(), PluginError> {
        if let Err(error) = self.allowance.batch(batch) {
            self.error.get_or_insert_with(|| error.clone());
            return Err(error);
        }
        if batch.is_empty() && batch.diagnostic_count() > 0 {
            let first = batch
                .diagnostics()
                .next()
                .map(|(line, reason)| format!("line {line}: {reason}"));
            let message = format!("not a metrics page ({})", first.unwrap_or_default());
            return Err(PluginError::new(ErrorKind::Format, message));
        }
        if (self.is_abandoned)() {
            // It was counted as failed already.
            return Err(PluginError::new(ErrorKind::Timeout, "the parser is late"));
        }
        self.sinks.batch(self.page.endpoint, &self.page.info, batch);
        Ok(())
    }

    fn error(&mut self, error: PluginError) {
        self.error.get_or_insert(error);
    }
}

/// Why no parser takes a page.
fn unreadable(mime: &str, head: &[u8]) -> String {
    match (mime, head) {
        (_, []) => "the answer is empty".to_owned(),
        ("", _) => "it has no content type, and no parser knows the look of it".to_owned(),
        _ => format!("no parser reads content type `{mime}`, and none knows the look of it"),
    }
}

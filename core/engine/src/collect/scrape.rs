//! One target of a targets-mode collector: fetch, ask the collector, parse.

use std::sync::Arc;
use std::time::Duration;

use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::{ErrorKind, LogLevel, Target, Verdict};

use super::access::Access;
use super::context::Context;
use super::fetch::{Fetched, Fetcher};
use super::instance::{Head, Instance};
use super::parsers::Page;
use super::tag::{Place, Tag};
use crate::config::CollectorPlan;
use crate::http::{ErrorClass, HttpError, MonoNs};
use crate::store::{EndpointId, ScrapeInfo};

/// Bytes of the body that a collector sees.
const HEAD: usize = 4096;
/// A collector may take as long to look at an answer as to get it, but at least this.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);
/// Replacements that are followed in one scrape; a collector that sends us in circles ends here.
const MAX_REPLACEMENTS: usize = 8;

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Metrics were read.
    Done,
    /// It failed.
    Failed,
    /// It failed because nothing came in time.
    TimedOut,
    /// It was left out, because the one before is still running.
    Skipped,
    /// The source is left alone for now, or for ever.
    Left,
}

/// One target.
#[derive(Debug)]
pub(super) struct Scraper {
    context: Context,
    instance: Instance,
    endpoint: EndpointId,
    target: Target,
    /// The target's URL before its collector replaced it.
    first_url: String,
    timeout: Duration,
    parser: Option<Arc<str>>,
    access: Access,
    /// `None` if the URL cannot be used; then the error says why.
    fetcher: Result<Fetcher, HttpError>,
    source_id: Arc<str>,
    body: Vec<u8>,
    /// Status and type of the last answer that the collector wanted to keep: it is not asked again
    /// for more of the same.
    kept: Option<(u16, String)>,
    paused_until: Option<MonoNs>,
    disabled: bool,
}

impl Scraper {
    pub(super) fn new(
        context: Context,
        instance: Instance,
        endpoint: EndpointId,
        target: Target,
        access: Access,
        spec: &CollectorPlan,
    ) -> Self {
        let timeout = spec.timeout;
        let fetcher = fetcher(&context, &access, &target.url, timeout);
        Self {
            source_id: target.id.as_str().into(),
            context,
            instance,
            endpoint,
            first_url: target.url.clone(),
            target,
            timeout,
            parser: spec.parser.as_deref().map(Into::into),
            access,
            fetcher,
            body: Vec::new(),
            kept: None,
            paused_until: None,
            disabled: false,
        }
    }

    pub(super) fn endpoint(&self) -> EndpointId {
        self.endpoint
    }

    /// Reads the target once.
    pub(super) async fn scrape(&mut self, place: &Place) -> Outcome {
        for _ in 0..MAX_REPLACEMENTS {
            if self.is_left() {
                return Outcome::Left;
            }
            let asked = self.context.clock.now();
            let result = self.fetch().await;
            // Decided as soon as the page is here: parsing it may outlast the barrier.
            let tag = place.tag(self.context.clock.now());
            match self.consult(&result).await {
                Verdict::Replace(url) => self.replace(url),
                Verdict::Pause(delay) => {
                    self.paused_until = Some(self.context.clock.now().after(delay));
                }
                Verdict::Disable(reason) => self.disable(&reason),
                _ => return self.take(tag, asked, result).await,
            }
        }
        self.disable("its collector replaced the URL again and again");
        Outcome::Left
    }

    fn is_left(&self) -> bool {
        let paused = self
            .paused_until
            .is_some_and(|until| self.context.clock.now() < until);
        self.disabled || paused
    }

    async fn fetch(&mut self) -> Result<Fetched, HttpError> {
        let fetcher = match &mut self.fetcher {
            Ok(fetcher) => fetcher,
            Err(error) => return Err(error.clone()),
        };
        let page = fetcher.fetch(&mut self.body, &self.context.clock);
        match tokio::time::timeout(self.timeout, page).await {
            Ok(result) => result,
            Err(_elapsed) => {
                let detail = format!("waited {:?}", self.timeout);
                Err(
                    HttpError::new(ErrorClass::Timeout, self.target.url.as_str(), detail)
                        .advise("raise `--server-metrics-timeout` if the server is slow to answer"),
                )
            }
        }
    }

    async fn consult(&mut self, result: &Result<Fetched, HttpError>) -> Verdict {
        let (status, content_type, headers, error) = match result {
            Ok(fetched) => (
                Some(fetched.status),
                fetched.content_type.as_str(),
                fetched.headers.as_str(),
                String::new(),
            ),
            Err(error) => (None, "", "", error.to_string()),
        };
        let known = |(kept, kind): &(u16, String)| Some(*kept) == status && kind == content_type;
        if self.kept.as_ref().is_some_and(known) {
            return Verdict::Keep;
        }
        let bytes = if status.is_some() {
            self.body.get(..HEAD).unwrap_or(&self.body)
        } else {
            &[]
        };
        let head = Head {
            target_id: self.target.id.clone(),
            status,
            content_type: content_type.to_owned(),
            bytes: bytes.to_vec(),
            error,
            headers: headers.to_owned(),
        };
        let limit = self.timeout.max(SHORTEST_LOOK);
        let (verdict, fault) = self.instance.on_response(head, limit).await;
        if let Some(fault) = fault {
            let label = format!("collector {}", self.instance.name());
            let events = &self.context.events;
            events.log(LogLevel::Warn, &label, fault.to_string());
        }
        let good = status.filter(|status| (200..300).contains(status));
        if let (Verdict::Keep, Some(status)) = (&verdict, good) {
            self.kept = Some((status, content_type.to_owned()));
        }
        verdict
    }

    async fn take(
        &mut self,
        tag: Tag,
        asked: MonoNs,
        result: Result<Fetched, HttpError>,
    ) -> Outcome {
        match result {
            Ok(fetched) if (200..300).contains(&fetched.status) => self.parse(tag, fetched).await,
            Ok(fetched) => {
                let info = self.context.info(fetched.clock, tag);
                let status = fetched.status;
                // Before it is cut: half a secret would not be known as one.
                let head = self.body.get(..HEAD).unwrap_or(&self.body);
                let body = self.context.sinks.secrets.scrub_bytes(head);
                let message = fetched.refusal(body.as_bytes());
                self.fail(&info, i64::from(status), &format!("http_{status}"), message);
                Outcome::Failed
            }
            Err(error) => {
                let info = self.context.info(self.context.clock_since(asked), tag);
                self.fail(&info, 0, error.class().as_str(), error.to_string());
                match error.class() {
                    ErrorClass::Timeout => Outcome::TimedOut,
                    _ => Outcome::Failed,
                }
            }
        }
    }

    async fn parse(&mut self, tag: Tag, fetched: Fetched) -> Outcome {
        let info = self.context.info(fetched.clock, tag);
        let page = Page {
            endpoint: self.endpoint,
            info: ScrapeInfo {
                body_bytes: i64::try_from(self.body.len()).ok(),
                ..info.clone()
            },
            source_id: Arc::clone(&self.source_id),
            content_type: fetched.content_type,
            parser: self.parser.clone(),
            body: std::mem::take(&mut self.body),
            clock: fetched.clock,
        };
        let (body, result) = self.context.ingest.page(page).await;
        self.body = body;
        match result {
            Ok(()) => Outcome::Done,
            Err(error) => {
                let class = error.kind.as_str();
                if error.kind == ErrorKind::Format {
                    // What came is no metrics page after all: let the collector look again.
                    self.kept = None;
                }
                self.fail(&info, i64::from(fetched.status), class, error.to_string());
                Outcome::Failed
            }
        }
    }

    fn fail(&self, info: &ScrapeInfo, code: i64, class: &str, message: String) {
        let failure = ScrapeFailure {
            timestamp_ns: info.clock.sent.wall_ns,
            code,
            class: class.to_owned(),
            message,
        };
        let too_large = class == ErrorClass::BodyLimit.as_str();
        let info = ScrapeInfo {
            body_bytes: Some(if too_large { -1 } else { 0 }),
            ..info.clone()
        };
        self.context.sinks.failure(self.endpoint, &info, &failure);
    }

    fn replace(&mut self, url: String) {
        self.fetcher = fetcher(&self.context, &self.access, &url, self.timeout);
        self.context.sinks.rename_endpoint(self.endpoint, &url);
        self.target.url = url;
        self.kept = None;
    }

    fn disable(&mut self, reason: &str) {
        self.disabled = true;
        // Users look for the URL that they gave, not for the last one that was tried.
        self.target.url.clone_from(&self.first_url);
        let sinks = &self.context.sinks;
        sinks.rename_endpoint(self.endpoint, &self.first_url);
        sinks.disable(self.endpoint, reason);
        let had_answered = sinks.lock().endpoint(self.endpoint).is_reached();
        // Of those that never answer, the state of the endpoints tells already.
        let level = if self.target.automatic || !had_answered {
            LogLevel::Info
        } else {
            LogLevel::Warn
        };
        let label = format!("collector {}", self.instance.name());
        self.context
            .events
            .log(level, &label, format!("`{}`: {reason}", self.target.url));
    }
}

/// What reads `url`. Notes it if its certificate is not checked.
fn fetcher(
    context: &Context,
    access: &Access,
    url: &str,
    timeout: Duration,
) -> Result<Fetcher, HttpError> {
    let fetcher = Fetcher::new(url, access.clone(), timeout, &context.clock)?;
    if fetcher.is_unverified() {
        context.unverified.add(url);
    }
    Ok(fetcher)
}

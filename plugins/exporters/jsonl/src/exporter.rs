//! Ties lines to files.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::prelude::*;

use crate::explained::Explained;
use crate::sink::Sink;
use crate::{Config, Level, RequestLine, ScrapeLine, SeriesDetail};

/// The exporter. See the [crate](crate).
#[derive(Debug)]
pub struct Jsonl {
    config: Config,
    host: Host,
    scrapes: Option<Sink>,
    requests: Option<Sink>,
    explained: Explained,
    phases: BTreeMap<u32, String>,
}

impl Plugin for Jsonl {
    const ID: &'static str = "jsonl";
    const SUMMARY: &'static str = "One JSON line per scrape and per request, as the run goes on.";
    const STABILITY: Stability = Stability::Stable;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        config.problems()
    }

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            config,
            host: host.clone(),
            scrapes: None,
            requests: None,
            explained: Explained::default(),
            phases: BTreeMap::new(),
        })
    }

    fn close(&mut self) -> Result<()> {
        self.close_files()
    }
}

impl Jsonl {
    fn close_files(&mut self) -> Result<()> {
        let scrapes = self.scrapes.take().map_or(Ok(()), Sink::close);
        let requests = self.requests.take().map_or(Ok(()), Sink::close);
        scrapes.and(requests)
    }
}

impl Exporter for Jsonl {
    fn begin(&mut self, _run: &RunInfo) -> Result<()> {
        self.scrapes = Sink::open(&self.host, &self.config.path)?;
        let path = match self.config.level {
            Level::Summary => "",
            Level::Records | Level::Tokens => &self.config.requests_path,
        };
        self.requests = Sink::open(&self.host, path)?;
        Ok(())
    }

    fn scrape(&mut self, view: &ScrapeView<'_>) -> Result<()> {
        let Some(sink) = &mut self.scrapes else {
            return Ok(());
        };
        let full = self.config.series == SeriesDetail::Full;
        let news = (full && view.meta.error.is_none()).then(|| self.explained.page(view));
        sink.line(&ScrapeLine::new(view, news.as_ref()))?;
        // Failures alone leave no file: "no file" is how users see that nothing answered.
        if view.meta.error.is_none() {
            sink.keep();
        }
        sink.flush()
    }

    fn requests(&mut self, view: &RequestView<'_>) -> Result<()> {
        let Some(sink) = &mut self.requests else {
            return Ok(());
        };
        let tokens = self.config.level == Level::Tokens;
        for row in view.rows() {
            let phase = self.phases.get(&row.phase).map(String::as_str);
            sink.line(&RequestLine::new(&row, phase, tokens))?;
            sink.keep();
        }
        sink.flush()
    }

    fn phase(&mut self, event: &PhaseEvent) -> Result<()> {
        self.phases.insert(event.index, event.name.clone());
        Ok(())
    }

    fn wants_report(&self) -> bool {
        false
    }

    fn finish(&mut self, _report: &Report) -> Result<()> {
        self.close_files()
    }

    fn abort(&mut self, _reason: &str) -> Result<()> {
        self.close_files()
    }
}

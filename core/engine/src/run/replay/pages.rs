//! Recorded pages go through the store again, one batch a page.

use std::collections::HashMap;
use std::path::Path;

use aiperf_plugin_sdk::batch::Batch;
use aiperf_plugin_sdk::report::ScrapeFailure;
use aiperf_plugin_sdk::time::{Instant2, PayloadClock};

use super::super::RunError;
use super::super::record::RunRecord;
use super::dictionary::Dictionary;
use super::gaps::Gaps;
use super::lines::{ScrapeError, ScrapeLine};
use super::reader;
use crate::store::{EndpointId, EndpointInfo, ScrapeInfo, Store, display_of};

/// Sources in a row that may have come up during a run without a line.
const MAX_SILENT: usize = 1000;

/// Reads all pages into `store`, in the order of the file, which is that of the run.
pub(super) fn read(
    path: Option<&Path>,
    record: &RunRecord,
    store: &mut Store,
    gaps: &mut Gaps,
) -> Result<(), RunError> {
    for endpoint in &record.endpoints {
        store.add_endpoint(endpoint.info.clone());
    }
    let mut pages = Pages {
        record,
        endpoints: record.endpoints.len(),
        store,
        dictionary: Dictionary::default(),
        layouts: HashMap::new(),
        batch: Batch::new(),
        open: None,
        last_failure: None,
        partial: 0,
    };
    let there = match path {
        Some(path) => reader::lines(path, gaps, |line| pages.line(line))?,
        None => false,
    };
    pages.flush();
    let partial = pages.partial;
    if partial > 0 {
        gaps.partial(path, partial);
    }
    let answered = |record: &RunRecord| record.endpoints.iter().any(|e| e.scrapes.done > 0);
    if !there && (answered(record) || !record.complete) {
        gaps.missing(path, "the servers' pages");
    }
    Ok(())
}

/// A page whose lines are being read: one per server.
#[derive(Debug)]
struct OpenPage {
    endpoint: u32,
    number: u32,
    info: ScrapeInfo,
    /// Lines that it still lacks.
    missing: u32,
}

struct Pages<'a> {
    record: &'a RunRecord,
    /// Number of sources in the store.
    endpoints: usize,
    store: &'a mut Store,
    dictionary: Dictionary,
    /// Series of the last page of each server.
    layouts: HashMap<String, Vec<u32>>,
    batch: Batch,
    open: Option<OpenPage>,
    /// Source and time of the last failure: its servers share it.
    last_failure: Option<(u32, i64)>,
    /// Pages without the lines of some of their servers.
    partial: u64,
}

impl Pages<'_> {
    fn line(&mut self, line: ScrapeLine) -> Result<(), String> {
        let info = self.info(&line)?;
        self.know(&line)?;
        match (&line.error, line.page) {
            (Some(error), _) => self.failure(&line, &info, error),
            (None, Some(number)) => return self.page(line, number, info),
            (None, None) => return Err("neither `page` nor `error` is there".to_owned()),
        }
        Ok(())
    }

    fn info(&self, line: &ScrapeLine) -> Result<ScrapeInfo, String> {
        let sent = Instant2 {
            mono_ns: line.mono_ns,
            wall_ns: line.timestamp_ns,
        };
        let complete_ns = line.mono_ns.saturating_add(line.latency_ns);
        let phase = match &line.phase {
            Some(name) => {
                let known = self.record.phase(name);
                Some(known.ok_or_else(|| format!("the run has no phase `{name}`"))?)
            }
            None => None,
        };
        Ok(ScrapeInfo {
            clock: PayloadClock::new(sent, complete_ns, complete_ns),
            phase,
            phase_name: line.phase.clone(),
            barrier: line.barrier,
            body_bytes: line.scrape_metrics.and_then(|of| of.scrape_body_size_bytes),
            samples: line.scrape_metrics.map(|of| of.scrape_samples_scraped),
        })
    }

    /// Sources that came up during a run which did not live to list them. Those that never answered
    /// have no lines, but their place.
    fn know(&mut self, line: &ScrapeLine) -> Result<(), String> {
        let wanted = line.endpoint as usize;
        if wanted > self.endpoints + MAX_SILENT {
            return Err(format!("the run has no endpoint {wanted}"));
        }
        while self.endpoints < wanted {
            self.add_endpoint(&format!("endpoint {}", self.endpoints), true);
        }
        if self.endpoints == wanted {
            self.add_endpoint(&line.server_url, false);
        }
        Ok(())
    }

    fn add_endpoint(&mut self, url: &str, automatic: bool) {
        self.store.add_endpoint(EndpointInfo {
            url: url.to_owned(),
            display: display_of(url),
            automatic,
            ..EndpointInfo::default()
        });
        self.endpoints += 1;
    }

    fn failure(&mut self, line: &ScrapeLine, info: &ScrapeInfo, error: &ScrapeError) {
        self.flush();
        let which = Some((line.endpoint, line.mono_ns));
        if self.last_failure == which {
            return;
        }
        self.last_failure = which;
        let failure = ScrapeFailure {
            timestamp_ns: line.timestamp_ns,
            code: error.code,
            class: error.class.clone(),
            message: error.message.clone(),
        };
        self.store
            .failure(EndpointId(line.endpoint), info, &failure);
    }

    fn page(&mut self, line: ScrapeLine, number: u32, info: ScrapeInfo) -> Result<(), String> {
        let values = line.values.ok_or_else(|| {
            "it has no `values`: the series of pages were not recorded".to_owned()
        })?;
        self.dictionary.learn(&line.server_id, line.schema)?;
        let layout = match line.series {
            Some(series) => {
                self.layouts.insert(line.server_id.clone(), series);
                &self.layouts[&line.server_id]
            }
            None => self
                .layouts
                .get(&line.server_id)
                .ok_or_else(|| "the line that names its series is missing".to_owned())?,
        };
        if layout.len() != values.len() {
            return Err(format!(
                "{} series and {} values",
                layout.len(),
                values.len()
            ));
        }
        self.dictionary.check(layout)?;
        let same = |open: &OpenPage| (open.endpoint, open.number) == (line.endpoint, number);
        if !self.open.as_ref().is_some_and(same) {
            self.flush();
            self.open = Some(OpenPage {
                endpoint: line.endpoint,
                number,
                info,
                missing: line.servers,
            });
        }
        if let Some(open) = &mut self.open {
            open.missing = open.missing.saturating_sub(1);
        }
        let layout = &self.layouts[&line.server_id];
        for (series, value) in layout.iter().zip(values) {
            self.dictionary.push(&mut self.batch, *series, value.0);
        }
        Ok(())
    }

    /// Hands the open page to the store.
    fn flush(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.partial += u64::from(open.missing > 0);
        let Self { store, batch, .. } = self;
        let read = batch.read(self.dictionary.text(), |view| {
            store.scrape(EndpointId(open.endpoint), &open.info, view);
        });
        read.expect("rows, spans and families come from the dictionary that made them");
        self.batch.clear();
        self.dictionary.next_page();
    }
}

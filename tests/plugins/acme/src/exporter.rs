//! A journal of everything that an exporter is told.

use std::io::Write;
use std::time::Duration;

use aiperf_plugin_sdk::prelude::*;

/// Options of `acme_journal`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// File in the artifact folder.
    pub path: String,
    /// Where the journal is sent as well.
    #[serde(default)]
    pub post_to: Option<String>,
}

/// Counts what it is told and writes it down at the end.
#[derive(Debug)]
pub struct Journal {
    host: Host,
    post_to: Option<String>,
    file: Option<Artifact>,
    live_scrapes: u64,
    requests: u64,
    phases: Vec<String>,
}

impl Plugin for Journal {
    const ID: &'static str = "acme_journal";
    const SUMMARY: &'static str = "Counts what exporters are told.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = JournalConfig;

    fn open(config: JournalConfig, host: &Host) -> Result<Self> {
        Ok(Self {
            host: host.clone(),
            post_to: config.post_to,
            file: Some(host.artifact(&config.path)?),
            live_scrapes: 0,
            requests: 0,
            phases: Vec::new(),
        })
    }
}

impl Journal {
    fn post(&self, journal: &str) -> Result<()> {
        let Some(url) = &self.post_to else {
            return Ok(());
        };
        let headers = [("Content-Type", "text/plain; charset=utf-8")];
        let body = journal.as_bytes();
        let answer = self
            .host
            .http_post(url, &headers, body, Duration::from_secs(10))?;
        match answer.status {
            200..300 => Ok(()),
            status => {
                let message = format!("`{url}` answers {status}");
                Err(PluginError::new(ErrorKind::Network, message))
            }
        }
    }
}

impl Exporter for Journal {
    fn begin(&mut self, _run: &RunInfo) -> Result<()> {
        Ok(())
    }

    fn scrape(&mut self, _view: &ScrapeView<'_>) -> Result<()> {
        self.live_scrapes += 1;
        Ok(())
    }

    fn requests(&mut self, view: &RequestView<'_>) -> Result<()> {
        self.requests += view.rows().count() as u64;
        Ok(())
    }

    fn phase(&mut self, event: &PhaseEvent) -> Result<()> {
        self.phases.push(event.name.clone());
        Ok(())
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        let (requests, scrapes) = (self.requests, self.live_scrapes);
        let (phases, servers) = (self.phases.join(" "), report.servers.len());
        let journal =
            format!("requests {requests}\nscrapes {scrapes}\nphases {phases}\nservers {servers}\n");
        file.write_all(journal.as_bytes())?;
        file.commit()?;
        self.post(&journal)
    }
}
export_plugin!(exporter Journal);

//! A journal of everything that an exporter is told.

use std::io::Write;

use aiperf_plugin_sdk::prelude::*;

/// Options of `acme_journal`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// File in the artifact folder.
    pub path: String,
}

/// Counts what it is told and writes it down at the end.
#[derive(Debug)]
pub struct Journal {
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
            file: Some(host.artifact(&config.path)?),
            live_scrapes: 0,
            requests: 0,
            phases: Vec::new(),
        })
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
        writeln!(file, "requests {}", self.requests)?;
        writeln!(file, "scrapes {}", self.live_scrapes)?;
        writeln!(file, "phases {}", self.phases.join(" "))?;
        writeln!(file, "servers {}", report.servers.len())?;
        file.commit()
    }
}
export_plugin!(exporter Journal);

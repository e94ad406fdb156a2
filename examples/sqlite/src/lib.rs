//! Exporter `sqlite`: the run as one SQLite database, for questions that no table answers.

mod config;
mod database;

use aiperf_plugin_sdk::prelude::*;

pub use config::Config;
use database::Database;

/// The exporter. See the [crate].
#[derive(Debug)]
pub struct Sqlite {
    config: Config,
    host: Host,
    /// From the start of a run to its end.
    run: Option<(Artifact, Database)>,
}

impl Plugin for Sqlite {
    const ID: &'static str = "sqlite";
    const SUMMARY: &'static str = "The run as one SQLite database.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn validate(config: &Config) -> Vec<PluginError> {
        Vec::from_iter(PluginError::file_option("path", &config.path))
    }

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            config,
            host: host.clone(),
            run: None,
        })
    }
}

impl Exporter for Sqlite {
    fn begin(&mut self, run: &RunInfo) -> Result<()> {
        // Opened now, so that a bad path fails before the load begins.
        let file = self.host.atomic_artifact(&self.config.path)?;
        let database = Database::create(run).map_err(plain)?;
        self.run = Some((file, database));
        Ok(())
    }

    fn requests(&mut self, view: &RequestView<'_>) -> Result<()> {
        match &mut self.run {
            Some((_, database)) if self.config.requests => database.requests(view).map_err(plain),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let Some((mut file, mut database)) = self.run.take() else {
            return Ok(());
        };
        database.report(report).map_err(plain)?;
        database.write_to(&mut file)?;
        file.commit()
    }

    fn abort(&mut self, _reason: &str) -> Result<()> {
        match self.run.take() {
            Some((file, _)) => file.discard(),
            None => Ok(()),
        }
    }
}

fn plain(error: rusqlite::Error) -> PluginError {
    PluginError::new(ErrorKind::Other, format!("SQLite: {error}"))
}

export_plugin!(exporter Sqlite);

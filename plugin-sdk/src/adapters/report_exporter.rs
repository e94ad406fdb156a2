//! A [`ReportExporter`] as an [`Exporter`]: opens its files before the run, fills them after it.

use std::io::Write;

use crate::report::Report;
use crate::{
    Artifact, Exporter, Host, Plugin, PluginError, ReportExporter, Result, RunInfo, Stability,
};

/// Plugin `P` with the files that it will fill.
#[derive(Debug)]
pub struct Rendered<P> {
    plugin: P,
    host: Host,
    files: Vec<(String, Artifact)>,
}

impl<P: ReportExporter> Plugin for Rendered<P> {
    const ID: &'static str = P::ID;
    const SUMMARY: &'static str = P::SUMMARY;
    const STABILITY: Stability = P::STABILITY;
    const VERSION: &'static str = P::VERSION;
    const SAMPLE: &'static str = P::SAMPLE;
    type Config = P::Config;

    fn validate(config: &P::Config) -> Vec<PluginError> {
        P::validate(config)
    }

    fn open(config: P::Config, host: &Host) -> Result<Self> {
        Ok(Self {
            plugin: P::open(config, host)?,
            host: host.clone(),
            files: Vec::new(),
        })
    }

    fn close(&mut self) -> Result<()> {
        self.plugin.close()
    }
}

impl<P: ReportExporter> Exporter for Rendered<P> {
    fn begin(&mut self, _run: &RunInfo) -> Result<()> {
        let mut names = self.plugin.files();
        names.retain(|name| !name.is_empty());
        let open = |name: &str| Ok((name.to_owned(), self.host.atomic_artifact(name)?));
        self.files = names.into_iter().map(open).collect::<Result<_>>()?;
        Ok(())
    }

    fn wants_report(&self) -> bool {
        !self.files.is_empty()
    }

    fn finish(&mut self, report: &Report) -> Result<()> {
        let files = std::mem::take(&mut self.files);
        let fill =
            |(name, file): (String, Artifact)| fill(file, self.plugin.render(&name, report)?);
        // One file that fails must not cost the others.
        let results: Vec<Result<()>> = files.into_iter().map(fill).collect();
        results.into_iter().collect()
    }

    fn abort(&mut self, _reason: &str) -> Result<()> {
        let files = std::mem::take(&mut self.files);
        let results: Vec<_> = files.into_iter().map(|(_, file)| file.discard()).collect();
        results.into_iter().collect()
    }
}

fn fill(mut file: Artifact, content: Option<Vec<u8>>) -> Result<()> {
    let Some(content) = content else {
        return file.discard();
    };
    file.write_all(&content)?;
    file.commit()
}

//! Exporters carry data out: live scrapes and requests while the run goes on, the report at its end.

use crate::report::Report;
use crate::run::{PhaseEvent, RunInfo};
use crate::view::{RequestView, ScrapeView};
use crate::{Plugin, Result};

/// Writes a run somewhere. Each instance has a thread and a bounded queue of its own: a slow or
/// failing one costs no other exporter anything.
///
/// Calls come in this order: `begin`, then `scrape`, `requests` and `phase` in any mixture, then
/// `finish` (or `abort`), then `close`.
pub trait Exporter: Plugin {
    /// The run is about to start. Open files here, so that a bad path fails before the load does.
    ///
    /// # Errors
    /// The exporter is left out of the run, or the run does not start, by `on_start_error`.
    fn begin(&mut self, run: &RunInfo) -> Result<()>;

    /// One scrape of one server, or its failure.
    ///
    /// # Errors
    /// Are counted and reported; the next call comes all the same.
    fn scrape(&mut self, view: &ScrapeView<'_>) -> Result<()> {
        let _ = view;
        Ok(())
    }

    /// Finished requests, in the order of their end.
    ///
    /// # Errors
    /// As [`Exporter::scrape`].
    fn requests(&mut self, view: &RequestView<'_>) -> Result<()> {
        let _ = view;
        Ok(())
    }

    /// A phase began or ended.
    ///
    /// # Errors
    /// As [`Exporter::scrape`].
    fn phase(&mut self, event: &PhaseEvent) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// The run is over and this is what it says.
    ///
    /// # Errors
    /// Are reported to the user; other exporters still finish.
    fn finish(&mut self, report: &Report) -> Result<()>;

    /// The run ends without a report. Leave valid files behind.
    ///
    /// # Errors
    /// Are logged.
    fn abort(&mut self, reason: &str) -> Result<()> {
        let _ = reason;
        Ok(())
    }

    /// False if [`finish`](Self::finish) does not look at the report: it gets an empty one then. That spares
    /// time and memory where there are hundreds of thousands of series. Asked just before `finish`.
    fn wants_report(&self) -> bool {
        true
    }
}

/// An exporter that makes whole files of the report, at the end of a run. The adapter opens them
/// before the run starts, so that a bad path fails before the load does; each appears complete or
/// not at all. Declared with `export_plugin!(report_exporter Type)`.
pub trait ReportExporter: Plugin {
    /// Names of its files in the artifact folder. An empty name is no file.
    fn files(&self) -> Vec<&str>;

    /// Content of `file`, one of [`files`](Self::files). `None` if it has nothing to say of this
    /// run: then there is no file.
    ///
    /// # Errors
    /// Are reported to the user; the exporter's other files are written all the same.
    fn render(&self, file: &str, report: &Report) -> Result<Option<Vec<u8>>>;
}

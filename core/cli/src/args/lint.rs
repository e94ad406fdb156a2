//! `aiperf lint`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use super::groups::ProxyArgs;
use super::value::{Hidden, duration};

const AFTER_HELP: &str = "\
Examples:
  aiperf lint http://localhost:8000
      The page at /metrics, held to its format and to the usual names.
  aiperf lint --strict page.prom
      A saved page; warnings are findings too.
  curl -s localhost:9100/metrics | aiperf lint -
      As `promtool check metrics` is used.

Errors: the page breaks its format, so that some readers refuse it or read something else. Warnings:
names are not as usual, which `promtool check metrics` says of most of them too. The rules are in
plugins/parsers/prometheus/README.md. Exit code 7: there are errors; 6: with --strict, warnings;
3: a server does not answer; 2: a file cannot be read.";

/// Flags of `aiperf lint`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LintArgs {
    /// Metrics pages: URLs (without a path, that of /metrics), files, or `-` for standard input.
    #[arg(value_name = "URL|FILE", required = true)]
    pub(crate) pages: Vec<Hidden>,
    /// Format of the pages [default: by content type, else openmetrics if a page ends in `# EOF`]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<PageFormat>,
    /// Exit with code 6 if there are warnings.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show errors only.
    #[arg(long, conflicts_with = "strict")]
    pub(crate) errors_only: bool,
    /// Send this header, such as 'Authorization: Bearer ...' (repeatable).
    #[arg(long, short = 'H', value_name = "NAME: VALUE", action = ArgAction::Append)]
    pub(crate) header: Vec<Hidden>,
    /// Limit for one page, in seconds or with a unit.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "5s")]
    pub(crate) timeout: Duration,
    /// Certificates (PEM) of private authorities, trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Accept any certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
    #[command(flatten)]
    pub(crate) proxy: ProxyArgs,
}

/// Format of a metrics page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    #[value(name = "openmetrics")]
    OpenMetrics,
}

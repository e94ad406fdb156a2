//! Flags that several subcommands share.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::flags::Flags;
use super::value::{Hidden, exporter, without_exporter};

/// Where metrics come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server metrics")]
pub(crate) struct MetricsArgs {
    /// Show server metrics as tables; collect from these endpoints too, beside the automatic ones.
    #[arg(long, value_name = "URL", num_args = 0.., conflicts_with = "no_server_metrics")]
    pub(crate) server_metrics: Option<Vec<Hidden>>,
    /// Collect no server metrics at all.
    #[arg(long)]
    pub(crate) no_server_metrics: bool,
    /// Time between two scrapes, in seconds or with a unit [default: 500ms]
    #[arg(long, value_name = "DURATION")]
    pub(crate) server_metrics_interval: Option<String>,
    /// Limit for one scrape, in seconds or with a unit [default: the interval, at most 5s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) server_metrics_timeout: Option<String>,
    /// Keep only metrics that match, such as `vllm:*` (repeatable).
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub(crate) server_metrics_include: Vec<String>,
    /// Drop metrics that match (repeatable).
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub(crate) server_metrics_exclude: Vec<String>,
}

impl MetricsArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        if let Some(urls) = &self.server_metrics {
            let name = "--server-metrics";
            flags.switch(name, "server_metrics.enabled", true, true);
            flags.switch(name, "exporters.console.options.server_metrics", true, true);
            flags.list(name, "server_metrics.urls", urls);
        }
        let off = self.no_server_metrics;
        flags.switch("--no-server-metrics", "server_metrics.enabled", off, false);
        let interval = self.server_metrics_interval.as_ref();
        flags.text(
            "--server-metrics-interval",
            "server_metrics.interval",
            interval,
        );
        let timeout = self.server_metrics_timeout.as_ref();
        flags.text(
            "--server-metrics-timeout",
            "server_metrics.timeout",
            timeout,
        );
        let include = &self.server_metrics_include;
        flags.list(
            "--server-metrics-include",
            "server_metrics.include",
            include,
        );
        let exclude = &self.server_metrics_exclude;
        flags.list(
            "--server-metrics-exclude",
            "server_metrics.exclude",
            exclude,
        );
    }
}

/// Whom `https` connections trust, and who we are.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// Certificates (PEM) of private authorities, trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Client certificate (PEM), for servers that ask for one.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert_file: Option<PathBuf>,
    /// Private key (PEM) of --cert-file [default: it is in that file]
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Name to ask the server of --url for and to expect in its certificate (SNI).
    #[arg(long, value_name = "NAME")]
    pub(crate) server_name: Option<String>,
    /// Accept any certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
}

impl TlsArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        flags.path("--ca-file", "tls.ca_file", self.ca_file.as_ref());
        flags.path("--cert-file", "tls.cert_file", self.cert_file.as_ref());
        flags.path("--key-file", "tls.key_file", self.key_file.as_ref());
        flags.text(
            "--server-name",
            "tls.server_name",
            self.server_name.as_ref(),
        );
        flags.switch("--insecure", "tls.insecure", self.insecure, true);
    }
}

/// What stands between this machine and the servers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Proxy")]
pub(crate) struct ProxyArgs {
    /// Proxy for http and https, such as `http://proxy:3128` [default: `HTTP_PROXY`, `HTTPS_PROXY`]
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<Hidden>,
    /// Hosts that are reached directly, with commas between; `*` for all [default: `NO_PROXY`]
    #[arg(long, value_name = "HOSTS", value_delimiter = ',')]
    pub(crate) no_proxy: Vec<String>,
}

impl ProxyArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        flags.text("--proxy", "proxy.http", self.proxy.as_ref());
        flags.text("--proxy", "proxy.https", self.proxy.as_ref());
        flags.list("--no-proxy", "proxy.exclude", &self.no_proxy);
    }
}

/// What is written and shown, and where settings come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Folder of the files [default: artifacts/<model>-<endpoint>-<load>]
    #[arg(long, alias = "output-artifact-dir", value_name = "DIR")]
    pub(crate) artifact_dir: Option<PathBuf>,
    /// Put before the name of each file: `P` makes `P_metrics.csv`.
    #[arg(long, alias = "profile-export-file", value_name = "PREFIX")]
    pub(crate) profile_export_prefix: Option<String>,
    /// Report also on slices of this length, such as 10s: clients and servers, cut alike.
    #[arg(long, value_name = "TIME")]
    pub(crate) slice_duration: Option<String>,
    /// What of the requests is written, line by line: summary (nothing), records, or tokens (with
    /// the time of each chunk) [default: records]
    #[arg(
        long,
        alias = "profile-export-level",
        value_enum,
        value_name = "LEVEL",
        hide_possible_values = true
    )]
    pub(crate) export_level: Option<LevelChoice>,
    /// What to show while the run lasts: line, dashboard or none [default: line]
    #[arg(
        long,
        alias = "ui-type",
        value_enum,
        value_name = "UI",
        hide_possible_values = true
    )]
    pub(crate) ui: Option<UiChoice>,
    /// Exit with code 6 if the run warns that numbers are missing or may be off.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Also write with this exporter; `csv=numbers.csv` names its file, `-` is standard output
    /// (repeatable).
    #[arg(long, value_name = "ID[=FILE]", action = ArgAction::Append)]
    pub(crate) exporter: Vec<String>,
    /// Do not write with this exporter (repeatable).
    #[arg(long, value_name = "ID", action = ArgAction::Append)]
    pub(crate) no_exporter: Vec<String>,
    /// Read settings from this TOML file; later files win (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
}

/// What of the requests is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelChoice {
    /// Nothing.
    Summary,
    /// A line each.
    Records,
    /// With the time of each chunk.
    Tokens,
}

/// What is shown while a run lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UiChoice {
    /// One line with the progress.
    #[value(alias = "simple")]
    Line,
    /// The whole screen.
    Dashboard,
    /// Nothing.
    None,
}

impl OutputArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        let dir = self.artifact_dir.as_ref();
        flags.path("--artifact-dir", "run.artifact_dir", dir);
        let prefix = self.profile_export_prefix.as_ref();
        flags.text(
            "--profile-export-prefix",
            "run.profile_export_prefix",
            prefix,
        );
        let slices = self.slice_duration.as_ref();
        flags.text("--slice-duration", "run.slice_duration", slices);
        let level = self.export_level.map(|level| match level {
            LevelChoice::Summary => "summary",
            LevelChoice::Records => "records",
            LevelChoice::Tokens => "tokens",
        });
        let path = "exporters.jsonl.options.level";
        flags.text("--export-level", path, level.as_ref());
        let ui = self.ui.map(|ui| match ui {
            UiChoice::Line => "line",
            UiChoice::Dashboard => "dashboard",
            UiChoice::None => "none",
        });
        flags.text("--ui", "run.ui", ui.as_ref());
        flags.switch("--strict", "run.strict", self.strict, true);
        for written in &self.exporter {
            exporter(flags, written);
        }
        for id in &self.no_exporter {
            without_exporter(flags, id, &self.exporter);
        }
    }
}

//! `aiperf plugins`.

use std::path::PathBuf;

use aiperf_plugin_sdk::{CollectorMode, PluginKind};
use clap::{ArgAction, Args, Subcommand, ValueEnum};

/// Flags of `aiperf plugins`.
#[derive(Debug, Args)]
pub(crate) struct PluginsArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: PluginsAction,
}

/// What `aiperf plugins` does.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginsAction {
    /// List collectors, parsers and exporters
    List(ListArgs),
    /// Show a plugin: what it does, its options, what built it
    Show(ShowArgs),
    /// Start a plugin: a crate that builds, passes its tests and loads
    New(NewArgs),
    /// Check a library before it is shipped: what is in it, where it runs, its hash
    Check(CheckArgs),
    /// Print `aiperf_plugin.h`, for plugins in C and C++
    Header,
}

/// Which plugins there are.
#[derive(Debug, Args)]
pub(crate) struct Installed {
    /// Also those of the libraries that this TOML file names (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `aiperf plugins list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) installed: Installed,
}

/// Flags of `aiperf plugins show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Id of the plugin, as `aiperf plugins list` shows it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Its kind, if plugins of several kinds have the id [default: all of them]
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<KindArg>,
    #[command(flatten)]
    pub(crate) installed: Installed,
}

/// Flags of `aiperf plugins check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The library, such as `target/release/libacme.so`.
    #[arg(value_name = "FILE")]
    pub(crate) library: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const NEW_HELP: &str = "\
Examples:
  aiperf plugins new collector acme
      A collector in ./acme, and the SDK that it builds with in ./aiperf-plugin-sdk.
  aiperf plugins new collector acme --mode targets
      A collector that only names URLs; aiperf scrapes them.
  aiperf plugins new exporter acme --sdk ~/src/aiperf
      An exporter that builds with the SDK of a checkout of aiperf.";

/// Flags of `aiperf plugins new`.
#[derive(Debug, Args)]
#[command(after_help = NEW_HELP)]
pub(crate) struct NewArgs {
    /// What the plugin is.
    #[arg(value_name = "KIND")]
    pub(crate) kind: KindArg,
    /// Name of the crate; the plugin's id is the same, with `_` for `-`.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Collectors: whether it names URLs, is called once every interval, or runs by itself
    /// [default: poll]
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<ModeArg>,
    /// Folder to make the crate's folder in.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Build with the SDK in this folder or git repository [default: the one in this program,
    /// written beside the crate]
    #[arg(long, value_name = "PATH|GIT-URL")]
    pub(crate) sdk: Option<String>,
}

/// A kind of plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// Brings data in.
    Collector,
    /// Turns bytes into metrics.
    Parser,
    /// Carries results out.
    Exporter,
}

impl From<KindArg> for PluginKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Collector => Self::Collector,
            KindArg::Parser => Self::Parser,
            KindArg::Exporter => Self::Exporter,
        }
    }
}

/// A mode of collectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Names URLs, which aiperf scrapes.
    Targets,
    /// Is called once every interval.
    Poll,
    /// Runs by itself and pushes.
    Stream,
}

impl From<ModeArg> for CollectorMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Targets => Self::Targets,
            ModeArg::Poll => Self::Poll,
            ModeArg::Stream => Self::Stream,
        }
    }
}
